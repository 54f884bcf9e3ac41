//! From the server's lists to the normal form.

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

    fn reader() -> Principal {
        "api@pam!homepage".parse().unwrap()
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
            members: BTreeMap::new(),
            held: Holdings { access: wire(held.clone()), groups: wire(held.clone()), pool: wire(held) },
        }
    }

    #[test]
    fn the_walkthrough_is_read_whole() {
        let (state, sight) = walkthrough().into_state(&reader());
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
        assert_eq!(listing.into_state(&reader()).0.acl.into_values().collect::<Vec<_>>(), [Propagate::No]);
    }

    #[test]
    fn members_that_do_not_exist_any_more_are_kept() {
        let mut listing = walkthrough();
        listing.groups = wire(json!([{"groupid": "api-ro-users", "users": "api@pam,gone@corp"}]));
        let (state, sight) = listing.into_state(&reader());
        assert_eq!(state.groups_of(&"gone@corp".parse().unwrap()).len(), 1);
        assert_eq!(sight, Sight::Full);
    }

    /// Who sees what in transcript `visibility`.
    #[test]
    fn blindness_follows_from_what_the_reader_holds() {
        let sight = |access: Value, groups: Value, pool: Value| {
            let mut listing = walkthrough();
            listing.held = Holdings { access: wire(access), groups: wire(groups), pool: wire(pool) };
            listing.into_state(&reader()).1
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

    /// Enough at /access/groups and /pool, and less at one path below: what is there is hidden.
    #[test]
    fn an_entry_further_down_hides_what_is_there() {
        let entry = |path: &str, role: &str| json!({"path": path, "propagate": 1, "roleid": role, "type": "token", "ugid": "api@pam!homepage"});
        for (path, role, blind) in [
            ("/access/groups/dev", "NoAccess", Some(Blind::Accounts)),
            ("/access/groups/dev", "R1", Some(Blind::Accounts)),
            ("/pool/lab/sub", "R1", Some(Blind::Pools)),
            ("/pool/lab", "PVEPoolUser", None),
            ("/vms", "NoAccess", None),
        ] {
            let mut listing = walkthrough();
            listing.users = wire(json!([{"userid": "api@pam", "enable": 1, "groups": "",
                "tokens": [{"expire": 0, "privsep": 1, "tokenid": "homepage"}]}]));
            listing.roles.push(wire(json!({"privs": "Sys.Audit,Pool.Audit,VM.Audit", "roleid": "R3", "special": 0})));
            let everything = json!({"path": "/", "propagate": 1, "roleid": "R3", "type": "user", "ugid": "api@pam"});
            listing.acl = wire(json!([everything, entry("/", "R3"), entry(path, role)]));
            let expected = blind.map_or(Sight::Full, |blind| Sight::Partial([blind].into()));
            assert_eq!(listing.into_state(&reader()).1, expected, "{role} at {path}");
        }
    }

    fn granted(path: &str, role: &str, propagate: u8, who: &str) -> Value {
        let kind = if who.contains('!') {
            "token"
        } else if who.contains('@') {
            "user"
        } else {
            "group"
        };
        json!({"path": path, "propagate": propagate, "roleid": role, "type": kind, "ugid": who})
    }

    /// What the user is granted at a pool alone hides there, and only there, what its group lost.
    #[test]
    fn what_is_held_at_a_pool_need_not_reach_those_in_it() {
        let mut listing = walkthrough();
        listing.acl = wire(json!([
            granted("/", "PVEAuditor", 1, "api@pam"),
            granted("/pool/lab", "PVEPoolUser", 0, "api@pam"),
            granted("/pool/lab", "NoAccess", 1, "api-ro-users")
        ]));
        listing.roles.push(wire(json!({"privs": "Sys.Audit,Pool.Audit", "roleid": "PVEAuditor", "special": 1})));
        assert_eq!(listing.into_state(&reader()).1, Sight::Partial([Blind::Pools].into()));
    }

    /// Whoever sees no accounts does not know which groups it is in.
    #[test]
    fn who_does_not_see_itself_cannot_tell_which_pools_are_hidden() {
        for (path, blind) in [("/pool/lab", vec![Blind::Accounts, Blind::Pools]), ("/pool", vec![Blind::Accounts])] {
            let mut listing = walkthrough();
            listing.acl = wire(json!([granted(path, "NoAccess", 1, "hidden")]));
            listing.held.groups = wire(json!({}));
            assert_eq!(listing.into_state(&reader()).1, Sight::Partial(blind.into_iter().collect()), "{path}");
        }
    }

    #[test]
    fn a_hidden_group_shows_in_its_members() {
        let mut listing = walkthrough();
        listing.groups.clear();
        let (state, sight) = listing.into_state(&reader());
        assert_eq!(sight, Sight::Partial(BTreeSet::from([Blind::Accounts])));
        assert!(state.groups.contains_key(&"api-ro-users".parse().unwrap()));
    }
}
