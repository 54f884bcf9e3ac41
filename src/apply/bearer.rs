//! Ops that bring a secret, which must not be lost, and tokens whose secret is.
//!
//! A token that works and that nobody can use is worse than none. Where the secret of a new one was lost it is made anew;
//! where it cannot be saved the token is deleted, so that the next run makes it. One that was there before is not deleted,
//! for its grants would go with it: its secret is renewed once more, or it is ended, so that the next run renews it. Where
//! none of that can be done, somebody is told.

use secrecy::SecretString;

use super::cluster::{Cluster, Receipt};
use super::errand::{Errand, Sent};
use super::observer::Observer;
use super::outcome::{Fate, Remedy, StepEnd};
use super::rescue::{Late, ROUNDS, unsettled};
use crate::api::ApiError;
use crate::model::{AccessState, Expire, Token};
use crate::plan::{Aim, Op};
use crate::pve::{Principal, TokenId};

/// How often a secret is offered to the place where it belongs.
const OFFERS: u32 = 3;

/// A time that is over, and that is not never.
const LONG_AGO: Expire = Expire::At(1);

/// The token whose secret an op brings.
#[derive(Clone, Copy)]
pub(super) struct Bearer<'a> {
    pub(super) token: &'a TokenId,
    /// What it is like once the op is done.
    attributes: &'a Token,
    /// What it was like before, if it was there: its former secret is refused once the op is done.
    before: Option<&'a Token>,
}

impl Bearer<'_> {
    /// The one of `op`, if its answer holds a secret.
    pub(super) fn of(op: &Op) -> Option<Bearer<'_>> {
        match op {
            Op::CreateToken { token, attributes } => Some(Bearer { token, attributes, before: None }),
            Op::RotateToken { token, before, after } => Some(Bearer { token, attributes: after, before: Some(before) }),
            Op::CreateRole { .. }
            | Op::CreateGroup { .. }
            | Op::CreateUser { .. }
            | Op::Grant { .. }
            | Op::SetRole { .. }
            | Op::SetGroup { .. }
            | Op::SetUser { .. }
            | Op::SetPassword { .. }
            | Op::SetToken { .. }
            | Op::Revoke { .. }
            | Op::DeleteToken { .. }
            | Op::DeleteUser { .. }
            | Op::DeleteGroup { .. }
            | Op::DeleteRole { .. } => None,
        }
    }

    /// The one of which nobody knows what became of it, its secret being gone with an answer in any case.
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

    /// What has become of it, where nothing can be read.
    pub(super) fn unread(self) -> Fate {
        match self.before {
            None => Fate::Unread,
            Some(_) => Fate::Secretless,
        }
    }

    /// What ends it, so that nobody can use it and the next run renews its secret.
    pub(super) fn ending(self) -> Op {
        let (token, before) = (self.token.clone(), self.attributes.clone());
        Op::SetToken { token, after: Token { expire: LONG_AGO, ..before.clone() }, before }
    }

    /// Whether the next run renews its secret once it is ended: one that does not rotate would stay ended, and the one who
    /// asks has to read back.
    fn can_end(self, aim: &Aim) -> bool {
        let is_own = aim.live.reader == Some(Principal::Token(self.token.clone()));
        self.before.is_some_and(|before| before.expire != self.attributes.expire) && !is_own
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
        match bearer.before {
            None => self.make_anew(op, bearer, lost).await,
            Some(_) => self.renew_again(op, lost).await,
        }
    }

    /// Makes a token whose secret was lost once more, having deleted it if it is there.
    async fn make_anew(&mut self, op: &Op, bearer: Bearer<'_>, lost: ApiError) -> StepEnd {
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
                Some(Sent::Done(receipt)) => return self.mended(op, receipt, lost, remedy).await,
                Some(Sent::Lost(error)) => {
                    lost = error;
                    self.outstanding += 1;
                }
                Some(Sent::Refused(error)) => refused = Some(error),
                Some(Sent::Never(_)) | None => {}
            }
        }
        unsettled(lost, refused)
    }

    /// Renews a secret that was lost once more.
    ///
    /// Whether the server has renewed it does not show, and a renewal that is carried out late kills the secret that is
    /// saved by then. So it is waited for, unless it shows by the new end.
    async fn renew_again(&mut self, op: &Op, lost: ApiError) -> StepEnd {
        let mut lost = lost;
        for round in 0..ROUNDS {
            if self.is_done(op, round, Late::Undoing).await.is_none() {
                break;
            }
            // A wish to stop waits: nobody has the secret of a token that may be in use.
            match self.send(op).await {
                Some(Sent::Done(receipt)) => return self.mended(op, receipt, lost, Remedy::SentAgain).await,
                Some(Sent::Lost(error)) => lost = error,
                Some(Sent::Refused(error)) => return unsettled(lost, Some(error)),
                Some(Sent::Never(_)) | None => {}
            }
        }
        unsettled(lost, None)
    }

    async fn mended(&mut self, op: &Op, receipt: Receipt, lost: ApiError, remedy: Remedy) -> StepEnd {
        match self.accept(op, receipt).await {
            StepEnd::Done => StepEnd::Mended { lost, remedy },
            end => end,
        }
    }

    /// Deletes an undecided new token if it is there. That it is not seen does not mean that it will not come: a daemon
    /// that hangs does its work later (api-facts.md, HTTP layer, 596). One that was there before is ended, if its secret
    /// has been renewed for certain.
    pub(super) async fn mend(&mut self, bearer: Bearer<'_>, state: &AccessState) -> Fate {
        match (state.tokens.get(bearer.token), bearer.before) {
            (_, Some(_)) if bearer.can_end(self.aim) && bearer.is_in(state) => self.end(bearer).await,
            (_, Some(_)) => Fate::Secretless,
            (Some(_), None) if bearer.is_in(state) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                self.withdraw(bearer.token).await
            }
            (Some(_), None) => Fate::Another,
            (None, None) => Fate::NotSeen,
        }
    }

    async fn put_away(&mut self, bearer: Bearer<'_>, secret: &SecretString) -> StepEnd {
        let Bearer { token, attributes, before } = bearer;
        // Whatever becomes of it: if it is the one who asks, it is known by it from now on.
        self.cluster.adopt(token, secret);
        let sink = self.aim.sinks.get(token);
        let mut offered = self.delivery.deliver(sink, token, secret, attributes).await;
        for turn in 1..OFFERS {
            if offered.is_err() {
                self.cluster.pause(turn - 1).await;
                offered = self.delivery.deliver(sink, token, secret, attributes).await;
            }
        }
        let Err(error) = offered else { return StepEnd::Done };
        let fate = match before {
            None => self.withdraw(token).await,
            Some(_) if bearer.can_end(self.aim) => self.end(bearer).await,
            Some(_) => Fate::Secretless,
        };
        StepEnd::SecretLost { token: token.clone(), error, fate }
    }

    async fn end(&mut self, bearer: Bearer<'_>) -> Fate {
        match self.see_to(&bearer.ending()).await {
            Ok(()) => Fate::Ended,
            Err(_) => Fate::Secretless,
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
        match self.see_to(&op).await {
            Err(error @ ApiError::Refused { .. }) => match self.look().await {
                Some(state) if op.is_done_in(&state) => Ok(()),
                _ => Err(error),
            },
            seen_to => seen_to,
        }
    }
}
