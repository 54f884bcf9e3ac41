//! What has come of a plan.

use super::delivery::DeliveryError;
use crate::api::ApiError;
use crate::diff::Diff;
use crate::live::ReadError;
use crate::plan::Step;
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
        /// Whether the token was deleted again, so that the next run makes it anew.
        mended: Result<(), ApiError>,
    },
    /// The server has not done it, or nobody knows whether it has.
    Failed(ApiError),
    /// Its turn never came.
    NotStarted,
}

/// Whether everything was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Every step was, and reading back shows what was asked for.
    Everything,
    /// Nothing was: the first step already failed for certain.
    Nothing,
    /// Something was, and something is missing or could not be verified; or somebody asked for a stop.
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
    /// What the whole plan asked for and reading back does not show.
    pub residue: Result<Diff, ReadError>,
    /// Tokens of which a lost answer took the secret along, and what became of them.
    pub orphans: Vec<(TokenId, Result<(), ApiError>)>,
}

impl Outcome {
    /// What to call it in one word.
    #[must_use]
    pub fn done(&self) -> Done {
        let all = self.steps.iter().all(|(_, end)| matches!(end, StepEnd::Done));
        let is_idle = |end: &StepEnd| {
            matches!(end, StepEnd::NotStarted | StepEnd::Failed(ApiError::NotSent { .. } | ApiError::Refused { .. }))
        };
        match &self.residue {
            Ok(residue) if all && residue.is_empty() => Done::Everything,
            _ if !self.stopped && self.steps.iter().all(|(_, end)| is_idle(end)) => Done::Nothing,
            _ => Done::Partly,
        }
    }
}
