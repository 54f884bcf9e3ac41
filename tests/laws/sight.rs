//! What holds of a reader's sight: whatever a server keeps from it is of a kind that the snapshot names.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::select;
use pve_access::api::{Client, Credential, TokenFields, Trust};
use pve_access::live::{Blind, Snapshot, Source};
use pve_access::model::{AccessState, Grant, Group, Origin, Pool, Privsep, Role, Token, User};
use pve_access::pve::{GroupId, Principal, Release, Subject, UserId, builtin_roles};

use super::exported::check_seen;
use super::served::{give_password, serve};

/// The second holds what is granted to it, and nothing of its user's everything.
const READERS: [&str; 2] = ["reader@pve!ci", "root@pam!separated"];

/// Who logs in sees itself, which a token does not; `root@pam` sees everything.
const USERS_WHO_READ: [&str; 2] = ["reader@pve", "root@pam"];

/// One privilege each, and what is granted in real life.
const ROLES: [&str; 9] =
    ["Audit", "Modify", "Allocate", "Pools", "All", "PVEUserAdmin", "PVEPoolUser", "PVEAuditor", "NoAccess"];
const PATHS: [&str; 10] = [
    "/",
    "/access",
    "/access/groups",
    "/access/groups/g0",
    "/access/groups/g1",
    "/pool",
    "/pool/p",
    "/pool/p/q",
    "/pool/p/q/r",
    "/vms/100",
];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const USERS: [&str; 4] = ["reader@pve", "ann@pve", "bob@pam", "gone@pve"];

fn custom_roles() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("Audit", &["Sys.Audit"][..]),
        ("Modify", &["User.Modify"]),
        ("Allocate", &["Group.Allocate"]),
        ("Pools", &["Pool.Audit"]),
        ("All", &["Pool.Audit", "Sys.Audit", "User.Modify"]),
    ])
}

/// A state in which most grants bear on what the reader sees.
fn state() -> impl Strategy<Value = AccessState> {
    let subject = prop_oneof![
        5 => Just(Subject::User("reader@pve".parse().unwrap())),
        5 => select(&READERS[..]).prop_map(|reader| Subject::Token(reader.parse().unwrap())),
        5 => select(&GROUPS[..]).prop_map(|group| Subject::Group(group.parse().unwrap())),
        1 => Just(Subject::User("ann@pve".parse().unwrap())),
    ];
    let grant = (select(&PATHS[..]), subject, select(&ROLES[..]));
    let grant = grant.prop_map(|(path, subject, role)| Grant {
        path: path.parse().unwrap(),
        subject,
        role: role.parse().unwrap(),
    });
    // Without the last of these most readers would see nothing at all.
    let at_the_top = select(&["none", "user", "token", "both", "both", "both"][..]);
    (
        any::<bool>(),
        btree_set(select(&GROUPS[..]), 1..4),
        btree_map(select(&USERS[..]), btree_set(select(&GROUPS[..]), 0..3), 0..4),
        btree_set(select(&["p", "p/q", "p/q/r", "s"][..]), 0..5),
        btree_map(grant, any::<bool>(), 0..8),
        at_the_top,
    )
        .prop_map(|(privsep, groups, memberships, pools, acl, at_the_top)| {
            let mut state = AccessState::empty(Release::MEASURED);
            let builtin = |privs| Role { privs, origin: Origin::Builtin };
            state.roles = builtin_roles().into_iter().map(|(id, privs)| (id, builtin(privs))).collect();
            for (id, privs) in custom_roles() {
                let privs = privs.iter().map(|privilege| privilege.parse().unwrap()).collect();
                state.roles.insert(id.parse().unwrap(), Role { privs, origin: Origin::Custom });
            }
            for group in groups {
                state.groups.insert(group.parse().unwrap(), Group { comment: "kept".into() });
            }
            for user in ["root@pam", "reader@pve", "ann@pve", "bob@pam"] {
                state.users.insert(user.parse().unwrap(), User::default());
            }
            state.tokens.insert(READERS[0].parse().unwrap(), Token { privsep: privsep.into(), ..Token::default() });
            state.tokens.insert(READERS[1].parse().unwrap(), Token { privsep: Privsep::Yes, ..Token::default() });
            state.tokens.insert("ann@pve!tk".parse().unwrap(), Token { privsep: Privsep::No, ..Token::default() });
            for (user, of) in memberships {
                let of: BTreeSet<GroupId> = of.into_iter().map(|group| group.parse().unwrap()).collect();
                let of = of.into_iter().filter(|group| state.groups.contains_key(group)).collect();
                state.set_groups_of(&user.parse::<UserId>().unwrap(), of);
            }
            for pool in pools {
                state.pools.insert(pool.parse().unwrap(), Pool::default());
            }
            state.acl = acl.into_iter().map(|(grant, yes)| (grant, yes.into())).collect();
            let top = |subject| Grant { path: "/".parse().unwrap(), subject, role: "All".parse().unwrap() };
            if ["user", "both"].contains(&at_the_top) {
                state.acl.insert(top(Subject::User("reader@pve".parse().unwrap())), true.into());
            }
            if ["token", "both"].contains(&at_the_top) {
                for reader in READERS {
                    state.acl.insert(top(Subject::Token(reader.parse().unwrap())), true.into());
                }
            }
            state
        })
}

/// What is there, and what the reader sees of it.
async fn look(live: &AccessState, reader: &Principal) -> (Snapshot, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let (serving, admin) = serve(folder.path(), live).await;
    let credential = match reader {
        Principal::Token(token) => {
            let secret = admin.regenerate_token(token, &TokenFields::default()).await.unwrap();
            Credential::new(token.clone(), secret).unwrap()
        }
        Principal::User(user) => give_password(folder.path(), user),
    };
    let reader = Client::new(serving.url().parse().unwrap(), credential, &Trust::System).unwrap();
    let all = admin.read().await.unwrap();
    let seen = reader.read().await.unwrap();
    assert!(all.sight.hidden().is_empty(), "{:?}", all.sight);
    (all, seen)
}

/// The kinds of which something is there and not seen, or seen otherwise than it is.
///
/// A single group or pool can be hidden by a grant that is hidden itself. That nobody can know, and to be told of the grants
/// must do.
fn differing(all: &AccessState, seen: &AccessState) -> BTreeSet<Blind> {
    let grants = all.acl != seen.acl;
    let groups = (&all.groups, &all.memberships) != (&seen.groups, &seen.memberships);
    let accounts = (&all.users, &all.tokens) != (&seen.users, &seen.tokens);
    let kinds = [
        (Blind::Accounts, accounts || (groups && !grants)),
        (Blind::Grants, grants),
        (Blind::Pools, all.pools != seen.pools && !grants),
        (Blind::Realms, all.realms != seen.realms),
    ];
    kinds.into_iter().filter(|(_, differs)| *differs).map(|(kind, _)| kind).collect()
}

/// Nothing is seen that is not there; of a hidden group that shows in its members, the comment is not.
fn check_true(all: &AccessState, seen: &AccessState) -> Result<(), String> {
    let sound = seen.users.iter().all(|(id, user)| all.users.get(id) == Some(user))
        && seen.tokens.iter().all(|(id, token)| all.tokens.get(id) == Some(token))
        && seen.groups.keys().all(|group| all.groups.contains_key(group))
        && seen.memberships.iter().all(|(user, groups)| groups.is_subset(all.groups_of(user)))
        && seen.acl.iter().all(|(grant, propagate)| all.acl.get(grant) == Some(propagate))
        && seen.pools.iter().all(|(id, pool)| all.pools.get(id) == Some(pool));
    if sound && seen.roles == all.roles { Ok(()) } else { Err(format!("{seen:#?}\nbut {all:#?}")) }
}

fn check_sight(live: &AccessState, reader: &str) -> Result<Snapshot, TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reader: Principal = reader.parse().unwrap();
    let (all, seen) = runtime.block_on(look(live, &reader));
    prop_assert_eq!(seen.reader.as_ref(), Some(&reader));
    prop_assert_eq!(check_true(&all.state, &seen.state), Ok(()));
    prop_assert_eq!(check_seen(&seen), Ok(()));
    let named = seen.sight.hidden();
    let hidden = differing(&all.state, &seen.state);
    prop_assert!(hidden.is_subset(named), "{hidden:?} are hidden, but {named:?} are named; seen is {:#?}", seen.state);
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_is_of_a_kind_that_is_named(live in state(), reader in select(&[READERS[0], READERS[0], READERS[1]][..])) {
        check_sight(&live, reader)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_hidden_from_a_user_is_named_too(live in state(), reader in select(&[USERS_WHO_READ[0], USERS_WHO_READ[0], USERS_WHO_READ[1]][..])) {
        let seen = check_sight(&live, reader)?;
        prop_assert!(reader != "root@pam" || seen.sight.hidden().is_empty());
    }
}
