//! One step after the other.

use std::collections::BTreeSet;

use super::bearer::Bearer;
use super::cluster::Cluster;
use super::delivery::{Delivery, DeliveryError};
use super::errand::Errand;
use super::left_password::{self, LeftPassword, Suspect};
use super::observer::{Observer, Stop};
use super::outcome::{Fate, Outcome, StepEnd, Verification};
use super::password::Passwords;
use super::rescue::Late;
use crate::diff::Diff;
use crate::live::{Blind, Snapshot};
use crate::plan::{Approved, Op, Plan};
use crate::pve::TokenId;

/// Carries `approved` out on `cluster`.
///
/// A request whose answer is lost is looked for, and sent again where nothing came of it. The first failure ends it:
/// what comes after a step may rest on it. Whatever happened, the state is read back and compared with what the whole
/// plan asked for, unless nothing was sent.
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
    let mut errand = Errand { cluster, passwords, delivery, observer, stop, aim: &plan.aim, outstanding: 0 };
    let mut ends = Vec::with_capacity(plan.steps.len());
    let mut unrecorded = None;
    for (at, step) in plan.steps.iter().enumerate() {
        let halted = ends.last().is_some_and(|end: &StepEnd| !end.is_done());
        if halted || stop.is_requested() {
            break;
        }
        if let Err(error) = errand.observer.begins(at, step) {
            unrecorded = Some(error);
            break;
        }
        let end = errand.perform(&step.op).await;
        errand.observer.ended(at, step, &end);
        ends.push(end);
    }
    let stopped = stop.is_requested() && ends.len() < plan.steps.len();
    let sent = ends.len();
    ends.resize_with(plan.steps.len(), || StepEnd::NotStarted);
    let undecided = plan.steps.iter().zip(&ends).find_map(|(step, end)| Bearer::undecided(&step.op, end));
    let suspect = plan.steps.iter().zip(&ends).find_map(|(step, end)| left_password::suspect(&step.op, end, &plan.aim));
    let (verification, orphans, left_password) = if sent == 0 {
        (Verification::NotNeeded, Vec::new(), None)
    } else {
        errand.observer.reads_back();
        errand.verify(&plan, undecided, suspect).await
    };
    let steps = plan.steps.into_iter().zip(ends).collect();
    Ok(Outcome { steps, stopped, verification, orphans, left_password, waived: plan.objections, unrecorded })
}

impl<C: Cluster, O: Observer> Errand<'_, C, O> {
    async fn perform(&mut self, op: &Op) -> StepEnd {
        let password = match self.passwords.of(op, self.aim) {
            Ok(password) => password,
            Err(error) => return StepEnd::Failed(error),
        };
        match (self.cluster.perform(op, password).await, Bearer::of(op)) {
            (Ok(receipt), _) => self.accept(op, receipt).await,
            (Err(error), _) if !error.is_undecided() => StepEnd::Failed(error),
            (Err(lost), Some(bearer)) => self.renew(op, bearer, lost).await,
            (Err(lost), None) => self.settle(op, lost, Late::of(op, self.aim)).await,
        }
    }

    /// Reads back, ends a token that nobody has the secret of, takes a password away that nobody is to have, and
    /// compares.
    async fn verify(
        &mut self,
        plan: &Plan,
        undecided: Option<Bearer<'_>>,
        suspect: Option<Suspect<'_>>,
    ) -> (Verification, Vec<(TokenId, Fate)>, Option<LeftPassword>) {
        let Snapshot { mut state, sight, reader: _, cluster: _, lock: _, ignored: _ } = match self.cluster.read().await
        {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let orphans = undecided.map(|bearer| (bearer.token.clone(), bearer.unread()));
                return (Verification::Failed(error), orphans.into_iter().collect(), suspect.map(Suspect::unread));
            }
        };
        let mut orphans = Vec::new();
        if let Some(bearer) = undecided {
            let fate = self.mend(bearer, &state).await;
            match fate {
                Fate::Deleted => drop(state.remove_token(bearer.token)),
                Fate::Ended => drop(bearer.ending().apply_to(&mut state)),
                Fate::StillThere(_) | Fate::NotSeen | Fate::Another | Fate::Unread | Fate::Secretless => {}
            }
            orphans.push((bearer.token.clone(), fate));
        }
        // Grants that wait for a user are deleted with it: whoever does not see them must not delete one.
        let sees_all = !sight.hidden().contains(&Blind::Accounts) && !sight.hidden().contains(&Blind::Grants);
        let left_password = match suspect {
            Some(suspect) if sees_all => left_password::withdraw(suspect, &state, self).await,
            Some(suspect) if state.users.contains_key(suspect.user()) => None,
            Some(suspect) => Some(suspect.unread()),
            None => None,
        };
        let lost_sight: BTreeSet<Blind> = sight.hidden().difference(plan.aim.live.sight.hidden()).copied().collect();
        let residue = visible(plan.residue(&state), &lost_sight);
        (Verification::Read { residue, lost_sight }, orphans, left_password)
    }
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
