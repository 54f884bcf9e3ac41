//! What the files say, laid over what is live: the complete target.
//!
//! Knows which names exist where, and that what the files do not mention stays as it is: it is copied into the target,
//! so that comparing the two needs no filter. Does not know how the target is reached.

mod check;
mod idle;
mod kept;
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
    /// Where the secrets of the tokens that have to be made go; none for a token whose secret is to be shown.
    pub sinks: BTreeMap<TokenId, Sink>,
    /// Where the declared passwords come from, of users that have to be made and of those that are there.
    pub passwords: BTreeMap<UserId, PasswordSource>,
    /// What must hold.
    pub policies: Vec<Policy>,
    /// What is probably not meant.
    pub warnings: Findings,
}

/// Lays `desired` over `live`.
///
/// # Errors
/// What the files ask for that cannot be had on this cluster: names that exist neither in the files nor live,
/// privileges that this release does not know, secrets that would be lost.
pub fn resolve<'a>(desired: &Desired, live: &'a Snapshot, unsunk: Unsunk) -> Result<Resolved<'a>, Findings> {
    let mut findings = check::check(desired, live);
    let target = target::target(desired, &live.state);
    let sinks = sinks(desired, live, unsunk, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    idle::check(desired, live, &target, &mut findings);
    let policies = desired.policies.iter().map(|asserted| asserted.policy.clone()).collect();
    let kept = kept::kept(desired, &live.state, &target);
    let unseen = unseen::unseen(desired, live, &target);
    let passwords = passwords(desired);
    Ok(Resolved { live, target, kept, unseen, sinks, passwords, policies, warnings: findings })
}

/// The sources of the passwords of all users that shall be there.
fn passwords(desired: &Desired) -> BTreeMap<UserId, PasswordSource> {
    let source = |(user, declared): (&UserId, &Declared<UserWish>)| match &declared.wish {
        Presence::Present(wish) => Some((user.clone(), wish.password.clone()?)),
        Presence::Absent => None,
    };
    desired.users.iter().filter_map(source).collect()
}

/// The sinks of the tokens that have to be made.
fn sinks(desired: &Desired, live: &Snapshot, unsunk: Unsunk, findings: &mut Findings) -> BTreeMap<TokenId, Sink> {
    let mut sinks = BTreeMap::new();
    for (token, declared) in &desired.tokens {
        let Presence::Present(wish) = &declared.wish else { continue };
        if live.state.tokens.contains_key(token) {
            continue;
        }
        match &wish.secret {
            Some(sink) => {
                sinks.insert(token.clone(), sink.clone());
            }
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
