//! What a plan must not do: one guard a file.
//!
//! A guard looks at a plan and says what speaks against it, as data. None of them waits, reads or asks for the time.

mod blind;
mod policies;

pub use blind::Blindness;

use super::Aim;
use super::objection::Objection;
use super::step::Step;

/// Everything that speaks against reaching `aim` by `steps`, in the order in which it is said.
pub(super) fn objections(aim: &Aim, _steps: &[Step]) -> Vec<Objection> {
    let blind = blind::blind(&aim.unseen).map(Objection::Blind);
    let policies = policies::policies(aim).into_iter().map(Objection::Policy);
    blind.into_iter().chain(policies).collect()
}
