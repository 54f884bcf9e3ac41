//! What a plan was made on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{AccessState, Grant, Group, Propagate, Role, Text, Token, User};
use crate::pve::{GroupId, Release, RoleId, TokenId, UserId};

/// Everything of a state that a file can speak of.
///
/// Pools and realms are not part of it: no step touches them, guests come and go in pools all day, and the options of a
/// realm may be secret. The guards see those that are live when the plan is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::plan) struct Footing {
    release: Release,
    roles: BTreeMap<RoleId, Role>,
    groups: BTreeMap<GroupId, Group>,
    users: BTreeMap<UserId, User>,
    tokens: BTreeMap<TokenId, Token>,
    memberships: BTreeMap<UserId, BTreeSet<GroupId>>,
    /// A list, because a key of JSON is a text.
    acl: Vec<(Grant, Propagate)>,
}

impl Footing {
    /// That of `state`.
    pub(in crate::plan) fn of(state: &AccessState) -> Footing {
        let AccessState { release, realms: _, roles, groups, users, tokens, memberships, pools: _, acl } = state;
        // Never compared, never written, and once upon a time they were secret.
        let without_keys = |user: &User| User { keys: Text::EMPTY, ..user.clone() };
        Footing {
            release: *release,
            roles: roles.clone(),
            groups: groups.clone(),
            users: users.iter().map(|(id, user)| (id.clone(), without_keys(user))).collect(),
            tokens: tokens.clone(),
            memberships: memberships.clone(),
            acl: acl.iter().map(|(grant, propagate)| (grant.clone(), *propagate)).collect(),
        }
    }

    /// As a state without pools and realms.
    pub(in crate::plan) fn state(&self) -> AccessState {
        let Footing { release, roles, groups, users, tokens, memberships, acl } = self;
        AccessState {
            roles: roles.clone(),
            groups: groups.clone(),
            users: users.clone(),
            tokens: tokens.clone(),
            memberships: memberships.clone(),
            acl: acl.iter().cloned().collect(),
            ..AccessState::empty(*release)
        }
    }
}
