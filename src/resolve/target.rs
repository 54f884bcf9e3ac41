//! The complete state that the files ask for.

use std::collections::BTreeSet;

use crate::desired::{Desired, GroupWish, Presence, RoleWish, TokenWish, UserWish, Wish};
use crate::model::{AccessState, Group, Origin, Role, Token, User};

/// `live` with everything that `desired` says done to it.
///
/// Deletions come first, so that what they take along is gone before anything is declared into its place.
pub(super) fn target(desired: &Desired, live: &AccessState) -> AccessState {
    let mut target = live.clone();
    delete(desired, &mut target);
    for (id, declared) in &desired.roles {
        if let Presence::Present(wish) = &declared.wish {
            let role =
                target.roles.entry(id.clone()).or_insert(Role { privs: BTreeSet::new(), origin: Origin::Custom });
            lay_role(wish, role);
        }
    }
    for (id, declared) in &desired.groups {
        if let Presence::Present(wish) = &declared.wish {
            lay_group(wish, target.groups.entry(id.clone()).or_default());
        }
    }
    for (id, declared) in &desired.users {
        if let Presence::Present(wish) = &declared.wish {
            lay_user(wish, target.users.entry(id.clone()).or_default());
            if let Wish::Set(groups) = &wish.groups {
                target.set_groups_of(id, groups.keys().cloned().collect());
            }
        }
    }
    for (id, declared) in &desired.tokens {
        if let Presence::Present(wish) = &declared.wish {
            lay_token(wish, target.tokens.entry(id.clone()).or_default());
        }
    }
    for (grant, (presence, _)) in &desired.acl {
        if let Presence::Present(propagate) = presence {
            target.acl.insert(grant.clone(), *propagate);
        }
    }
    target
}

fn delete(desired: &Desired, target: &mut AccessState) {
    let Desired { cluster: _, lint: _, roles, groups, users, tokens, acl, policies: _ } = desired;
    for (grant, (presence, _)) in acl {
        if *presence == Presence::Absent {
            target.acl.remove(grant);
        }
    }
    // Only what is there: a vanished user's grants and memberships are not the user, and stay.
    for (id, _) in tokens.iter().filter(|(_, declared)| declared.wish == Presence::Absent) {
        if target.tokens.contains_key(id) {
            target.remove_token(id);
        }
    }
    for (id, _) in users.iter().filter(|(_, declared)| declared.wish == Presence::Absent) {
        if target.users.contains_key(id) {
            target.remove_user(id);
        }
    }
    for (id, _) in groups.iter().filter(|(_, declared)| declared.wish == Presence::Absent) {
        if target.groups.contains_key(id) {
            target.remove_group(id);
        }
    }
    for (id, _) in roles.iter().filter(|(_, declared)| declared.wish == Presence::Absent) {
        if target.roles.contains_key(id) {
            target.remove_role(id);
        }
    }
}

fn lay<T: Clone>(wish: &Wish<T>, value: &mut T) {
    if let Wish::Set(wanted) = wish {
        value.clone_from(wanted);
    }
}

fn lay_role(wish: &RoleWish, role: &mut Role) {
    let RoleWish { privs } = wish;
    if let Wish::Set(wanted) = privs {
        role.privs = wanted.keys().cloned().collect();
    }
}

fn lay_group(wish: &GroupWish, group: &mut Group) {
    let GroupWish { comment } = wish;
    lay(comment, &mut group.comment);
}

fn lay_user(wish: &UserWish, user: &mut User) {
    // The groups are a relation of their own, and no state says which password somebody has.
    let UserWish { enable, expire, firstname, lastname, email, comment, groups: _, password: _ } = wish;
    lay(enable, &mut user.enable);
    lay(expire, &mut user.expire);
    lay(firstname, &mut user.firstname);
    lay(lastname, &mut user.lastname);
    lay(email, &mut user.email);
    lay(comment, &mut user.comment);
}

fn lay_token(wish: &TokenWish, token: &mut Token) {
    // Where a secret goes is no part of the token: the server does not know it. Until when one that rotates is accepted
    // depends on the time.
    let TokenWish { comment, expire, privsep, secret: _, rotate: _ } = wish;
    lay(comment, &mut token.comment);
    lay(expire, &mut token.expire);
    lay(privsep, &mut token.privsep);
}
