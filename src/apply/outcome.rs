//! What has come of a plan.

use std::collections::BTreeSet;

use super::delivery::DeliveryError;
use super::left_password::{LeftFate, LeftPassword};
use super::observer::NotRecorded;
use crate::api::ApiError;
use crate::diff::Diff;
use crate::live::{Blind, ReadError};
use crate::plan::{Objection, Step};
use crate::pve::TokenId;

/// What has come of one step.
#[derive(Debug)]
pub enum StepEnd {
    /// The server has done it, and where it brought a secret, that is safe.
    Done,
    /// The server has done it, but the secret that it brought could not be put away.
    SecretLost {
        /// The token that nobody has the secret of.
        token: TokenId,
        /// Why not.
        error: DeliveryError,
        /// What became of it.
        fate: Fate,
    },
    /// The server has not done it, or nobody knows whether it has.
    Failed(ApiError),
    /// Its turn never came.
    NotStarted,
}

/// What became of a token whose secret nobody has.
#[derive(Debug)]
pub enum Fate {
    /// It was deleted again; the next run makes it anew.
    Deleted,
    /// It keeps its grants and is refused as one that has ended; the next run renews its secret again.
    Ended,
    /// It keeps its grants; its former secret is refused, and the new one is lost.
    Secretless,
    /// It is there, works, and could not be deleted.
    StillThere(ApiError),
    /// It is not there, but may still come.
    NotSeen,
    /// The cluster could not be read back, so it may be there.
    Unread,
}

/// What reading back has shown.
#[derive(Debug)]
pub enum Verification {
    /// Nothing was sent, so nothing had to be read.
    NotNeeded,
    /// This much of what the plan asked for is not there.
    Read {
        /// What is missing of what can be seen.
        residue: Diff,
        /// What the reader could see when the plan was made and cannot see any more: of that, nothing is known.
        lost_sight: BTreeSet<Blind>,
    },
    /// The cluster could not be read.
    Failed(ReadError),
}

/// Whether everything was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Every step was, and reading back shows what was asked for.
    Everything,
    /// For certain, nothing was.
    Nothing,
    /// Something was, or may have been, and something is missing or could not be verified.
    Partly,
}

/// What has come of a plan. Success is an empty residue.
#[must_use]
#[derive(Debug)]
pub struct Outcome {
    /// Each step of the plan with its end.
    pub steps: Vec<(Step, StepEnd)>,
    /// Whether somebody asked for a stop before the last step.
    pub stopped: bool,
    /// What reading back has shown.
    pub verification: Verification,
    /// Tokens of which a lost answer took the secret along, and what became of them.
    pub orphans: Vec<(TokenId, Fate)>,
    /// The password of a user that was not made.
    pub left_password: Option<LeftPassword>,
    /// What spoke against it and was waived.
    pub waived: Vec<Objection>,
    /// Why nothing more was sent, if what comes next could not be written down.
    pub unrecorded: Option<NotRecorded>,
}

impl Outcome {
    /// What to call it in one word.
    #[must_use]
    pub fn done(&self) -> Done {
        let all = self.steps.iter().all(|(_, end)| matches!(end, StepEnd::Done));
        // It may be stored, or somebody is there who should not be.
        if self.left_password.as_ref().is_some_and(|left| !matches!(left.fate, LeftFate::Withdrawn)) {
            return Done::Partly;
        }
        let is_idle = |end: &StepEnd| match end {
            StepEnd::NotStarted => true,
            StepEnd::Failed(error) => !error.is_undecided(),
            StepEnd::Done | StepEnd::SecretLost { .. } => false,
        };
        match &self.verification {
            Verification::Read { residue, lost_sight } if all && residue.is_empty() && lost_sight.is_empty() => {
                Done::Everything
            }
            Verification::NotNeeded if self.steps.is_empty() => Done::Everything,
            Verification::NotNeeded => Done::Nothing,
            _ if self.steps.iter().all(|(_, end)| is_idle(end)) => Done::Nothing,
            _ => Done::Partly,
        }
    }
}
