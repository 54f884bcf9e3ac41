//! Requests whose answer was lost: done, or sent again.
//!
//! Sending again is safe, because each op either sets what it sets once more, or is refused for what is there or gone
//! already. What is not is that the first sending is carried out late (api-facts.md, HTTP layer, 596): after a step that
//! undoes it. Of no plan made of single changes that is true; where it is, what was lost is waited for.

use super::cluster::Cluster;
use super::errand::{Errand, Sent};
use super::observer::Observer;
use super::outcome::{Remedy, StepEnd};
use crate::api::ApiError;
use crate::plan::{Aim, Op};

/// How often it is looked whether a request was done; it is sent again in between.
pub(super) const ROUNDS: u32 = 3;

/// What it would mean that a lost request is carried out late.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// Nothing: the plan leads to the same.
    Harmless,
    /// It would undo what comes after it.
    Undoing,
    /// As `Undoing`, and a token hangs on it that nobody can know: no wish to stop is heard before that is settled.
    Rescue,
}

impl Late {
    /// What a late `op` would change of what the plan leads to.
    pub(super) fn of(op: &Op, aim: &Aim) -> Late {
        let mut state = aim.target.clone();
        op.apply_to(&mut state);
        if state == aim.target { Late::Harmless } else { Late::Undoing }
    }

    /// How often to look before it is sent again. A daemon that answers again has gone back to work, and what it works
    /// at waits 10 s for the lock at most; five looks with growing pauses take longer.
    fn looks(self) -> u32 {
        match self {
            Late::Harmless => 1,
            Late::Undoing | Late::Rescue => 5,
        }
    }
}

impl<C: Cluster, O: Observer> Errand<'_, C, O> {
    /// Finds out what became of `op`, whose answer was lost, and sends it again if nothing did.
    pub(super) async fn settle(&mut self, op: &Op, lost: ApiError, late: Late) -> StepEnd {
        let (mut lost, mut refused) = (lost, None);
        for round in 0..ROUNDS {
            match self.is_done(op, round, late).await {
                None => break,
                Some(true) => return StepEnd::Mended { lost, remedy: Remedy::Found },
                Some(false) => {}
            }
            let stops = self.stop.is_requested() && late != Late::Rescue;
            if refused.is_some() || stops || round + 1 == ROUNDS {
                break;
            }
            let sent = match late {
                Late::Harmless | Late::Undoing => self.send(op).await,
                Late::Rescue => Some(self.send_anyway(op).await),
            };
            match sent {
                Some(Sent::Done(_)) => return StepEnd::Mended { lost, remedy: Remedy::SentAgain },
                Some(Sent::Lost(error)) => lost = error,
                Some(Sent::Refused(error)) => refused = Some(error),
                Some(Sent::Never(_)) | None => {}
            }
        }
        unsettled(lost, refused)
    }

    /// Sends what prevents worse, and does not let go of it before it is done for certain, or is not to be done.
    pub(super) async fn see_to(&mut self, op: &Op) -> Result<(), ApiError> {
        match self.send_anyway(op).await {
            Sent::Done(_) => Ok(()),
            Sent::Lost(lost) => match self.settle(op, lost, Late::Rescue).await {
                StepEnd::Failed(error) | StepEnd::FailedAgain { lost: _, error } => Err(error),
                StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::NotStarted => Ok(()),
            },
            Sent::Refused(error) | Sent::Never(error) => Err(error),
        }
    }

    /// Whether `op` shows, if that can be told.
    pub(super) async fn is_done(&mut self, op: &Op, round: u32, late: Late) -> Option<bool> {
        for look in 0..late.looks() {
            if let Some(turn) = (round + look).checked_sub(1) {
                self.cluster.pause(turn).await;
            }
            if op.is_done_in(&self.look().await?) {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// The end of a request that was lost and then, sent again, refused.
pub(super) fn unsettled(lost: ApiError, refused: Option<ApiError>) -> StepEnd {
    match refused {
        Some(error) => StepEnd::FailedAgain { lost, error },
        None => StepEnd::Failed(lost),
    }
}
