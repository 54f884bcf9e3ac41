//! What has to be done, in which order, and what speaks against it.
//!
//! Knows the requests that lead from the live state to the target, fewest first, and what each takes along. Does not
//! know how a request is sent.

mod approve;
mod batch;
mod cover;
mod op;
mod order;
mod step;

use std::collections::{BTreeMap, BTreeSet};

pub use approve::{Approved, NoSuchWaiver, Objection, Refused, Waiver};
pub use batch::AclBatch;
pub use op::{Account, Op, Phase};
pub use step::Step;

use crate::desired::Sink;
use crate::diff::{Diff, diff};
use crate::live::{Blind, Sight, Snapshot};
use crate::model::AccessState;
use crate::pve::{Principal, Release, TokenId};
use crate::resolve::{Kept, Resolved};

/// The way from what is live to what shall be: one step is one request.
#[must_use]
#[derive(Clone, Debug)]
pub struct Plan {
    /// What to call the cluster.
    pub cluster: String,
    /// What the cluster runs.
    pub release: Release,
    /// Who was reading.
    pub reader: Option<Principal>,
    /// How much the reader could see.
    pub sight: Sight,
    /// What differs.
    pub diff: Diff,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// What is live, not declared, and stays.
    pub kept: Vec<Kept>,
    /// What speaks against doing it.
    pub objections: Vec<Objection>,
    /// Where the secrets of the tokens that it makes go; none for a token whose secret is to be shown.
    pub sinks: BTreeMap<TokenId, Sink>,
}

impl Plan {
    /// The plan for what was resolved.
    pub fn new(resolved: Resolved<'_>) -> Plan {
        let Resolved { live, target, kept, unseen, sinks, warnings: _ } = resolved;
        let Snapshot { state, sight, reader, cluster, ignored: _ } = live;
        let diff = diff(state, &target);
        let steps = step::narrate(order::order(state, &target, &diff), state);
        let objections = approve::blind(&unseen).into_iter().collect();
        Plan {
            cluster: cluster.clone(),
            release: state.release,
            reader: reader.clone(),
            sight: sight.clone(),
            diff,
            steps,
            kept,
            objections,
            sinks,
        }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What the reader cannot see of the kinds that files can speak of; pools and realms are none of them.
    #[must_use]
    pub fn hidden(&self) -> BTreeSet<Blind> {
        self.sight.hidden().iter().copied().filter(|kind| matches!(kind, Blind::Accounts | Blind::Grants)).collect()
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
