//! What a plan must not do: one guard a file.
//!
//! A guard looks at a plan and says what speaks against it, as data. None of them waits, reads or asks for the time.

mod blind;
mod deletes;
mod size;

pub use blind::Blindness;
pub use deletes::{Deletions, Share};
pub use size::Oversize;

use super::Aim;
use super::objection::Objection;
use super::step::Step;
use crate::diff::Diff;

/// Everything that speaks against reaching `aim` by `steps`, in the order in which it is said.
pub(super) fn objections(aim: &Aim, diff: &Diff, steps: &[Step]) -> Vec<Objection> {
    let live = &aim.live.state;
    let blind = blind::blind(&aim.unseen).map(Objection::Blind);
    let deletes = deletes::deletes(live, diff, steps).map(Objection::Deletes);
    let size = size::size(live, steps).map(Objection::Size);
    [blind, deletes, size].into_iter().flatten().collect()
}
