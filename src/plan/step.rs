//! An op in its place in the plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::op::Op;
use crate::diff::Delta;
use crate::model::{AccessState, Along, Grant, Propagate};
use crate::pve::Subject;

/// One request, and what it comes to when its turn has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is asked for.
    pub op: Op,
    /// The grants that it makes, changes or takes away; what an earlier step has done already is not among them.
    pub grants: Vec<(Grant, Delta<Propagate>)>,
    /// Grants that have been waiting for the name of what it makes, and count again from now on (api-facts.md, ACL).
    pub revived: Vec<Grant>,
    /// What goes without having been asked for.
    pub along: Along,
}

/// The place of a step in a plan, to name it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The first is 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// What is done.
    pub op: Box<Op>,
    /// The grants that it makes, changes or takes away.
    pub grants: Vec<(Grant, Delta<Propagate>)>,
}

impl Turn {
    /// The turn of the step at a place, the first of which is 0.
    pub(super) fn of(at: usize, steps: &[Step]) -> Option<Turn> {
        let Step { op, grants, revived: _, along: _ } = steps.get(at)?;
        Some(Turn { number: at + 1, of: steps.len(), op: Box::new(op.clone()), grants: grants.clone() })
    }
}

/// Each op with what it comes to at its turn, from `live` on.
pub(super) fn narrate(ops: Vec<Op>, live: &AccessState) -> Vec<Step> {
    let mut waiting: BTreeMap<&Subject, Vec<&Grant>> = BTreeMap::new();
    for grant in live.acl.keys().filter(|grant| !live.has_subject(&grant.subject)) {
        waiting.entry(&grant.subject).or_default().push(grant);
    }
    let mut state = live.clone();
    let step = |op: Op| {
        let made = match &op {
            Op::CreateUser { user, account: _ } => Some(Subject::User(user.clone())),
            Op::CreateGroup { group, comment: _ } => Some(Subject::Group(group.clone())),
            _ => None,
        };
        let revived = made.and_then(|made| waiting.get(&made)).into_iter().flatten().copied().cloned().collect();
        let grants = grants(&op, &state);
        let along = op.apply_to(&mut state);
        Step { op, grants, revived, along }
    };
    ops.into_iter().map(step).collect()
}

fn grants(op: &Op, state: &AccessState) -> Vec<(Grant, Delta<Propagate>)> {
    let delta = |grant: Grant, after: Option<Propagate>| {
        let delta = match (state.acl.get(&grant).copied(), after) {
            (None, Some(after)) => Delta::Added(after),
            (Some(before), None) => Delta::Removed(before),
            (Some(before), Some(after)) if before != after => Delta::Changed { before, after },
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some((grant, delta))
    };
    match op {
        Op::Grant { batch, propagate } => batch.grants().filter_map(|grant| delta(grant, Some(*propagate))).collect(),
        Op::Revoke { batch } => batch.grants().filter_map(|grant| delta(grant, None)).collect(),
        _ => Vec::new(),
    }
}
