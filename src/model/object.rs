//! What each kind of object consists of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;
use crate::pve::{AclPath, Privilege, RoleId, StorageId, Subject, VmId};

macro_rules! switch {
    ($(#[$doc:meta])* $name:ident { $(#[$no_doc:meta])* No, $(#[$yes_doc:meta])* Yes }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $(#[$no_doc])*
            No,
            $(#[$yes_doc])*
            Yes,
        }

        impl From<bool> for $name {
            fn from(yes: bool) -> $name {
                if yes { $name::Yes } else { $name::No }
            }
        }

        impl $name {
            /// Whether it is [`Yes`](Self::Yes).
            #[must_use]
            pub fn is_yes(self) -> bool {
                self == $name::Yes
            }

            /// The value in the server's forms: `0` or `1`, nothing else is accepted there.
            #[must_use]
            pub fn as_digit(self) -> &'static str {
                if self.is_yes() { "1" } else { "0" }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(if self.is_yes() { "yes" } else { "no" })
            }
        }
    };
}

switch! {
    /// Whether a user can log in; the tokens of a disabled one are refused too.
    Enable {
        /// Neither the user nor any of its tokens gets in.
        No,
        /// The user gets in.
        Yes
    }
}
switch! {
    /// Whether a token has rights of its own only, bounded by its user's, or simply its user's.
    Privsep {
        /// The token can do what its user can; grants to it are stored and ignored.
        No,
        /// The token can do what both it and its user can; without grants of its own that is nothing.
        Yes
    }
}
switch! {
    /// Whether a grant reaches below its path.
    Propagate {
        /// At the path alone.
        No,
        /// At the path and below it.
        Yes
    }
}

/// When a user or token ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub enum Expire {
    /// Not at all; the server says 0.
    #[default]
    Never,
    /// At this many seconds after 1970-01-01T00:00:00Z; a time in the past means that it has ended.
    At(u64),
}

impl From<u64> for Expire {
    fn from(seconds: u64) -> Expire {
        if seconds == 0 { Expire::Never } else { Expire::At(seconds) }
    }
}

impl From<Expire> for u64 {
    fn from(expire: Expire) -> u64 {
        match expire {
            Expire::Never => 0,
            Expire::At(seconds) => seconds,
        }
    }
}

/// Who made a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The server; it can be granted, not changed.
    Builtin,
    /// A person.
    Custom,
}

/// A named set of privileges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// What it holds.
    pub privs: BTreeSet<Privilege>,
    /// Who made it.
    pub origin: Origin,
}

/// A group; who is in it is [`AccessState::memberships`](super::AccessState::memberships).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What it is for.
    pub comment: Text,
}

/// A user; its groups are [`AccessState::memberships`](super::AccessState::memberships), its tokens objects of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Whether it can log in.
    pub enable: Enable,
    /// Until when it can.
    pub expire: Expire,
    /// First name.
    pub firstname: Text,
    /// Last name.
    pub lastname: Text,
    /// Mail address.
    pub email: Text,
    /// What it is for.
    pub comment: Text,
    /// Marks of a second factor from before there was a file for them; kept, never compared, never written.
    pub keys: Text,
}

impl Default for User {
    /// What the server makes of a POST with nothing but the id: enabled, for ever.
    fn default() -> User {
        User {
            enable: Enable::Yes,
            expire: Expire::Never,
            firstname: Text::EMPTY,
            lastname: Text::EMPTY,
            email: Text::EMPTY,
            comment: Text::EMPTY,
            keys: Text::EMPTY,
        }
    }
}

/// An API token, without its secret, which nobody can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it is for.
    pub comment: Text,
    /// Until when it is accepted.
    pub expire: Expire,
    /// Whether its rights are its own.
    pub privsep: Privsep,
}

impl Default for Token {
    /// What the server makes of a POST without parameters: separated, for ever (transcript `tokens`).
    fn default() -> Token {
        Token { comment: Text::EMPTY, expire: Expire::Never, privsep: Privsep::Yes }
    }
}

/// A realm; `pam` and `pve` are always there, with the comments `Linux PAM standard authentication` and
/// `Proxmox VE authentication server` until they are given others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realm {
    /// `pam`, `pve`, `ldap`, `ad` or `openid`.
    pub r#type: String,
    /// Everything else by its API name; `comment`, `default` and `tfa` are options like any other.
    pub options: BTreeMap<String, String>,
}

/// A pool of guests and storages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// What it is for.
    pub comment: Text,
    /// The guests in it.
    pub vms: BTreeSet<VmId>,
    /// The storages in it.
    pub storage: BTreeSet<StorageId>,
}

/// One role at one path to one subject: what the server tells grants apart by. [`Propagate`] is its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    /// Where.
    pub path: AclPath,
    /// To whom.
    pub subject: Subject,
    /// What.
    pub role: RoleId,
}
