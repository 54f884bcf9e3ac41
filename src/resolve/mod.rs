//! What the files say, laid over what is live: the complete target.
//!
//! Knows which names exist where, and that what the files do not mention stays as it is: it is copied into the target,
//! so that comparing the two needs no filter. Does not know how the target is reached.

mod check;
mod idle;
mod kept;
mod rotation;
mod target;
mod unseen;

pub use kept::Kept;

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::{Declared, Desired, PasswordSource, Policy, Presence, Sink, UserWish};
use crate::diagnostic::{Diagnostic, Findings};
use crate::live::{Blind, Snapshot};
use crate::model::AccessState;
use crate::pve::{TokenId, UserId};

/// Whether a token may be made whose secret the files send nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsunk {
    /// No: its secret would be lost.
    Refuse,
    /// Yes: somebody is looking (`--show-secrets`).
    Show,
}

/// A target that every name in the files has been found for.
#[derive(Clone, Debug)]
pub struct Resolved<'a> {
    /// What is there.
    pub live: &'a Snapshot,
    /// What shall be there, all of it.
    pub target: AccessState,
    /// What is there without being declared, and stays.
    pub kept: Vec<Kept>,
    /// What may be there without being seen, and should be seen.
    pub unseen: BTreeSet<Blind>,
    /// The tokens that are there and get a new secret.
    pub renewed: BTreeSet<TokenId>,
    /// Where new secrets go; none for a token whose secret is to be shown.
    pub sinks: BTreeMap<TokenId, Sink>,
    /// Where the declared passwords come from, of users that have to be made and of those that are there.
    pub passwords: BTreeMap<UserId, PasswordSource>,
    /// What must hold.
    pub policies: Vec<Policy>,
    /// What is probably not meant.
    pub warnings: Findings,
    /// When it was resolved, in seconds since 1970.
    pub now: u64,
}

/// Lays `desired` over `live` at `now`, in seconds since 1970.
///
/// # Errors
/// What the files ask for that cannot be had on this cluster: names that exist neither in the files nor live,
/// privileges that this release does not know, secrets that would be lost.
pub fn resolve<'a>(desired: &Desired, live: &'a Snapshot, unsunk: Unsunk, now: u64) -> Result<Resolved<'a>, Findings> {
    let mut findings = check::check(desired, live);
    let mut target = target::target(desired, &live.state);
    let renewed = rotation::lay(desired, &live.state, now, &mut target);
    rotation::check_own(desired, live, &renewed, &mut findings);
    if unsunk == Unsunk::Refuse {
        // Also before it is due: nobody may be looking when it is.
        let rotating = rotation::rotating(desired).map(|(token, _)| token);
        let there = rotating.filter(|token| live.state.tokens.contains_key(token));
        rotation::check_sinks(desired, there, &mut findings);
    }
    let sinks = sinks(desired, live, &renewed, unsunk, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    idle::check(desired, live, &target, &mut findings);
    let policies = desired.policies.iter().map(|asserted| asserted.policy.clone()).collect();
    let kept = kept::kept(desired, &live.state, &target);
    let unseen = unseen::unseen(desired, live, &target, &renewed);
    let passwords = passwords(desired);
    Ok(Resolved { live, target, kept, unseen, renewed, sinks, passwords, policies, warnings: findings, now })
}

/// The sources of the passwords of all users that shall be there.
fn passwords(desired: &Desired) -> BTreeMap<UserId, PasswordSource> {
    let source = |(user, declared): (&UserId, &Declared<UserWish>)| match &declared.wish {
        Presence::Present(wish) => Some((user.clone(), wish.password.clone()?)),
        Presence::Absent => None,
    };
    desired.users.iter().filter_map(source).collect()
}

/// What is live, with new secrets for `renewed`, which are declared, and nothing else of what `desired` says.
///
/// # Errors
/// If a secret would be lost, or its token with the credential that asks.
pub fn renew<'a>(
    desired: &Desired,
    live: &'a Snapshot,
    renewed: BTreeSet<TokenId>,
    unsunk: Unsunk,
    now: u64,
) -> Result<Resolved<'a>, Findings> {
    let mut findings = Findings::default();
    let mut target = live.state.clone();
    rotation::lay_new(desired, &renewed, now, &mut target);
    rotation::check_own(desired, live, &renewed, &mut findings);
    if unsunk == Unsunk::Refuse {
        rotation::check_sinks(desired, &renewed, &mut findings);
    }
    if findings.has_errors() {
        return Err(findings);
    }
    rotation::check_ends(desired, &target, &renewed, now, &mut findings);
    let sinks = renewed.iter().filter_map(|token| Some((token.clone(), sink(desired, token)?))).collect();
    let policies = desired.policies.iter().map(|asserted| asserted.policy.clone()).collect();
    let unseen = unseen::unseen(&Desired::default(), live, &target, &renewed);
    let (kept, passwords) = (Vec::new(), BTreeMap::new());
    Ok(Resolved { live, target, kept, unseen, renewed, sinks, passwords, policies, warnings: findings, now })
}

/// Where the files send the secret of `token`.
fn sink(desired: &Desired, token: &TokenId) -> Option<Sink> {
    match &desired.tokens.get(token)?.wish {
        Presence::Present(wish) => wish.secret.clone(),
        Presence::Absent => None,
    }
}

/// The sinks of the tokens that have to be made, and of those `renewed`.
fn sinks(
    desired: &Desired,
    live: &Snapshot,
    renewed: &BTreeSet<TokenId>,
    unsunk: Unsunk,
    findings: &mut Findings,
) -> BTreeMap<TokenId, Sink> {
    let mut sinks = BTreeMap::new();
    for (token, declared) in &desired.tokens {
        let Presence::Present(wish) = &declared.wish else { continue };
        let is_there = live.state.tokens.contains_key(token);
        match &wish.secret {
            _ if is_there && !renewed.contains(token) => {}
            Some(sink) => {
                sinks.insert(token.clone(), sink.clone());
            }
            // What is wrong with that has been said.
            None if is_there => {}
            None if unsunk == Unsunk::Refuse => findings.push(
                Diagnostic::error(declared.span, format!("token `{token}` has to be made, and nothing says where its secret goes"))
                    .label("needs a `secret`")
                    .help("Proxmox VE shows a token's secret once, when the token is made: say where to put it, such as `secret: {file: secrets/NAME}`")
                    .help("or have it printed once by giving --show-secrets"),
            ),
            None => {}
        }
    }
    sinks
}
