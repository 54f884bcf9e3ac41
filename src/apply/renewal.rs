//! New secrets of tokens that were there before.
//!
//! The former secret is refused from the moment on at which the server made the new one. Where that cannot be put away,
//! the token is not deleted, for its grants would go with it: it is ended, so that the next run renews its secret.

use secrecy::SecretString;

use super::cluster::Cluster;
use super::delivery::Delivery;
use super::outcome::{Fate, StepEnd};
use crate::model::{Expire, Token};
use crate::plan::{Op, Plan};
use crate::pve::{Principal, TokenId};

/// A time that is over, and that is not never.
const LONG_AGO: Expire = Expire::At(1);

/// Brings the new secret of `token` to safety, which was like `before` and is like `after` now.
pub(super) async fn put_away<C: Cluster>(
    token: &TokenId,
    secret: &SecretString,
    [before, after]: [&Token; 2],
    cluster: &C,
    delivery: &mut Delivery,
    plan: &Plan,
) -> StepEnd {
    // Whatever becomes of it: the one who asks is known by it from now on.
    cluster.adopt(token, secret);
    let sink = plan.aim.sinks.get(token);
    if delivery.deliver(sink, token, secret, after).await.is_ok() {
        return StepEnd::Done;
    }
    match delivery.deliver(sink, token, secret, after).await {
        Ok(()) => StepEnd::Done,
        Err(error) => {
            let is_own = plan.aim.live.reader == Some(Principal::Token(token.clone()));
            // One that does not rotate would stay ended, and the one who asks has to read back.
            let can_end = before.expire != after.expire && !is_own;
            let fate = if can_end { end(token, after, cluster).await } else { Fate::Secretless };
            StepEnd::SecretLost { token: token.clone(), error, fate }
        }
    }
}

async fn end<C: Cluster>(token: &TokenId, before: &Token, cluster: &C) -> Fate {
    let after = Token { expire: LONG_AGO, ..before.clone() };
    let op = Op::SetToken { token: token.clone(), before: before.clone(), after };
    match cluster.perform(&op, None).await {
        Ok(_) => Fate::Ended,
        Err(_) => Fate::Secretless,
    }
}
