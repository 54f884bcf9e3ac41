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
    /// Its answer was lost, and it is done all the same.
    Mended {
        /// What happened instead of an answer.
        lost: ApiError,
        /// What it took.
        remedy: Remedy,
    },
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
    /// Its answer was lost and reading back did not show it; sent again, it was refused. The first sending may still be
    /// carried out.
    FailedAgain {
        /// What happened instead of an answer.
        lost: ApiError,
        /// What came of sending it again.
        error: ApiError,
    },
    /// Its turn never came.
    NotStarted,
}

/// What it took to end a request whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Reading back has shown that it was done.
    Found,
    /// It was sent again.
    SentAgain,
    /// The token that it made was deleted and made again, because its secret was lost with the answer.
    Renewed,
}

impl StepEnd {
    /// Whether the server has done it, for certain, and where it brought a secret, that is safe.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            StepEnd::Done | StepEnd::Mended { .. } => true,
            StepEnd::SecretLost { .. } | StepEnd::Failed(_) | StepEnd::FailedAgain { .. } | StepEnd::NotStarted => {
                false
            }
        }
    }

    /// Whether the server has not done it, for certain.
    fn is_idle(&self) -> bool {
        match self {
            StepEnd::NotStarted => true,
            StepEnd::Failed(_) => !self.is_uncertain(),
            StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::FailedAgain { .. } => false,
        }
    }

    /// Whether nobody knows if the server has done it.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        match self {
            StepEnd::Failed(error) => error.is_undecided(),
            StepEnd::FailedAgain { .. } => true,
            StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::NotStarted => false,
        }
    }
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
    /// There is one of that name, but with other attributes: somebody else made it, and it was left alone.
    Another,
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
        let all = self.steps.iter().all(|(_, end)| end.is_done());
        // It may be stored, or somebody is there who should not be.
        if self.left_password.as_ref().is_some_and(|left| !matches!(left.fate, LeftFate::Withdrawn)) {
            return Done::Partly;
        }
        match &self.verification {
            Verification::Read { residue, lost_sight } if all && residue.is_empty() && lost_sight.is_empty() => {
                Done::Everything
            }
            Verification::NotNeeded if self.steps.is_empty() => Done::Everything,
            Verification::NotNeeded => Done::Nothing,
            _ if self.steps.iter().all(|(_, end)| end.is_idle()) => Done::Nothing,
            _ => Done::Partly,
        }
    }
}
