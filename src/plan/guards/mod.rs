//! What a plan must not do: one guard a file.
//!
//! A guard looks at a plan and says what speaks against it, as data. None of them waits, reads or asks for the time.

mod blind;
mod escalation;
mod lockout;

pub use blind::Blindness;
pub use escalation::{Escalation, Gain};
pub use lockout::Lockout;

use super::Aim;
use super::exposure::Index;
use super::objection::Objection;
use super::op::Op;
use super::step::Step;

/// Everything that speaks against reaching `aim` by `steps`, in the order in which it is said.
pub(super) fn objections(aim: &Aim, steps: &[Step]) -> Vec<Objection> {
    let ops: Vec<Op> = steps.iter().map(|step| step.op.clone()).collect();
    let index = Index::new(&aim.live.state, &ops, aim.now);
    let blind = blind::blind(&aim.unseen).map(Objection::Blind);
    let lockout = lockout::lockout(aim, &ops, &index).into_iter().map(Objection::Lockout);
    let escalation = escalation::escalation(&ops, &index).map(Objection::Escalation);
    blind.into_iter().chain(lockout).chain(escalation).collect()
}
