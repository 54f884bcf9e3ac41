//! What is read of the recorded answers, and who sees how much.

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
    assert_eq!(
        sight(json!({"Sys.Audit": 0}), audit.clone(), json!({"Pool.Audit": 1})),
        Sight::Full,
        "grants are asked for in one place alone"
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
        let everywhere = granted("/", "PVEAuditor", 1, "api@pam");
        listing.acl = wire(json!([everywhere, granted(path, "NoAccess", 1, "hidden")]));
        listing.roles.push(wire(json!({"privs": "Pool.Audit", "roleid": "PVEAuditor", "special": 1})));
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
