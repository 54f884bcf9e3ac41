//! A cluster's state at one moment, seen through one pair of eyes.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};

use super::user_cfg::{Ignored, UserCfgError};
use crate::api::ApiError;
use crate::model::{AccessState, Lock};
use crate::pve::Principal;

/// What was read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// All that could be seen.
    pub state: AccessState,
    /// Whether that is all there is.
    pub sight: Sight,
    /// Who was reading, where that is known.
    pub reader: Option<Principal>,
    /// What to call the cluster in print.
    pub cluster: String,
    /// The lock that somebody holds on it, which is no part of the state.
    pub lock: Option<Lock>,
    /// What the source says in vain, from top to bottom; only files do.
    pub ignored: Vec<Ignored>,
}

/// What the reader can see; the server hides the rest without a word (api-facts.md, What a low-privilege caller does
/// not see).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Full,
    /// Not these, or not all of them.
    Partial(BTreeSet<Blind>),
}

/// Something that may be there without being seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blind {
    /// Users, their tokens, groups and memberships.
    Accounts,
    /// Grants.
    Grants,
    /// Pools.
    Pools,
    /// Realms: a copy of a user.cfg does not name them.
    Realms,
}

/// What lets a reader see all of a kind: one of the privileges at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Any of these does; the least of them first.
    pub privileges: &'static [&'static str],
    /// Where.
    pub path: &'static str,
}

impl fmt::Display for Needed {
    /// The least of the privileges.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.privileges.first().copied().unwrap_or_default();
        write!(f, "{least} on {}", self.path)
    }
}

impl Blind {
    /// What a reader lacks who is blind to this (api-facts.md, What a low-privilege caller does not see); the server
    /// hides realms from nobody.
    #[must_use]
    pub const fn needs(self) -> Option<Needed> {
        match self {
            Blind::Accounts => Some(Needed { privileges: &["Sys.Audit", "User.Modify"], path: "/access/groups" }),
            Blind::Grants => Some(Needed { privileges: &["Sys.Audit"], path: "/access" }),
            Blind::Pools => Some(Needed { privileges: &["Pool.Audit"], path: "/pool" }),
            Blind::Realms => None,
        }
    }
}

impl Sight {
    /// What cannot be seen, or not all of it.
    #[must_use]
    pub fn hidden(&self) -> &BTreeSet<Blind> {
        static NOTHING: BTreeSet<Blind> = BTreeSet::new();
        match self {
            Sight::Full => &NOTHING,
            Sight::Partial(hidden) => hidden,
        }
    }

    /// What cannot be seen of all that decides who may do what; realms decide nothing.
    #[must_use]
    pub fn hidden_deciding(&self) -> BTreeSet<Blind> {
        let decides = |kind: &Blind| match kind {
            Blind::Accounts | Blind::Grants | Blind::Pools => true,
            Blind::Realms => false,
        };
        self.hidden().iter().copied().filter(decides).collect()
    }

    /// What cannot be seen of all that files can declare; pools and realms are none of it.
    #[must_use]
    pub fn hidden_declarable(&self) -> BTreeSet<Blind> {
        let can_be_declared = |kind: &Blind| match kind {
            Blind::Accounts | Blind::Grants => true,
            Blind::Pools | Blind::Realms => false,
        };
        self.hidden().iter().copied().filter(can_be_declared).collect()
    }
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Blind::Accounts => "users, groups and tokens",
            Blind::Grants => "grants",
            Blind::Pools => "pools",
            Blind::Realms => "realms",
        })
    }
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A request failed.
    #[error("the live state could not be read")]
    Api(#[from] ApiError),
    /// A file is not what it should be.
    #[error(transparent)]
    UserCfg(#[from] UserCfgError),
}

/// Where a snapshot comes from.
pub trait Source {
    /// Reads everything once.
    fn read(&self) -> impl Future<Output = Result<Snapshot, ReadError>> + Send;
}
