//! Whether the policies of the files hold.

use crate::plan::{Objection, Plan};
use crate::render::sight::is_whole;

/// How many policies there are, and how many of them do not hold.
pub(super) struct Policies {
    all: usize,
    pub(super) broken: usize,
    /// Whether everything that decides it could be seen.
    is_whole: bool,
}

impl Policies {
    /// Those of `plan`.
    pub(super) fn of(plan: &Plan) -> Policies {
        let is_policy = |objection: &&Objection| matches!(objection, Objection::Policy(_));
        let broken = plan.objections.iter().filter(is_policy).count();
        Policies { all: plan.aim.policies.len(), broken, is_whole: is_whole(&plan.aim.live) }
    }

    /// A sentence each; none where there are no policies.
    pub(super) fn sentences(&self) -> Vec<String> {
        let Policies { all, broken, is_whole } = self;
        let mut sentences = match (all, broken) {
            (0, _) => return Vec::new(),
            (1, 0) => vec!["1 policy holds.".to_owned()],
            (_, 0) => vec![format!("{all} policies hold.")],
            (1, _) => vec!["1 policy does not hold.".to_owned()],
            (_, 1) => vec![format!("1 of {all} policies does not hold.")],
            _ => vec![format!("{broken} of {all} policies do not hold.")],
        };
        if !is_whole {
            sentences
                .push("That is judged by what is visible: what is not may break a policy all the same.".to_owned());
        }
        sentences
    }
}
