//! What a plan must not do: one guard a file.
//!
//! A guard looks at a plan and says what speaks against it, as data. None of them waits, reads or asks for the time.

mod blind;
mod deletes;
mod escalation;
mod lockout;
mod passwords;
mod policies;
mod size;
mod stale;

pub use blind::Blindness;
pub use deletes::{Deletions, Share};
pub use escalation::{Escalation, Gain};
pub use lockout::Lockout;
pub use passwords::Unsettable;
pub use size::Oversize;
pub use stale::Staleness;
pub(super) use stale::stale;

use super::Aim;
use super::exposure::Index;
use super::objection::Objection;
use super::op::Op;
use super::step::Step;
use crate::diff::Diff;

/// Everything that speaks against reaching `aim` by `steps`, in the order in which it is said.
pub(super) fn objections(aim: &Aim, diff: &Diff, steps: &[Step]) -> Vec<Objection> {
    let live = &aim.live.state;
    let ops: Vec<Op> = steps.iter().map(|step| step.op.clone()).collect();
    let index = Index::new(live, &ops, aim.now);
    let blind = blind::blind(&aim.unseen).map(Objection::Blind);
    let lockout = lockout::lockout(aim, steps, &ops, &index).into_iter().map(Objection::Lockout);
    let escalation = escalation::escalation(steps, &index).map(Objection::Escalation);
    let deletes = deletes::deletes(live, diff, steps).map(Objection::Deletes);
    let size = size::size(live, steps).map(Objection::Size);
    let passwords = passwords::passwords(aim, &ops).map(Objection::Passwords);
    let policies = policies::policies(aim).into_iter().map(Objection::Policy);
    blind
        .into_iter()
        .chain(passwords)
        .chain(policies)
        .chain(lockout)
        .chain(escalation)
        .chain(deletes)
        .chain(size)
        .collect()
}
