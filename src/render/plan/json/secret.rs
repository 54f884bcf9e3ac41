//! What is known of the secrets of declared tokens.

use schemars::JsonSchema;
use serde::Serialize;

use super::changes::{Place, place};
use crate::apply::{Condition, Stored};
use crate::model::Refusal;

/// The secret of a declared token that exists.
#[derive(Serialize, JsonSchema)]
pub(super) struct Secret {
    /// The token.
    token: String,
    /// Where its secret should be.
    place: Place,
    /// What is known of it.
    state: State,
    /// Of `refused`: why, as far as the live state says: `user_disabled`, `user_expired`, `token_expired`. If it says
    /// nothing, the secret is not, or no longer, the token's.
    reasons: Vec<&'static str>,
    /// Whether everybody on this machine can read or write the file.
    exposed: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// The file holds no secret of the token.
    Missing,
    /// The file cannot be read.
    Unreadable,
    /// It was given to a command, which alone knows.
    Elsewhere,
    /// The file holds one; whether it works, `--check-secrets` tries.
    Untried,
    /// The server accepts it.
    Works,
    /// The server does not accept it.
    Refused,
    /// It was tried, and no answer said whether it works.
    Unclear,
}

impl Secret {
    pub(super) fn of(Stored { token, declared: _, sink, condition, exposure }: &Stored) -> Secret {
        let (state, refusals) = match condition {
            Condition::Missing => (State::Missing, &[][..]),
            Condition::Unreadable(_) => (State::Unreadable, &[][..]),
            Condition::Elsewhere => (State::Elsewhere, &[][..]),
            Condition::Untried => (State::Untried, &[][..]),
            Condition::Works => (State::Works, &[][..]),
            Condition::Dead(refusals) => (State::Refused, &refusals[..]),
            Condition::Unclear(_) => (State::Unclear, &[][..]),
        };
        let reason = |refusal: &Refusal| match refusal {
            Refusal::Disabled => "user_disabled",
            Refusal::UserExpired(_) => "user_expired",
            Refusal::TokenExpired(_) => "token_expired",
        };
        Secret {
            token: token.to_string(),
            place: place(sink),
            state,
            reasons: refusals.iter().map(reason).collect(),
            exposed: exposure.is_some(),
        }
    }
}
