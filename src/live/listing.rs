//! From the server's lists to the normal form.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Blind, Sight};
use crate::api::wire::{Ace, Group, Held, Pool, Realm, Role, Token, User, Version};
use crate::model::{self, AccessState, Grant, Origin};
use crate::pve::{GroupId, PoolId, RealmId, RoleId, UserId};

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
    /// The state that these lists describe, and what may be missing from it.
    pub(super) fn into_state(self) -> (AccessState, Sight) {
        let Listing { version, roles, groups, users, acl, realms, pools, held } = self;
        let mut state = AccessState::empty(version.release);
        state.realms = realms.into_iter().map(realm).collect();
        state.roles = roles.into_iter().map(role).collect();
        state.pools = pools.into_iter().map(pool).collect();
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
        let sight = if blind.is_empty() { Sight::Full } else { Sight::Partial(blind) };
        (state, sight)
    }
}

impl Holdings {
    /// What the server keeps from whoever holds no more than this.
    fn blind(&self) -> BTreeSet<Blind> {
        let Holdings { access, groups, pool } = self;
        let mut blind = BTreeSet::new();
        for (kind, held, reach) in [
            (Blind::Grants, access, Reach::Here),
            (Blind::Accounts, groups, Reach::Below),
            (Blind::Pools, pool, Reach::Below),
        ] {
            if !holds(held, kind.needs().privileges, reach) {
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

/// A pool without what is in it, which the server says of one pool at a time only.
fn pool(listed: Pool) -> (PoolId, model::Pool) {
    let Pool { poolid, comment } = listed;
    (poolid, model::Pool { comment: comment.into(), vms: BTreeSet::new(), storage: BTreeSet::new() })
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

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Enable, Expire, Privsep, Propagate, Text};
    use crate::pve::{Subject, TokenId};

    fn wire<T: DeserializeOwned>(json: Value) -> T {
        serde_json::from_value(json).unwrap()
    }

    /// The answers of transcript `homepage-walkthrough` to `api@pam!homepage` after its grants, with some roles of
    /// transcript `roles`, the realms of `realms` and the pools of `pools`.
    fn walkthrough() -> Listing {
        let held = json!({
            "Datastore.Audit": 1, "Mapping.Audit": 1, "Pool.Audit": 1, "SDN.Audit": 1, "Sys.Audit": 1, "VM.Audit": 1,
            "VM.GuestAgent.Audit": 1
        });
        Listing {
            version: wire(json!({"release": "9.2", "repoid": "0123456789abcdef", "version": "9.2.11"})),
            roles: wire(json!([
                {"privs": "", "roleid": "NoAccess", "special": 1},
                {"privs": "Pool.Audit", "roleid": "PVEPoolUser", "special": 1},
                {"privs": "VM.Audit", "roleid": "R1", "special": 0},
                {"privs": "", "roleid": "R2", "special": 0}
            ])),
            groups: wire(json!([
                {"comment": "Read-only API consumers", "groupid": "api-ro-users", "users": "api@pam"}
            ])),
            users: wire(json!([
                {"comment": "Dashboard", "email": "", "enable": 1, "expire": 0, "groups": "api-ro-users",
                 "realm-type": "pam", "userid": "api@pam",
                 "tokens": [{"comment": "Homepage", "expire": 0, "privsep": 0, "tokenid": "homepage"}]},
                {"email": "root@example.test", "enable": 1, "expire": 0, "groups": "", "realm-type": "pam",
                 "tokens": [{"comment": "test bootstrap", "expire": 0, "privsep": 0, "tokenid": "admin"}],
                 "userid": "root@pam"}
            ])),
            acl: wire(json!([
                {"path": "/", "propagate": 1, "roleid": "PVEAuditor", "type": "group", "ugid": "api-ro-users"},
                {"path": "/", "propagate": 1, "roleid": "PVEAuditor", "type": "token", "ugid": "api@pam!homepage"}
            ])),
            realms: wire(json!([
                {"realm": "ad1", "type": "ad"},
                {"comment": "New", "realm": "corp", "type": "ldap"},
                {"comment": "Linux PAM standard authentication", "default": 1, "realm": "pam", "type": "pam"},
                {"comment": "Proxmox VE authentication server", "realm": "pve", "type": "pve"},
                {"realm": "sso", "type": "openid"}
            ])),
            pools: wire(json!([{"comment": "Lab", "poolid": "lab"}, {"poolid": "lab/sub"}])),
            held: Holdings { access: wire(held.clone()), groups: wire(held.clone()), pool: wire(held) },
        }
    }

    #[test]
    fn the_walkthrough_is_read_whole() {
        let (state, sight) = walkthrough().into_state();
        assert_eq!(sight, Sight::Full);
        assert_eq!(state.release.to_string(), "9.2");
        let api: UserId = "api@pam".parse().unwrap();
        assert_eq!(
            state.users[&api],
            model::User { comment: Text::from("Dashboard"), enable: Enable::Yes, ..model::User::default() }
        );
        let token = &state.tokens[&"api@pam!homepage".parse::<TokenId>().unwrap()];
        assert_eq!((token.expire, token.privsep), (Expire::Never, Privsep::No));
        assert_eq!(state.groups_of(&api), &BTreeSet::from(["api-ro-users".parse().unwrap()]));
        assert_eq!(state.roles[&"NoAccess".parse().unwrap()].origin, Origin::Builtin);
        let custom = &state.roles[&"R1".parse().unwrap()];
        assert_eq!((custom.origin, custom.privs.len()), (Origin::Custom, 1));
        let grant = Grant {
            path: "/".parse().unwrap(),
            subject: Subject::Token("api@pam!homepage".parse().unwrap()),
            role: "PVEAuditor".parse().unwrap(),
        };
        assert_eq!(state.acl[&grant], Propagate::Yes);
        assert_eq!(state.acl.len(), 2);
        let pam = &state.realms[&"pam".parse::<RealmId>().unwrap()];
        assert_eq!(pam.options["default"], "1");
        assert_eq!(pam.options.len(), 2);
        assert_eq!(state.pools.len(), 2);
    }

    /// An answer of transcript `acl`.
    #[test]
    fn a_grant_that_does_not_propagate_says_so() {
        let mut listing = walkthrough();
        listing.acl = wire(json!([{"path": "/vms", "propagate": 0, "roleid": "R1", "type": "user", "ugid": "u1@pve"}]));
        assert_eq!(listing.into_state().0.acl.into_values().collect::<Vec<_>>(), [Propagate::No]);
    }

    #[test]
    fn members_that_do_not_exist_any_more_are_kept() {
        let mut listing = walkthrough();
        listing.groups = wire(json!([{"groupid": "api-ro-users", "users": "api@pam,gone@corp"}]));
        let (state, sight) = listing.into_state();
        assert_eq!(state.groups_of(&"gone@corp".parse().unwrap()).len(), 1);
        assert_eq!(sight, Sight::Full);
    }

    /// Who sees what in transcript `visibility`.
    #[test]
    fn blindness_follows_from_what_the_reader_holds() {
        let sight = |access: Value, groups: Value, pool: Value| {
            let mut listing = walkthrough();
            listing.held = Holdings { access: wire(access), groups: wire(groups), pool: wire(pool) };
            listing.into_state().1
        };
        let partial = |blind: &[Blind]| Sight::Partial(blind.iter().copied().collect());
        let audit = json!({"Sys.Audit": 1});
        let user_admin = json!({"Group.Allocate": 1, "Realm.AllocateUser": 1, "User.Modify": 1});
        assert_eq!(sight(json!({}), json!({}), json!({})), partial(&[Blind::Accounts, Blind::Grants, Blind::Pools]));
        assert_eq!(sight(audit.clone(), audit.clone(), json!({})), partial(&[Blind::Pools]));
        assert_eq!(
            sight(user_admin.clone(), user_admin, json!({})),
            partial(&[Blind::Grants, Blind::Pools]),
            "user administrators see no grants"
        );
        assert_eq!(
            sight(audit.clone(), json!({"Sys.Audit": 0}), json!({"Pool.Audit": 0})),
            partial(&[Blind::Accounts, Blind::Pools]),
            "groups and pools are asked for one by one"
        );
        assert_eq!(sight(audit.clone(), audit, json!({"Pool.Audit": 1})), Sight::Full);
    }

    #[test]
    fn a_hidden_group_shows_in_its_members() {
        let mut listing = walkthrough();
        listing.groups.clear();
        let (state, sight) = listing.into_state();
        assert_eq!(sight, Sight::Partial(BTreeSet::from([Blind::Accounts])));
        assert!(state.groups.contains_key(&"api-ro-users".parse().unwrap()));
    }
}
