//! Two states in, a [`Diff`] out.
//!
//! Knows what differs between two states, both sides of it, and how to get from one to the other. Does not know which
//! requests that takes, or in which order.

mod delta;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use delta::Delta;
use delta::{deltas, inverted, patched};

use crate::model::{AccessState, Grant, Group, Pool, Propagate, Realm, Role, Token, User};
use crate::pve::{GroupId, PoolId, RealmId, RoleId, TokenId, UserId};

/// Everything in which two states differ; what a deletion takes along is named like any other removal.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Realms.
    pub realms: BTreeMap<RealmId, Delta<Realm>>,
    /// Roles.
    pub roles: BTreeMap<RoleId, Delta<Role>>,
    /// Groups, without their members.
    pub groups: BTreeMap<GroupId, Delta<Group>>,
    /// Users, without their groups.
    pub users: BTreeMap<UserId, Delta<User>>,
    /// Tokens.
    pub tokens: BTreeMap<TokenId, Delta<Token>>,
    /// The groups of each user.
    pub memberships: BTreeMap<UserId, Delta<BTreeSet<GroupId>>>,
    /// Pools.
    pub pools: BTreeMap<PoolId, Delta<Pool>>,
    /// Grants.
    pub acl: BTreeMap<Grant, Delta<Propagate>>,
}

/// What leads from `before` to `after`.
///
/// The release is a fact about the server, not part of what differs.
pub fn diff(before: &AccessState, after: &AccessState) -> Diff {
    let AccessState { release: _, realms, roles, groups, users, tokens, memberships, pools, acl } = before;
    Diff {
        realms: deltas(realms, &after.realms),
        roles: deltas(roles, &after.roles),
        groups: deltas(groups, &after.groups),
        users: deltas(users, &after.users),
        tokens: deltas(tokens, &after.tokens),
        memberships: deltas(memberships, &after.memberships),
        pools: deltas(pools, &after.pools),
        acl: deltas(acl, &after.acl),
    }
}

/// `state` with `changes` made to it: `patch(a, diff(a, b))` is `b`.
#[must_use]
pub fn patch(state: &AccessState, changes: &Diff) -> AccessState {
    let Diff { realms, roles, groups, users, tokens, memberships, pools, acl } = changes;
    AccessState {
        release: state.release,
        realms: patched(&state.realms, realms),
        roles: patched(&state.roles, roles),
        groups: patched(&state.groups, groups),
        users: patched(&state.users, users),
        tokens: patched(&state.tokens, tokens),
        memberships: patched(&state.memberships, memberships),
        pools: patched(&state.pools, pools),
        acl: patched(&state.acl, acl),
    }
}

impl Diff {
    /// Whether the two states are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Diff { realms, roles, groups, users, tokens, memberships, pools, acl } = self;
        realms.is_empty()
            && roles.is_empty()
            && groups.is_empty()
            && users.is_empty()
            && tokens.is_empty()
            && memberships.is_empty()
            && pools.is_empty()
            && acl.is_empty()
    }

    /// What leads back.
    pub fn inverted(&self) -> Diff {
        let Diff { realms, roles, groups, users, tokens, memberships, pools, acl } = self;
        Diff {
            realms: inverted(realms),
            roles: inverted(roles),
            groups: inverted(groups),
            users: inverted(users),
            tokens: inverted(tokens),
            memberships: inverted(memberships),
            pools: inverted(pools),
            acl: inverted(acl),
        }
    }
}
