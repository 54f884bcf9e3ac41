//! The secrets of declared tokens that exist: whether they are where the files say, and whether they still work.

use secrecy::SecretString;
use tokio::task::JoinSet;

use super::sink::{self, Found, Held, SinkError, held};
use crate::api::{ApiError, Client, Credential};
use crate::desired::{Declared, Desired, Destination, Format, Presence, Sink, TokenWish};
use crate::diagnostic::Span;
use crate::model::{AccessState, Refusal};
use crate::pve::{Principal, TokenId};

/// A declared token that exists, and its secret, which Proxmox VE does not show again.
#[derive(Debug)]
pub struct Stored {
    /// The token.
    pub token: TokenId,
    /// Where it is declared.
    pub declared: Span,
    /// Where its secret should be.
    pub sink: Sink,
    /// What is known of it.
    pub condition: Condition,
    /// What more than its owner can do with the file, if it is one that everybody has a part in.
    pub exposure: Option<SinkError>,
}

/// What is known of a secret.
#[derive(Debug)]
pub enum Condition {
    /// It is not there.
    Missing,
    /// Something is there that cannot be read.
    Unreadable(SinkError),
    /// It was given to a program, which alone knows.
    Elsewhere,
    /// One is there, and has not been tried.
    Untried,
    /// The server accepts it.
    Works,
    /// The server does not accept it: for these reasons, or, if there are none, because it is not the token's.
    Dead(Vec<Refusal>),
    /// It was tried, and nobody knows.
    Unclear(ApiError),
}

/// What is known of the secrets of the declared tokens of `live` without asking the server; looks into the files.
#[must_use]
pub fn stored(desired: &Desired, live: &AccessState) -> Vec<Stored> {
    let declared = desired.tokens.iter().filter(|(token, _)| live.tokens.contains_key(token));
    let sunk = declared.filter_map(|(token, Declared { wish, span })| match wish {
        Presence::Present(TokenWish { secret: Some(sink), .. }) => Some((token, *span, sink)),
        Presence::Present(_) | Presence::Absent => None,
    });
    sunk.map(|(token, declared, sink)| Stored {
        token: token.clone(),
        declared,
        condition: match find(token, sink) {
            None => Condition::Elsewhere,
            Some(Ok(Found::Nothing)) => Condition::Missing,
            Some(Ok(Found::Secret(_))) => Condition::Untried,
            Some(Err(error)) => Condition::Unreadable(error),
        },
        exposure: sink.to.as_file().and_then(sink::exposure),
        sink: sink.clone(),
    })
    .collect()
}

/// What is in the file of `sink`, if it is a file.
fn find(token: &TokenId, Sink { to, format }: &Sink) -> Option<Result<Found, SinkError>> {
    match to {
        Destination::File(path) => Some(sink::find(path, format, token)),
        Destination::Command(_) => None,
    }
}

/// Tries each secret that is there on the cluster of `client`, unless `live` says already why it would not be accepted
/// at `now`: the server notes every refusal, and somebody may be counting.
pub async fn try_each(stored: &mut [Stored], client: &Client, live: &AccessState, now: u64) {
    /// The server takes its time to refuse (api-facts.md, HTTP layer).
    const AT_ONCE: usize = 8;
    let mut waiting = Vec::new();
    for (at, Stored { token, sink, condition, .. }) in stored.iter_mut().enumerate() {
        let Condition::Untried = condition else { continue };
        let refusals = live.refusals(&Principal::Token(token.clone()), now);
        match find(token, sink) {
            Some(Ok(Found::Secret(secret))) if refusals.is_empty() => {
                waiting.push((at, token.clone(), secret));
            }
            Some(Ok(Found::Secret(_))) => *condition = Condition::Dead(refusals),
            // Somebody has just taken it away.
            Some(Ok(Found::Nothing)) | None => *condition = Condition::Missing,
            Some(Err(error)) => *condition = Condition::Unreadable(error),
        }
    }
    let mut waiting = waiting.into_iter();
    let mut tried = JoinSet::new();
    loop {
        while tried.len() < AT_ONCE
            && let Some((at, token, secret)) = waiting.next()
        {
            let client = client.clone();
            tried.spawn(async move { (at, attempt(token, secret, &client).await) });
        }
        match tried.join_next().await {
            None => return,
            Some(Ok((at, condition))) => stored[at].condition = condition,
            // A task of this set is never aborted; that it panicked is its own message.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Asks what everybody may ask who is let in.
async fn attempt(token: TokenId, secret: SecretString, client: &Client) -> Condition {
    // What cannot be sent is no secret of Proxmox VE.
    let Ok(credential) = Credential::new(token, secret) else { return Condition::Dead(Vec::new()) };
    match client.showing(credential).version().await {
        Ok(_) => Condition::Works,
        Err(ApiError::Refused { status: 401, .. }) => Condition::Dead(Vec::new()),
        Err(error) => Condition::Unclear(error),
    }
}

/// The secret that `content` holds where `format` puts it, and whose it is if the form says so; of a variable that is set
/// more than once, what a shell would take.
#[must_use]
pub fn secret_in(format: &Format, content: &str) -> Option<(Option<TokenId>, SecretString)> {
    match held(format, content) {
        Held::Secret { owner, values } => Some((owner, SecretString::from(*values.last()?))),
        Held::Nothing | Held::SomethingElse | Held::NoLines | Held::BusyLine => None,
    }
}
