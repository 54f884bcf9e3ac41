//! What is live and not declared.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::desired::{Desired, Presence, UserWish, Wish};
use crate::model::{AccessState, Grant, Origin};
use crate::pve::{GroupId, RoleId, TokenId, UserId};

/// Something live that the files do not mention and that therefore stays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// A custom role.
    Role(RoleId),
    /// A group.
    Group(GroupId),
    /// A user other than root@pam, which is always there.
    User(UserId),
    /// A token.
    Token(TokenId),
    /// Somebody in a declared group whose own groups are not declared.
    Membership(UserId, GroupId),
    /// A grant.
    Grant(Grant),
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Role(role) => write!(f, "role {role}"),
            Kept::Group(group) => write!(f, "group {group}"),
            Kept::User(user) => write!(f, "user {user}"),
            Kept::Token(token) => write!(f, "token {token}"),
            Kept::Membership(user, group) => write!(f, "membership of {user} in {group}"),
            Kept::Grant(Grant { path, subject, role }) => write!(f, "grant {role} on {path} to {subject}"),
        }
    }
}

/// Whatever `live` and `target` share without `desired` having asked for it, sorted by kind.
pub(super) fn kept(desired: &Desired, live: &AccessState, target: &AccessState) -> Vec<Kept> {
    let roles = live
        .roles
        .iter()
        .filter(|(id, role)| role.origin == Origin::Custom && !desired.roles.contains_key(id))
        .map(|(id, _)| Kept::Role(id.clone()));
    let groups = live.groups.keys().filter(|id| !desired.groups.contains_key(id)).cloned().map(Kept::Group);
    let users =
        live.users.keys().filter(|id| !id.is_root() && !desired.users.contains_key(id)).cloned().map(Kept::User);
    let tokens = live
        .tokens
        .keys()
        .filter(|id| !desired.tokens.contains_key(id) && target.tokens.contains_key(id))
        .cloned()
        .map(Kept::Token);
    let is_said = |user: &UserId| {
        let declared = desired.users.get(user).map(|declared| &declared.wish);
        !matches!(declared, None | Some(Presence::Present(UserWish { groups: Wish::Leave, .. })))
    };
    let memberships = target.memberships.iter().filter(|(user, _)| !is_said(user)).flat_map(|(user, groups)| {
        let declared = groups.iter().filter(|group| desired.groups.contains_key(group));
        declared.map(|group| Kept::Membership(user.clone(), group.clone()))
    });
    let grants = live
        .acl
        .keys()
        .filter(|grant| !desired.acl.contains_key(grant) && target.acl.contains_key(grant))
        .cloned()
        .map(Kept::Grant);
    roles.chain(groups).chain(users).chain(tokens).chain(memberships).chain(grants).collect()
}
