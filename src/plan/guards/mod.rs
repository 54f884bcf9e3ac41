//! What a plan must not do: one guard a file.
//!
//! A guard looks at a plan and says what speaks against it, as data. None of them waits, reads or asks for the time.

mod blind;
mod stale;

pub use blind::Blindness;
pub use stale::Staleness;
pub(super) use stale::stale;

use super::Aim;
use super::objection::Objection;
use super::step::Step;

/// Everything that speaks against reaching `aim` by `steps`, in the order in which it is said.
pub(super) fn objections(aim: &Aim, _steps: &[Step]) -> Vec<Objection> {
    let blind = blind::blind(&aim.unseen).map(Objection::Blind);
    blind.into_iter().collect()
}
