//! Tokens whose secret is not where the files say.

use super::sink;
use crate::desired::{Declared, Desired, Presence, Sink, TokenWish};
use crate::model::AccessState;
use crate::pve::TokenId;

/// A token that exists while nobody finds its secret, which Proxmox VE does not show again.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    /// The token.
    pub token: &'a TokenId,
    /// Where it is declared.
    pub declared: &'a Declared<TokenWish>,
    /// Where its secret should be.
    pub sink: &'a Sink,
}

/// The declared tokens of `live` whose sink holds no secret of theirs; looks into the files.
#[must_use]
pub fn missing<'a>(desired: &'a Desired, live: &AccessState) -> Vec<Missing<'a>> {
    let sunk = desired.tokens.iter().filter_map(|(token, declared)| match &declared.wish {
        Presence::Present(TokenWish { secret: Some(sink), .. }) => Some(Missing { token, declared, sink }),
        Presence::Present(_) | Presence::Absent => None,
    });
    sunk.filter(|missing| live.tokens.contains_key(missing.token) && !sink::holds_secret(missing.sink, missing.token))
        .collect()
}
