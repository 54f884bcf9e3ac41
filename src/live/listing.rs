//! From the server's lists to the normal form.

#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Blind, Needed, Sight};
use crate::api::wire::{Ace, Group, Held, Member, Pool, Realm, Role, Token, User, Version};
use crate::model::{self, AccessState, Grant, Origin};
use crate::permissions::Evaluator;
use crate::pve::{GroupId, PoolId, Principal, RealmId, RoleId, UserId};

/// What the server answered to each read.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) version: Version,
    pub(super) roles: Vec<Role>,
    pub(super) groups: Vec<Group>,
    pub(super) users: Vec<User>,
    pub(super) acl: Vec<Ace>,
    pub(super) realms: Vec<Realm>,
    pub(super) pools: Vec<Pool>,
    pub(super) members: BTreeMap<PoolId, Vec<Member>>,
    pub(super) held: Holdings,
}

/// What the reader holds at the paths that decide what the lists show.
#[derive(Clone, Debug)]
pub(super) struct Holdings {
    /// At `/access`.
    pub(super) access: Held,
    /// At `/access/groups`.
    pub(super) groups: Held,
    /// At `/pool`.
    pub(super) pool: Held,
}

impl Listing {
    /// The state that these lists describe, and what may be missing from it for `reader`.
    pub(super) fn into_state(self, reader: &Principal) -> (AccessState, Sight) {
        let Listing { version, roles, groups, users, acl, realms, pools, members, held } = self;
        let mut state = AccessState::empty(version.release);
        state.realms = realms.into_iter().map(realm).collect();
        state.roles = roles.into_iter().map(role).collect();
        state.pools = pools.into_iter().map(|listed| pool(listed, &members)).collect();
        state.acl = acl.into_iter().map(grant).collect();

        let mut memberships = BTreeSet::new();
        for Group { groupid, comment, users } in groups {
            memberships.extend(users.into_iter().map(|user| (user, groupid.clone())));
            state.groups.insert(groupid, model::Group { comment: comment.into() });
        }
        for user in users {
            memberships.extend(user.groups.iter().map(|group| (user.userid.clone(), group.clone())));
            add_user(&mut state, user);
        }
        let hidden_groups = add_memberships(&mut state, memberships);

        let mut blind = held.blind();
        if hidden_groups {
            blind.insert(Blind::Accounts);
        }
        blind.extend(blind_below(&state, reader, &blind));
        let sight = if blind.is_empty() { Sight::Full } else { Sight::Partial(blind) };
        (state, sight)
    }
}

impl Holdings {
    /// What decides what the reader sees of grants, accounts and pools, in the order of the fields.
    pub(super) const PATHS: [&str; 3] = ["/access", "/access/groups", "/pool"];

    /// What the server keeps from whoever holds no more than this.
    fn blind(&self) -> BTreeSet<Blind> {
        let Holdings { access, groups, pool } = self;
        let mut blind = BTreeSet::new();
        for (kind, held, reach) in [
            (Blind::Grants, access, Reach::Here),
            (Blind::Accounts, groups, Reach::Below),
            (Blind::Pools, pool, Reach::Below),
        ] {
            if !kind.needs().is_none_or(|needed| holds(held, needed.privileges, reach)) {
                blind.insert(kind);
            }
        }
        blind
    }
}

/// How far a privilege has to reach for nothing to be hidden.
#[derive(Clone, Copy)]
enum Reach {
    /// The server asks for it at this path alone.
    Here,
    /// The server asks for it at the path of each object below.
    Below,
}

fn holds(held: &Held, any_of: &[&str], reach: Reach) -> bool {
    held.0.iter().any(|(privilege, &propagates)| {
        any_of.contains(&privilege.as_str())
            && match reach {
                Reach::Here => true,
                Reach::Below => propagates,
            }
    })
}

/// What is hidden from `reader` although it holds enough at the top: an entry further down may have replaced that. The
/// grants say so, if all of them can be seen; whoever does not see them cannot know what else it does not see.
fn blind_below(state: &AccessState, reader: &Principal, known: &BTreeSet<Blind>) -> BTreeSet<Blind> {
    if known.contains(&Blind::Grants) {
        return BTreeSet::new();
    }
    // Who the reader is may be hidden, and then so is which of the grants are its own.
    let knows_itself = !known.contains(&Blind::Accounts);
    let evaluator = OnceCell::new();
    let lacks = |path: &str, any_of: &[&str]| {
        let held = evaluator.get_or_init(|| Evaluator::new(state)).at(reader, path);
        !held.keys().any(|privilege| any_of.contains(&privilege.as_str()))
    };
    let is_blind = |kind: &Blind| {
        let Some(Needed { privileges, path: top }) = kind.needs() else { return false };
        let paths: BTreeSet<&str> = state.acl.keys().map(|grant| grant.path.as_str()).collect();
        let mut below =
            paths.into_iter().filter(|path| path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')));
        // What holds at a path need not hold below it, and pools have pools in them.
        let lacks_here_or_below = |path: &str| {
            lacks(path, privileges) || (*kind == Blind::Pools && lacks(&format!("{path}/below"), privileges))
        };
        below.any(|path| !knows_itself || lacks_here_or_below(path))
    };
    [Blind::Accounts, Blind::Pools].into_iter().filter(is_blind).collect()
}

fn realm(listed: Realm) -> (RealmId, model::Realm) {
    let Realm { realm, r#type, comment, default, tfa } = listed;
    let options = [("comment", comment), ("default", default), ("tfa", tfa)];
    let options: BTreeMap<String, String> =
        options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    (realm, model::Realm { r#type, options })
}

fn role(listed: Role) -> (RoleId, model::Role) {
    let Role { roleid, privs, special } = listed;
    (roleid, model::Role { privs, origin: if special { Origin::Builtin } else { Origin::Custom } })
}

fn pool(listed: Pool, members: &BTreeMap<PoolId, Vec<Member>>) -> (PoolId, model::Pool) {
    let Pool { poolid, comment } = listed;
    let members = members.get(&poolid).map(Vec::as_slice).unwrap_or_default();
    let vms = members.iter().filter_map(|member| member.vmid).collect();
    let storage = members.iter().filter_map(|member| member.storage.clone()).collect();
    (poolid, model::Pool { comment: comment.into(), vms, storage })
}

fn grant(listed: Ace) -> (Grant, model::Propagate) {
    let Ace { path, subject, roleid, propagate } = listed;
    (Grant { path, subject, role: roleid }, propagate.into())
}

fn add_user(state: &mut AccessState, listed: User) {
    // The groups are memberships, which the groups' own lists say too.
    let User { userid, enable, expire, firstname, lastname, email, comment, keys, groups: _, tokens } = listed;
    for (id, token) in tokens {
        let Token { comment, expire, privsep } = token;
        state
            .tokens
            .insert(id, model::Token { comment: comment.into(), expire: expire.into(), privsep: privsep.into() });
    }
    let user = model::User {
        enable: enable.into(),
        expire: expire.into(),
        firstname: firstname.into(),
        lastname: lastname.into(),
        email: email.into(),
        comment: comment.into(),
        keys: keys.into(),
    };
    state.users.insert(userid, user);
}

/// Enters who is in which group, and says whether any of the groups was not listed.
///
/// The server hides groups one by one, but says of every user that it shows which groups the user is in.
fn add_memberships(state: &mut AccessState, memberships: BTreeSet<(UserId, GroupId)>) -> bool {
    let mut hidden = false;
    for (user, group) in memberships {
        if !state.groups.contains_key(&group) {
            hidden = true;
            state.groups.insert(group.clone(), model::Group::default());
        }
        state.memberships.entry(user).or_default().insert(group);
    }
    hidden
}
