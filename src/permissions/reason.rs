//! Which grants decide somebody's answer at a path, and why others on the way have no say.

use std::collections::BTreeMap;

use super::Privileges;
use super::decision::{Voice, denies, privileges};
use crate::model::{Grant, Propagate, Role};
use crate::pve::{AclPath, PoolId, Privilege, Subject};

/// What the grants to one user or token, and to the user's groups, come to at a path.
///
/// Every such grant at the path, above it, and at and above the pools that the path is a member of, is in one of the two
/// lists once. One that is looked at more than once, because it is above a pool and above the path too, is deciding if it
/// decides anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side<'a> {
    /// The user or token; the grants of a user are also those to its groups.
    pub subject: Subject,
    /// Those that decide, in the order of paths; if one is of NoAccess, then all are.
    pub deciding: Vec<Deciding<'a>>,
    /// Those that have no say, in the order of paths.
    pub hidden: Vec<Hidden<'a>>,
}

/// A grant that decides at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciding<'a> {
    /// The grant; its subject tells whether it comes through a group.
    pub grant: &'a Grant,
    /// The role that it names.
    pub role: &'a Role,
    /// Whether what it gives reaches below the path in question.
    pub propagate: Propagate,
    /// The pools through which it comes; none if it comes from the path itself or from above.
    pub pools: Vec<&'a PoolId>,
}

/// A grant on the way that has no say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The role that it names.
    pub role: &'a Role,
    /// Whether it propagates.
    pub propagate: Propagate,
    /// The pool that it would have come through, if it is not at the path or above.
    pub pool: Option<&'a PoolId>,
    /// Why it has none.
    pub reason: Reason<'a>,
}

/// Why a grant has no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// It does not propagate, and counts at its own path alone, which is further up.
    NotPropagated,
    /// Grants at a path further down replace it.
    Replaced {
        /// That path; on the way to a pool, where there are grants at the pool or above.
        at: &'a AclPath,
    },
    /// It is to a group, and the user has a grant of its own at the same path.
    OwnGrant {
        /// That grant, or the first of them.
        by: &'a Grant,
    },
    /// NoAccess was granted at the same path, to the same user or to another of its groups.
    NoAccess {
        /// That grant.
        by: &'a Grant,
    },
    /// It comes through a pool, and NoAccess holds at the path itself.
    NoAccessAtPath {
        /// The grant of NoAccess.
        by: &'a Grant,
    },
    /// NoAccess holds at a pool that the path is a member of.
    NoAccessAtPool {
        /// The grant of NoAccess.
        by: &'a Grant,
        /// The pool.
        pool: &'a PoolId,
    },
}

impl<'a> Reason<'a> {
    /// Why `voice` loses to `by`, which is of NoAccess.
    pub(super) fn denied(voice: Voice<'a>, by: Voice<'a>) -> Reason<'a> {
        match by.pool {
            _ if by.pool == voice.pool => Reason::NoAccess { by: by.grant },
            None => Reason::NoAccessAtPath { by: by.grant },
            Some(pool) => Reason::NoAccessAtPool { by: by.grant, pool },
        }
    }
}

impl<'a> Side<'a> {
    /// Sorts out what was looked at, the path's own before what comes through pools.
    pub(super) fn new(
        subject: Subject,
        settled: impl IntoIterator<Item = Voice<'a>>,
        losers: impl IntoIterator<Item = (Voice<'a>, Reason<'a>)>,
    ) -> Side<'a> {
        let mut deciding: BTreeMap<&Grant, Deciding<'a>> = BTreeMap::new();
        for Voice { grant, role, propagate, pool } in settled {
            let here = || Deciding { grant, role, propagate, pools: pool.into_iter().collect() };
            let known = deciding.get_mut(grant);
            match (known, pool) {
                (None, _) => _ = deciding.insert(grant, here()),
                (Some(known), Some(pool)) if !known.pools.is_empty() => known.pools.push(pool),
                (Some(_), _) => {}
            }
        }
        let mut hidden: BTreeMap<&Grant, Hidden<'a>> = BTreeMap::new();
        for (Voice { grant, role, propagate, pool }, reason) in losers {
            if !deciding.contains_key(grant) {
                hidden.entry(grant).or_insert(Hidden { grant, role, propagate, pool, reason });
            }
        }
        Side { subject, deciding: deciding.into_values().collect(), hidden: hidden.into_values().collect() }
    }

    /// What the deciding grants give.
    #[must_use]
    pub fn privileges(&self) -> Privileges {
        privileges(self.deciding.iter().map(|deciding| (deciding.role, deciding.propagate)))
    }

    /// Whether any deciding grant gives `privilege`.
    #[must_use]
    pub fn holds(&self, privilege: &Privilege) -> bool {
        self.giving(privilege).next().is_some()
    }

    /// The deciding grants that give `privilege`.
    pub fn giving(&self, privilege: &Privilege) -> impl Iterator<Item = &Deciding<'a>> {
        self.deciding.iter().filter(move |deciding| deciding.role.privs.contains(privilege))
    }

    /// The hidden grants that would give `privilege`.
    pub fn withholding(&self, privilege: &Privilege) -> impl Iterator<Item = &Hidden<'a>> {
        self.hidden.iter().filter(move |hidden| hidden.role.privs.contains(privilege))
    }

    /// The grants of NoAccess that decide.
    pub fn denying(&self) -> impl Iterator<Item = &Deciding<'a>> {
        self.deciding.iter().filter(|deciding| denies(deciding.grant))
    }
}
