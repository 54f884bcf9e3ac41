//! Secrets that must not be lost, and tokens whose secret is.
//!
//! A token that works and that nobody can use is worse than none: where its secret cannot be saved it is deleted, so
//! that the next run makes it anew. Where that cannot be done, somebody is told.

use secrecy::SecretString;

use super::cluster::Cluster;
use super::delivery::Delivery;
use super::outcome::{Fate, StepEnd};
use crate::model::{AccessState, Token};
use crate::plan::{Op, Plan};
use crate::pve::TokenId;

/// Brings the secret of a new token to safety.
pub(super) async fn put_away<C: Cluster>(
    token: &TokenId,
    secret: &SecretString,
    attributes: &Token,
    cluster: &C,
    delivery: &mut Delivery,
    plan: &Plan,
) -> StepEnd {
    let sink = plan.aim.sinks.get(token);
    let put = match delivery.deliver(sink, token, secret, attributes).await {
        Ok(()) => Ok(()),
        Err(_) => delivery.deliver(sink, token, secret, attributes).await,
    };
    match put {
        Ok(()) => StepEnd::Done,
        Err(error) => StepEnd::SecretLost { token: token.clone(), error, fate: delete(token, cluster).await },
    }
}

/// The token that a step was to make and of which nobody knows whether it did: its secret is gone with the answer.
pub(super) fn undecided<'a>(op: &'a Op, end: &StepEnd) -> Option<&'a TokenId> {
    match (op, end) {
        (Op::CreateToken { token, attributes: _ }, StepEnd::Failed(error)) if error.is_undecided() => Some(token),
        _ => None,
    }
}

/// Deletes an undecided token if it is there. That it is not seen does not mean that it will not come: a daemon that
/// hangs does its work later (api-facts.md, HTTP layer, 596).
pub(super) async fn mend<C: Cluster>(token: &TokenId, state: &AccessState, cluster: &C) -> Fate {
    if state.tokens.contains_key(token) { delete(token, cluster).await } else { Fate::NotSeen }
}

async fn delete<C: Cluster>(token: &TokenId, cluster: &C) -> Fate {
    match cluster.perform(&Op::DeleteToken { token: token.clone() }, None).await {
        Ok(_) => Fate::Deleted,
        Err(error) => Fate::StillThere(error),
    }
}
