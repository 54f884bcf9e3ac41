//! One step after the other.

use std::collections::BTreeSet;

use super::cluster::{Cluster, Receipt};
use super::delivery::{Delivery, DeliveryError};
use super::left_password::{self, LeftPassword, Suspect};
use super::observer::{Observer, Stop};
use super::outcome::{Fate, Outcome, StepEnd, Verification};
use super::password::Passwords;
use super::renewal;
use super::rescue;
use crate::diff::Diff;
use crate::live::{Blind, Snapshot};
use crate::plan::{Approved, Op, Plan};
use crate::pve::TokenId;

/// Carries `approved` out on `cluster`.
///
/// The first failure ends it: what comes after a step may rest on it. Whatever happened, the state is read back and
/// compared with what the whole plan asked for, unless nothing was sent.
///
/// # Errors
/// Before anything is sent, if a place that a secret will need cannot take it.
pub async fn run<C: Cluster>(
    approved: Approved,
    cluster: &C,
    passwords: &Passwords,
    delivery: &mut Delivery,
    observer: &mut impl Observer,
    stop: &Stop,
) -> Result<Outcome, DeliveryError> {
    let plan = approved.into_plan();
    delivery.probe(&plan.aim.sinks)?;
    let mut ends = Vec::with_capacity(plan.steps.len());
    let mut unrecorded = None;
    for (at, step) in plan.steps.iter().enumerate() {
        let halted = ends.last().is_some_and(|end| !matches!(end, StepEnd::Done));
        if halted || stop.is_requested() {
            break;
        }
        if let Err(error) = observer.begins(at, step) {
            unrecorded = Some(error);
            break;
        }
        let end = perform(&step.op, cluster, passwords, delivery, &plan).await;
        observer.ended(at, step, &end);
        ends.push(end);
    }
    let stopped = stop.is_requested() && ends.len() < plan.steps.len();
    let sent = ends.len();
    ends.resize_with(plan.steps.len(), || StepEnd::NotStarted);
    let undecided = plan.steps.iter().zip(&ends).find_map(|(step, end)| rescue::undecided(&step.op, end));
    let suspect = plan.steps.iter().zip(&ends).find_map(|(step, end)| left_password::suspect(&step.op, end, &plan.aim));
    let (verification, orphans, left_password) = if sent == 0 {
        (Verification::NotNeeded, Vec::new(), None)
    } else {
        observer.reads_back();
        verify(&plan, undecided, suspect, cluster).await
    };
    let steps = plan.steps.into_iter().zip(ends).collect();
    Ok(Outcome { steps, stopped, verification, orphans, left_password, waived: plan.objections, unrecorded })
}

/// Reads back, deletes a token that nobody has the secret of and a password that nobody is to have, and compares.
async fn verify<C: Cluster>(
    plan: &Plan,
    undecided: Option<&TokenId>,
    suspect: Option<Suspect<'_>>,
    cluster: &C,
) -> (Verification, Vec<(TokenId, Fate)>, Option<LeftPassword>) {
    let Snapshot { mut state, sight, reader: _, cluster: _, lock: _, ignored: _ } = match cluster.read().await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let orphans = undecided.map(|token| (token.clone(), Fate::Unread));
            return (Verification::Failed(error), orphans.into_iter().collect(), suspect.map(Suspect::unread));
        }
    };
    let mut orphans = Vec::new();
    if let Some(token) = undecided {
        let fate = rescue::mend(token, &state, cluster).await;
        if matches!(fate, Fate::Deleted) {
            state.remove_token(token);
        }
        orphans.push((token.clone(), fate));
    }
    let left_password = match suspect {
        Some(suspect) => left_password::withdraw(suspect, &state, cluster).await,
        None => None,
    };
    let lost_sight: BTreeSet<Blind> = sight.hidden().difference(plan.aim.live.sight.hidden()).copied().collect();
    let residue = visible(plan.residue(&state), &lost_sight);
    (Verification::Read { residue, lost_sight }, orphans, left_password)
}

/// What is missing, without that of which nothing is known any more: what cannot be seen is not absent.
fn visible(mut residue: Diff, lost_sight: &BTreeSet<Blind>) -> Diff {
    for kind in lost_sight {
        match kind {
            Blind::Accounts => {
                (residue.groups, residue.users) = Default::default();
                (residue.tokens, residue.memberships) = Default::default();
            }
            Blind::Grants => residue.acl = Default::default(),
            Blind::Pools => residue.pools = Default::default(),
            Blind::Realms => residue.realms = Default::default(),
        }
    }
    residue
}

async fn perform<C: Cluster>(
    op: &Op,
    cluster: &C,
    passwords: &Passwords,
    delivery: &mut Delivery,
    plan: &Plan,
) -> StepEnd {
    let password = match passwords.of(op, &plan.aim) {
        Ok(password) => password,
        Err(error) => return StepEnd::Failed(error),
    };
    match (cluster.perform(op, password).await, op) {
        (Err(error), _) => StepEnd::Failed(error),
        (Ok(Receipt::Secret(secret)), Op::CreateToken { token, attributes }) => {
            rescue::put_away(token, &secret, attributes, cluster, delivery, plan).await
        }
        (Ok(Receipt::Secret(secret)), Op::RotateToken { token, before, after }) => {
            renewal::put_away(token, &secret, [before, after], cluster, delivery, plan).await
        }
        (Ok(Receipt::Done | Receipt::Secret(_)), _) => StepEnd::Done,
    }
}
