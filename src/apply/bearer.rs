//! Ops that bring a secret, which must not be lost, and tokens whose secret is.
//!
//! A token that works and that nobody can use is worse than none. Where its secret was lost it is made anew; where it
//! cannot be saved it is deleted, so that the next run makes it. Where that cannot be done, somebody is told.

use secrecy::SecretString;

use super::cluster::{Cluster, Receipt};
use super::errand::{Errand, Sent};
use super::observer::Observer;
use super::outcome::{Fate, Remedy, StepEnd};
use super::rescue::{Late, ROUNDS, unsettled};
use crate::api::ApiError;
use crate::model::{AccessState, Token};
use crate::plan::Op;
use crate::pve::TokenId;

/// How often a secret is offered to the place where it belongs.
const OFFERS: u32 = 3;

/// The token whose secret an op brings.
#[derive(Clone, Copy)]
pub(super) struct Bearer<'a> {
    pub(super) token: &'a TokenId,
    /// What it is like once the op is done.
    pub(super) attributes: &'a Token,
}

impl Bearer<'_> {
    /// The one of `op`, if its answer holds a secret.
    pub(super) fn of(op: &Op) -> Option<Bearer<'_>> {
        match op {
            Op::CreateToken { token, attributes } => Some(Bearer { token, attributes }),
            Op::CreateRole { .. }
            | Op::CreateGroup { .. }
            | Op::CreateUser { .. }
            | Op::Grant { .. }
            | Op::SetRole { .. }
            | Op::SetGroup { .. }
            | Op::SetUser { .. }
            | Op::SetToken { .. }
            | Op::Revoke { .. }
            | Op::DeleteToken { .. }
            | Op::DeleteUser { .. }
            | Op::DeleteGroup { .. }
            | Op::DeleteRole { .. } => None,
        }
    }

    /// The one of which nobody knows whether it is there, its secret being gone with an answer in any case.
    pub(super) fn undecided<'a>(op: &'a Op, end: &StepEnd) -> Option<Bearer<'a>> {
        match end {
            StepEnd::Failed(error) if error.is_undecided() => Bearer::of(op),
            StepEnd::FailedAgain { .. } => Bearer::of(op),
            StepEnd::Failed(_)
            | StepEnd::Done
            | StepEnd::Mended { .. }
            | StepEnd::SecretLost { .. }
            | StepEnd::NotStarted => None,
        }
    }

    /// Whether it is there as the op makes it; one that is otherwise was made by somebody else.
    fn is_in(self, state: &AccessState) -> bool {
        state.tokens.get(self.token) == Some(self.attributes)
    }
}

impl<C: Cluster, O: Observer> Errand<'_, C, O> {
    /// Takes what `op` brought, and brings a secret to safety.
    pub(super) async fn accept(&mut self, op: &Op, receipt: Receipt) -> StepEnd {
        match (receipt, Bearer::of(op)) {
            (Receipt::Secret(secret), Some(bearer)) => self.put_away(bearer, &secret).await,
            (Receipt::Done | Receipt::Secret(_), _) => StepEnd::Done,
        }
    }

    /// Brings `op`, whose answer was lost with a secret, to an end at which the secret is known.
    pub(super) async fn renew(&mut self, op: &Op, bearer: Bearer<'_>, lost: ApiError) -> StepEnd {
        let (mut lost, mut refused, mut remedy) = (lost, None, Remedy::SentAgain);
        self.outstanding = 1;
        for round in 0..ROUNDS {
            if let Some(turn) = round.checked_sub(1) {
                self.cluster.pause(turn).await;
            }
            let Some(state) = self.look().await else { break };
            let is_there = bearer.is_in(&state);
            if round + 1 == ROUNDS || (!is_there && (refused.is_some() || self.stop.is_requested())) {
                break;
            }
            if is_there {
                if let Err(error) = self.delete(bearer.token).await {
                    refused = Some(error).filter(|error| !error.is_undecided());
                    break;
                }
                (remedy, refused) = (Remedy::Renewed, None);
                self.outstanding = self.outstanding.saturating_sub(1);
            }
            match self.send(op).await {
                Sent::Done(receipt) => {
                    return match self.accept(op, receipt).await {
                        StepEnd::Done => StepEnd::Mended { lost, remedy },
                        end => end,
                    };
                }
                Sent::Lost(error) => {
                    lost = error;
                    self.outstanding += 1;
                }
                Sent::Refused(error) => refused = Some(error),
                Sent::Never(_) | Sent::Unrecorded => {}
            }
        }
        unsettled(lost, refused)
    }

    /// Deletes an undecided token if it is there. That it is not seen does not mean that it will not come: a daemon
    /// that hangs does its work later (api-facts.md, HTTP layer, 596).
    pub(super) async fn mend(&mut self, bearer: Bearer<'_>, state: &AccessState) -> Fate {
        match state.tokens.get(bearer.token) {
            Some(_) if bearer.is_in(state) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                self.withdraw(bearer.token).await
            }
            Some(_) => Fate::Another,
            None => Fate::NotSeen,
        }
    }

    async fn put_away(&mut self, bearer: Bearer<'_>, secret: &SecretString) -> StepEnd {
        let Bearer { token, attributes } = bearer;
        let sink = self.aim.sinks.get(token);
        let mut offered = self.delivery.deliver(sink, token, secret, attributes);
        for turn in 1..OFFERS {
            if offered.is_err() {
                self.cluster.pause(turn - 1).await;
                offered = self.delivery.deliver(sink, token, secret, attributes);
            }
        }
        match offered {
            Ok(()) => StepEnd::Done,
            Err(error) => StepEnd::SecretLost { token: token.clone(), error, fate: self.withdraw(token).await },
        }
    }

    async fn withdraw(&mut self, token: &TokenId) -> Fate {
        match self.delete(token).await {
            Ok(()) if self.outstanding == 0 => Fate::Deleted,
            Ok(()) => Fate::NotSeen,
            Err(error) => Fate::StillThere(error),
        }
    }

    /// Deletes a token whose secret nobody has, unless somebody was faster.
    async fn delete(&mut self, token: &TokenId) -> Result<(), ApiError> {
        let op = Op::DeleteToken { token: token.clone() };
        match self.send_anyway(&op).await {
            Sent::Done(_) | Sent::Unrecorded => Ok(()),
            Sent::Lost(lost) => match self.settle(&op, lost, Late::Rescue).await {
                StepEnd::Failed(error) | StepEnd::FailedAgain { lost: _, error } => Err(error),
                StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::NotStarted => Ok(()),
            },
            Sent::Refused(error) => match self.look().await {
                Some(state) if op.is_done_in(&state) => Ok(()),
                _ => Err(error),
            },
            Sent::Never(error) => Err(error),
        }
    }
}
