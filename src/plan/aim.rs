//! What a plan is for: everything but the way.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::{PasswordSource, Policy, Sink};
use crate::live::{Blind, Snapshot};
use crate::model::AccessState;
use crate::pve::{TokenId, UserId};
use crate::resolve::{Kept, Resolved};

/// From what to what, and at which time.
#[derive(Clone, Debug)]
pub struct Aim {
    /// What is there, and who was looking.
    pub live: Snapshot,
    /// What shall be there, all of it.
    pub target: AccessState,
    /// What is live, not declared, and stays.
    pub kept: Vec<Kept>,
    /// What may be there without being seen, and should be seen.
    pub unseen: BTreeSet<Blind>,
    /// The tokens that are there and get a new secret.
    pub renewed: BTreeSet<TokenId>,
    /// Where new secrets go; none for a token whose secret is to be shown.
    pub sinks: BTreeMap<TokenId, Sink>,
    /// Where the passwords come from that are set: of each user that has to be made and has one, and of each that is
    /// there if that was asked for.
    pub passwords: BTreeMap<UserId, PasswordSource>,
    /// Where the declared passwords of the others come from: nobody can tell whether they are those.
    pub uncompared: BTreeMap<UserId, PasswordSource>,
    /// What must hold.
    pub policies: Vec<Policy>,
    /// When it is planned, in seconds since 1970: what has ended by then lets nobody in.
    pub now: u64,
}

impl Aim {
    /// What was resolved, planned at the same time.
    #[must_use]
    pub fn new(resolved: Resolved<'_>) -> Aim {
        let Resolved { live, target, kept, unseen, renewed, sinks, passwords, policies, warnings: _, now } = resolved;
        let (uncompared, passwords) = passwords.into_iter().partition(|(user, _)| live.state.users.contains_key(user));
        Aim { live: live.clone(), target, kept, unseen, renewed, sinks, passwords, uncompared, policies, now }
    }

    /// The same, with the declared passwords of users that are there set too.
    #[must_use]
    pub fn setting_passwords(mut self) -> Aim {
        self.passwords.append(&mut self.uncompared);
        self
    }
}
