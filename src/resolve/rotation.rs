//! Which secrets are due to be renewed, and until when tokens that rotate are accepted.

use std::collections::BTreeSet;

use crate::desired::{Declared, Desired, Presence, Rotation, TokenWish};
use crate::diagnostic::{Diagnostic, Findings, Span};
use crate::live::Snapshot;
use crate::model::{AccessState, Expire};
use crate::pve::{Principal, TokenId};

/// A later end than a renewal now would set is brought back; not by less than this, for clocks differ.
const CLOCKS_DIFFER: u64 = 60 * 60;

impl Rotation {
    /// The end of a secret that is made at `now`.
    pub(super) fn ends(self, now: u64) -> Expire {
        Expire::At(now.saturating_add(self.every))
    }

    /// Whether a secret that ends then has to be renewed at `now`. One that never ends does: nobody knows how old it is.
    fn is_due(self, expire: Expire, now: u64) -> bool {
        match expire {
            Expire::Never => true,
            Expire::At(end) => end < now.saturating_add(self.before),
        }
    }

    /// The end that a secret shall have which is not renewed: its own, unless it lasts longer than any should.
    fn kept(self, expire: Expire, now: u64) -> Expire {
        let latest = now.saturating_add(self.every).saturating_add(CLOCKS_DIFFER);
        match expire {
            Expire::At(end) if end <= latest => expire,
            Expire::At(_) | Expire::Never => self.ends(now),
        }
    }
}

/// Gives each token of `target` that rotates its end, and says which secrets are renewed for that.
pub(super) fn lay(desired: &Desired, live: &AccessState, now: u64, target: &mut AccessState) -> BTreeSet<TokenId> {
    let mut renewed = BTreeSet::new();
    for (id, rotation) in rotating(desired) {
        let Some(token) = target.tokens.get_mut(id) else { continue };
        token.expire = match live.tokens.get(id) {
            Some(there) if !rotation.is_due(there.expire, now) => rotation.kept(there.expire, now),
            there => {
                renewed.extend(there.map(|_| id.clone()));
                rotation.ends(now)
            }
        };
    }
    renewed
}

/// The tokens that rotate.
pub(super) fn rotating(desired: &Desired) -> impl Iterator<Item = (&TokenId, Rotation)> {
    desired.tokens.iter().filter_map(|(id, declared)| match &declared.wish {
        Presence::Present(TokenWish { rotate, .. }) => Some((id, (*rotate)?)),
        Presence::Absent => None,
    })
}

/// Gives each of `renewed` in `target` that rotates a new end; whoever has an end of another kind keeps it.
pub(super) fn lay_new(desired: &Desired, renewed: &BTreeSet<TokenId>, now: u64, target: &mut AccessState) {
    for (id, rotation) in rotating(desired).filter(|(id, _)| renewed.contains(*id)) {
        if let Some(token) = target.tokens.get_mut(id) {
            token.expire = rotation.ends(now);
        }
    }
}

/// Reports those of `tokens` whose next secret would be lost.
pub(super) fn check_sinks<'a>(
    desired: &Desired,
    tokens: impl IntoIterator<Item = &'a TokenId>,
    findings: &mut Findings,
) {
    for id in tokens {
        let Some(declared) = desired.tokens.get(id) else { continue };
        if let Presence::Present(TokenWish { secret: None, .. }) = &declared.wish {
            findings.push(unsunk_renewal(id, declared));
        }
    }
}

/// Reports the token that asks, where renewing its secret would take it away.
pub(super) fn check_own(desired: &Desired, live: &Snapshot, renewed: &BTreeSet<TokenId>, findings: &mut Findings) {
    if let Some(Principal::Token(own)) = &live.reader
        && let Some(declared) = desired.tokens.get(own)
        && renewed.contains(own)
        && !live.state.release.renews_in_place()
    {
        findings.push(own_renewal(own, declared.span, live));
    }
}

/// Warns of those of `renewed` whose new secret would be refused like the former one.
pub(super) fn check_ends(
    desired: &Desired,
    target: &AccessState,
    renewed: &BTreeSet<TokenId>,
    now: u64,
    findings: &mut Findings,
) {
    for id in renewed {
        let has_ended = target.tokens.get(id).is_some_and(|token| token.expire.has_ended(now));
        if let Some(declared) = desired.tokens.get(id).filter(|_| has_ended) {
            findings.push(
                Diagnostic::warning(
                    declared.span,
                    format!("token `{id}` has expired, and a new secret does not change that"),
                )
                .label("its end is not set by `rotate`")
                .help("give it a later `expire`, or `rotate: {every: 90d}`, and apply"),
            );
        }
    }
}

fn unsunk_renewal(id: &TokenId, declared: &Declared<TokenWish>) -> Diagnostic {
    Diagnostic::error(declared.span, format!("the secret of token `{id}` is to be renewed, and nothing says where it goes"))
        .label("needs a `secret`")
        .help("Proxmox VE shows a new secret once, and refuses the former one from then on: say where to put it, such as `secret: {file: secrets/NAME}`")
        .help("or have it printed once by giving --show-secrets")
}

/// The next request would be refused, and nobody could make the token again.
fn own_renewal(id: &TokenId, span: Span, live: &Snapshot) -> Diagnostic {
    let release = live.state.release;
    Diagnostic::error(span, format!("token `{id}` cannot renew its own secret on Proxmox VE {release}"))
        .label("is the one that asks")
        .help("before 9.1, a secret is renewed by deleting the token and making it anew; without it, nothing more can be done")
        .help("give another credential, or upgrade the node to 9.1 or later")
}
