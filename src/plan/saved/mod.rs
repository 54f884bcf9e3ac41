//! A plan that is kept for later: made now, looked at by people, carried out then.
//!
//! Knows what has to be remembered for that, and how it meets the cluster again. Does not know files, nor who confirms.
//! What it remembers holds no secret: a sink is a place, realms are not part of it, and the marks of second factors are
//! left out.

mod footing;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(super) use footing::Footing;
pub use sealed::SavedError;

use super::Plan;
use super::aim::Aim;
use super::guards::stale;
use super::objection::Objection;
use super::op::{Account, Op};
use crate::desired::{PasswordSource, Policy, Sink};
use crate::diff::diff;
use crate::live::{Blind, Snapshot};
use crate::model::{AccessState, Text};
use crate::pve::{Principal, TokenId, UserId};
use crate::resolve::Kept;

/// A plan as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the program that made it.
    pub program: String,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// The cluster that it is for, as it is called in print.
    pub cluster: String,
    /// Who was reading.
    pub reader: Option<Principal>,
    /// What that reader could not see.
    hidden: BTreeSet<Blind>,
    /// What of that mattered.
    unseen: BTreeSet<Blind>,
    /// What it left alone.
    kept: Vec<Kept>,
    /// Where secrets go.
    sinks: BTreeMap<TokenId, Sink>,
    /// Where passwords come from.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    passwords: BTreeMap<UserId, PasswordSource>,
    /// What must hold.
    policies: Vec<Policy>,
    /// What to do, in order.
    ops: Vec<Op>,
    /// What it was made on.
    pub(super) footing: Footing,
}

impl Saved {
    /// What has to be remembered of `plan`, which `program` made, with its secrets going to `sinks` and its passwords
    /// coming from `passwords`: those of the plan, in a spelling that means the same wherever it is read.
    #[must_use]
    pub fn of(
        plan: &Plan,
        sinks: BTreeMap<TokenId, Sink>,
        passwords: BTreeMap<UserId, PasswordSource>,
        program: &str,
    ) -> Saved {
        let Aim { live, target: _, kept, unseen, renewed: _, sinks: _, passwords: _, uncompared: _, policies, now } =
            &plan.aim;
        Saved {
            program: program.to_owned(),
            made: *now,
            cluster: live.cluster.clone(),
            reader: live.reader.clone(),
            hidden: live.sight.hidden().clone(),
            unseen: unseen.clone(),
            kept: kept.clone(),
            sinks,
            passwords,
            policies: policies.clone(),
            ops: plan.steps.iter().map(|step| without_keys(step.op.clone())).collect(),
            footing: Footing::of(&live.state),
        }
    }

    /// How many steps it has.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.ops.len()
    }

    /// The tokens that get a secret that goes nowhere.
    pub fn unsunk(&self) -> impl Iterator<Item = &TokenId> {
        made(&self.ops).filter(|token| !self.sinks.contains_key(token))
    }

    /// The plan again, on what is live now: the same steps, objected to as if it had just been made.
    ///
    /// A cluster on which some of it has been done already needs the rest alone; one that has moved otherwise is objected to,
    /// and needs those steps that would still change something.
    pub fn plan(self, live: Snapshot, now: u64) -> Plan {
        let stale = stale(&self, &live);
        let unseen = self.unseen_by(live.sight.hidden());
        let Saved {
            program: _,
            made: _,
            cluster: _,
            reader: _,
            hidden: _,
            unseen: _,
            kept,
            mut sinks,
            mut passwords,
            policies,
            ops,
            footing,
        } = self;
        let ops = if footing == Footing::of(&live.state) { ops } else { remaining(ops, &live.state) };
        let mut target = live.state.clone();
        for op in &ops {
            op.apply_to(&mut target);
        }
        let made: BTreeSet<&TokenId> = made(&ops).collect();
        sinks.retain(|token, _| made.contains(token));
        let renewed = made.into_iter().filter(|token| live.state.tokens.contains_key(token)).cloned().collect();
        let given: BTreeSet<&UserId> = given(&ops).collect();
        passwords.retain(|user, _| given.contains(user));
        let uncompared = BTreeMap::new();
        let diff = diff(&live.state, &target);
        let aim = Aim { live, target, kept, unseen, renewed, sinks, passwords, uncompared, policies, now };
        let mut plan = Plan::of(aim, diff, ops);
        plan.objections.splice(..0, stale.map(Objection::Stale));
        plan
    }

    /// What it was made on, with those of its steps done that `live` shows to be done.
    pub(super) fn begun(&self, live: &AccessState) -> AccessState {
        let mut begun = self.footing.state();
        for op in self.ops.iter().filter(|op| op.is_done_in(live)) {
            op.apply_to(&mut begun);
        }
        begun
    }

    /// What a reader to whom `hidden` is not visible should see: what mattered to the one who planned, and what that one saw.
    fn unseen_by(&self, hidden: &BTreeSet<Blind>) -> BTreeSet<Blind> {
        let is_declarable = |kind: &Blind| matches!(kind, Blind::Accounts | Blind::Grants);
        let matters = |kind: &Blind| self.unseen.contains(kind) || !self.hidden.contains(kind);
        hidden.iter().copied().filter(|kind| is_declarable(kind) && matters(kind)).collect()
    }
}

/// The tokens that get a secret by `ops`.
fn made(ops: &[Op]) -> impl Iterator<Item = &TokenId> {
    ops.iter().filter_map(|op| match op {
        Op::CreateToken { token, attributes: _ } | Op::RotateToken { token, before: _, after: _ } => Some(token),
        _ => None,
    })
}

/// The users that `ops` give a password to, where one is declared.
fn given(ops: &[Op]) -> impl Iterator<Item = &UserId> {
    ops.iter().filter_map(|op| match op {
        Op::CreateUser { user, account: _ } | Op::SetPassword { user } => Some(user),
        _ => None,
    })
}

/// Those of `ops` that change something, each at its turn.
fn remaining(ops: Vec<Op>, live: &AccessState) -> Vec<Op> {
    let mut state = live.clone();
    let is_left = |op: &Op| {
        let is_left = !op.is_done_in(&state);
        if is_left {
            op.apply_to(&mut state);
        }
        is_left
    };
    ops.into_iter().filter(is_left).collect()
}

impl Op {
    /// The op as it may be kept: without the marks of second factors, which it does not write anyway.
    #[must_use]
    pub fn without_keys(&self) -> Op {
        without_keys(self.clone())
    }
}

/// `op` without the marks of second factors, which it does not write: old ones hold what a second factor is made of.
fn without_keys(mut op: Op) -> Op {
    let forget = |account: &mut Account| account.user.keys = Text::EMPTY;
    match &mut op {
        Op::CreateUser { user: _, account } => forget(account),
        Op::SetUser { user: _, before, after } => {
            forget(before);
            forget(after);
        }
        Op::CreateRole { .. }
        | Op::CreateGroup { .. }
        | Op::CreateToken { .. }
        | Op::Grant { .. }
        | Op::SetRole { .. }
        | Op::SetGroup { .. }
        | Op::SetPassword { .. }
        | Op::SetToken { .. }
        | Op::RotateToken { .. }
        | Op::Revoke { .. }
        | Op::DeleteToken { .. }
        | Op::DeleteUser { .. }
        | Op::DeleteGroup { .. }
        | Op::DeleteRole { .. } => {}
    }
    op
}
