//! One request's worth of change.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::batch::AclBatch;
use crate::model::{AccessState, Along, Group, Origin, Propagate, Role, Text, Token, User};
use crate::pve::{GroupId, Privilege, RoleId, TokenId, UserId};

/// A user with its groups: what one request can say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its attributes.
    pub user: User,
    /// The groups that it is in.
    pub groups: BTreeSet<GroupId>,
}

/// One change, as data: it can be shown, compared, run against a model and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// POST /access/roles
    CreateRole {
        /// Which.
        role: RoleId,
        /// What it holds.
        privs: BTreeSet<Privilege>,
    },
    /// POST /access/groups
    CreateGroup {
        /// Which.
        group: GroupId,
        /// What it is for.
        comment: Text,
    },
    /// POST /access/users
    CreateUser {
        /// Which.
        user: UserId,
        /// What it is like.
        account: Account,
    },
    /// POST /access/users/{userid}/token/{tokenid}; its answer holds the secret.
    CreateToken {
        /// Which.
        token: TokenId,
        /// What it is like.
        attributes: Token,
    },
    /// PUT /access/acl; what is granted already gets this `propagate`, in place.
    Grant {
        /// What to whom, where.
        batch: AclBatch,
        /// Whether it reaches below the path.
        propagate: Propagate,
    },
    /// PUT /access/roles/{roleid}
    SetRole {
        /// Which.
        role: RoleId,
        /// What it holds.
        before: BTreeSet<Privilege>,
        /// What it shall hold.
        after: BTreeSet<Privilege>,
    },
    /// PUT /access/groups/{groupid}
    SetGroup {
        /// Which.
        group: GroupId,
        /// What it was for.
        before: Text,
        /// What it shall be for.
        after: Text,
    },
    /// PUT /access/users/{userid}
    SetUser {
        /// Which.
        user: UserId,
        /// What it is like.
        before: Account,
        /// What it shall be like.
        after: Account,
    },
    /// PUT /access/password; nobody can read back whether it is set.
    SetPassword {
        /// Whose.
        user: UserId,
    },
    /// PUT /access/users/{userid}/token/{tokenid}
    SetToken {
        /// Which.
        token: TokenId,
        /// What it is like.
        before: Token,
        /// What it shall be like.
        after: Token,
    },
    /// PUT /access/users/{userid}/token/{tokenid} with `regenerate`: the former secret is refused from then on, and the
    /// answer holds the new one. Only a release that renews in place knows it.
    RotateToken {
        /// Which.
        token: TokenId,
        /// What it is like.
        before: Token,
        /// What it shall be like, beside its secret.
        after: Token,
    },
    /// PUT /access/acl with `delete`
    Revoke {
        /// What from whom, where.
        batch: AclBatch,
    },
    /// DELETE /access/users/{userid}/token/{tokenid}
    DeleteToken {
        /// Which.
        token: TokenId,
    },
    /// DELETE /access/users/{userid}
    DeleteUser {
        /// Which.
        user: UserId,
    },
    /// DELETE /access/groups/{groupid}
    DeleteGroup {
        /// Which.
        group: GroupId,
    },
    /// DELETE /access/roles/{roleid}
    DeleteRole {
        /// Which.
        role: RoleId,
    },
}

/// When an op is done: the order of this declaration is the order of execution.
///
/// What is named by others is made before them; nothing is taken away before what replaces it is given; what takes
/// other things along when it goes, goes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is called what it does")]
pub enum Phase {
    CreateRoles,
    CreateGroups,
    CreateUsers,
    CreateTokens,
    Grant,
    SetRoles,
    SetGroups,
    SetUsers,
    SetPasswords,
    SetTokens,
    RotateTokens,
    Revoke,
    DeleteTokens,
    DeleteUsers,
    DeleteGroups,
    DeleteRoles,
}

impl Op {
    /// When it is done.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Op::CreateRole { .. } => Phase::CreateRoles,
            Op::CreateGroup { .. } => Phase::CreateGroups,
            Op::CreateUser { .. } => Phase::CreateUsers,
            Op::CreateToken { .. } => Phase::CreateTokens,
            Op::Grant { .. } => Phase::Grant,
            Op::SetRole { .. } => Phase::SetRoles,
            Op::SetGroup { .. } => Phase::SetGroups,
            Op::SetUser { .. } => Phase::SetUsers,
            Op::SetPassword { .. } => Phase::SetPasswords,
            Op::SetToken { .. } => Phase::SetTokens,
            Op::RotateToken { .. } => Phase::RotateTokens,
            Op::Revoke { .. } => Phase::Revoke,
            Op::DeleteToken { .. } => Phase::DeleteTokens,
            Op::DeleteUser { .. } => Phase::DeleteUsers,
            Op::DeleteGroup { .. } => Phase::DeleteGroups,
            Op::DeleteRole { .. } => Phase::DeleteRoles,
        }
    }

    /// Puts back what a `Set` is about and what is gone from `state`: it cannot be as asked for if it is not there.
    pub(super) fn restore_in(&self, state: &mut AccessState) {
        match self {
            Op::SetRole { role, before: _, after } => {
                let role_after = || Role { privs: after.clone(), origin: Origin::Custom };
                state.roles.entry(role.clone()).or_insert_with(role_after);
            }
            Op::SetGroup { group, before: _, after } => {
                state.groups.entry(group.clone()).or_insert_with(|| Group { comment: after.clone() });
            }
            Op::SetUser { user, before: _, after } => {
                state.users.entry(user.clone()).or_insert_with(|| after.user.clone());
            }
            Op::SetToken { token, before: _, after } | Op::RotateToken { token, before: _, after } => {
                state.tokens.entry(token.clone()).or_insert_with(|| after.clone());
            }
            Op::CreateRole { .. }
            | Op::CreateGroup { .. }
            | Op::CreateUser { .. }
            | Op::CreateToken { .. }
            | Op::SetPassword { .. }
            | Op::Grant { .. }
            | Op::Revoke { .. }
            | Op::DeleteToken { .. }
            | Op::DeleteUser { .. }
            | Op::DeleteGroup { .. }
            | Op::DeleteRole { .. } => {}
        }
    }

    /// Whether `state` is as if it had been done already; marks of second factors aside, which it does not write.
    #[must_use]
    pub fn is_done_in(&self, state: &AccessState) -> bool {
        match self {
            Op::CreateRole { role, privs } => {
                state.roles.get(role).is_some_and(|there| there.privs == *privs && there.origin == Origin::Custom)
            }
            Op::CreateGroup { group, comment } => {
                state.groups.get(group).is_some_and(|there| there.comment == *comment)
            }
            Op::CreateUser { user, account: Account { user: attributes, groups } } => {
                let is_alike = |there: &User| *there == User { keys: there.keys.clone(), ..attributes.clone() };
                state.users.get(user).is_some_and(is_alike) && groups.is_subset(state.groups_of(user))
            }
            Op::CreateToken { token, attributes } => state.tokens.get(token) == Some(attributes),
            Op::Grant { batch, propagate } => batch.grants().all(|grant| state.acl.get(&grant) == Some(propagate)),
            Op::SetRole { role, before: _, after } => state.roles.get(role).is_none_or(|there| there.privs == *after),
            Op::SetGroup { group, before: _, after } => {
                state.groups.get(group).is_none_or(|there| there.comment == *after)
            }
            Op::SetUser { user, before, after } => state.users.get(user).is_none_or(|there| {
                let mut set = there.clone();
                set_user(&mut set, &before.user, &after.user);
                set == *there && (before.groups == after.groups || *state.groups_of(user) == after.groups)
            }),
            // Which password a user has, no state says; without the user there is nothing to set.
            Op::SetPassword { user } => !state.users.contains_key(user),
            Op::SetToken { token, before, after } => state.tokens.get(token).is_none_or(|there| {
                let mut set = there.clone();
                set_token(&mut set, before, after);
                set == *there
            }),
            // A secret is not seen, so only a new end tells that there is another one.
            Op::RotateToken { token, before, after } => state.tokens.get(token).is_none_or(|there| {
                let mut set = there.clone();
                set_token(&mut set, before, after);
                before.expire != after.expire && set == *there
            }),
            Op::Revoke { batch } => batch.grants().all(|grant| !state.acl.contains_key(&grant)),
            Op::DeleteToken { token } => !state.tokens.contains_key(token),
            Op::DeleteUser { user } => !state.users.contains_key(user),
            Op::DeleteGroup { group } => !state.groups.contains_key(group),
            Op::DeleteRole { role } => !state.roles.contains_key(role),
        }
    }

    /// Makes the change to `state` as the server makes it, and says what else goes.
    ///
    /// A `Set` touches the attributes that differ between its two sides and no others, like the request that it stands
    /// for. A user that is made keeps the memberships that wait for its name (api-facts.md, ACL).
    pub fn apply_to(&self, state: &mut AccessState) -> Along {
        match self {
            Op::CreateRole { role, privs } => {
                state.roles.insert(role.clone(), Role { privs: privs.clone(), origin: Origin::Custom });
            }
            Op::CreateGroup { group, comment } => {
                state.groups.insert(group.clone(), Group { comment: comment.clone() });
            }
            Op::CreateUser { user, account: Account { user: attributes, groups } } => {
                state.users.insert(user.clone(), attributes.clone());
                let all = state.groups_of(user).union(groups).cloned().collect();
                state.set_groups_of(user, all);
            }
            Op::CreateToken { token, attributes } => {
                state.tokens.insert(token.clone(), attributes.clone());
            }
            Op::Grant { batch, propagate } => state.acl.extend(batch.grants().map(|grant| (grant, *propagate))),
            Op::SetRole { role, before: _, after } => {
                if let Some(role) = state.roles.get_mut(role) {
                    role.privs.clone_from(after);
                }
            }
            Op::SetGroup { group, before: _, after } => {
                if let Some(group) = state.groups.get_mut(group) {
                    group.comment.clone_from(after);
                }
            }
            Op::SetUser { user, before, after } => {
                if let Some(attributes) = state.users.get_mut(user) {
                    set_user(attributes, &before.user, &after.user);
                    if before.groups != after.groups {
                        state.set_groups_of(user, after.groups.clone());
                    }
                }
            }
            // Passwords are no part of a state.
            Op::SetPassword { user: _ } => {}
            Op::SetToken { token, before, after } | Op::RotateToken { token, before, after } => {
                if let Some(attributes) = state.tokens.get_mut(token) {
                    set_token(attributes, before, after);
                }
            }
            Op::Revoke { batch } => {
                for grant in batch.grants() {
                    state.acl.remove(&grant);
                }
            }
            Op::DeleteToken { token } => return state.remove_token(token),
            Op::DeleteUser { user } => return state.remove_user(user),
            Op::DeleteGroup { group } => return state.remove_group(group),
            Op::DeleteRole { role } => return state.remove_role(role),
        }
        Along::default()
    }
}

fn set<T: PartialEq + Clone>(value: &mut T, before: &T, after: &T) {
    if before != after {
        value.clone_from(after);
    }
}

fn set_user(user: &mut User, before: &User, after: &User) {
    // `keys` is never written.
    let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
    set(enable, &before.enable, &after.enable);
    set(expire, &before.expire, &after.expire);
    set(firstname, &before.firstname, &after.firstname);
    set(lastname, &before.lastname, &after.lastname);
    set(email, &before.email, &after.email);
    set(comment, &before.comment, &after.comment);
}

fn set_token(token: &mut Token, before: &Token, after: &Token) {
    let Token { comment, expire, privsep } = token;
    set(comment, &before.comment, &after.comment);
    set(expire, &before.expire, &after.expire);
    set(privsep, &before.privsep, &after.privsep);
}
