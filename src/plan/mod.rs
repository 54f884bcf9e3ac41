//! What has to be done, in which order, what it means, and what speaks against it.
//!
//! Knows the requests that lead from the live state to the target, fewest first, and what each takes along. Does not
//! know how a request is sent.

mod aim;
mod approve;
mod batch;
mod cover;
pub mod effect;
pub mod exposure;
mod growth;
mod guards;
mod objection;
mod op;
mod order;
mod power;
mod saved;
mod step;

pub use aim::Aim;
pub use approve::{Approved, NoSuchWaiver, Refused, Waiver};
pub use batch::AclBatch;
pub use effect::Effect;
pub use guards::{Blindness, Deletions, Escalation, Gain, Lockout, Oversize, Share, Staleness, Unsettable};
pub use objection::Objection;
pub use op::{Account, Op, Phase};
pub use power::{Loss, Need};
pub use saved::{Saved, SavedError};
pub use step::{Step, Turn};

use saved::Footing;

use crate::diff::{Diff, diff};
use crate::live::Snapshot;
use crate::model::AccessState;

/// The way from what is live to what shall be: one step is one request.
#[must_use]
#[derive(Clone, Debug)]
pub struct Plan {
    /// From what to what.
    pub aim: Aim,
    /// What differs.
    pub diff: Diff,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What speaks against doing it.
    pub objections: Vec<Objection>,
    /// What it means.
    pub effect: Effect,
}

impl Plan {
    /// The plan for what was aimed at.
    pub fn new(aim: Aim) -> Plan {
        let diff = diff(&aim.live.state, &aim.target);
        let ops = order::order(&aim, &diff);
        Plan::of(aim, diff, ops)
    }

    /// The plan that goes this way.
    fn of(aim: Aim, diff: Diff, ops: Vec<Op>) -> Plan {
        let steps = step::narrate(ops, &aim.live.state);
        let objections = guards::objections(&aim, &diff, &steps);
        let effect = Effect::of(&aim);
        Plan { aim, diff, steps, objections, effect }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether it sets passwords of users that are there, which is more than writing.
    #[must_use]
    pub fn sets_passwords(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.op, Op::SetPassword { .. }))
    }

    /// Whether `live` is still what it was made on: all that a file can speak of, and how much of it can be seen.
    #[must_use]
    pub fn still_fits(&self, live: &Snapshot) -> bool {
        let Snapshot { state, sight, reader, cluster: _, lock: _, ignored: _ } = &self.aim.live;
        Footing::of(state) == Footing::of(&live.state) && *sight == live.sight && *reader == live.reader
    }

    /// What the plan asked for and `state` does not show.
    ///
    /// Only what the steps are about: what somebody else changed elsewhere in the meantime is none of it.
    pub fn residue(&self, state: &AccessState) -> Diff {
        let mut wanted = state.clone();
        for step in &self.steps {
            step.op.restore_in(&mut wanted);
            step.op.apply_to(&mut wanted);
        }
        diff(state, &wanted)
    }
}
