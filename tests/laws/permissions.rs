//! What holds of answers about permissions: however they are asked for, they are the same, and reasons add up to them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::select;
use pve_access::model::{AccessState, Grant, Group, Origin, Pool, Privsep, Propagate, Role, Token, User};
use pve_access::permissions::Evaluator;
use pve_access::pve::{GroupId, PoolId, Release, Subject, TokenId, UserId, builtin_roles};

use crate::everywhere;

#[path = "../support/reasons.rs"]
mod reasons;

const USERS: [&str; 3] = ["u0@pve", "u1@pve", "u2@pam"];
const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
const ROLES: [(&str, &[&str]); 5] = [
    ("Nothing", &[]),
    ("Audit", &["VM.Audit", "Sys.Audit"]),
    ("Power", &["VM.PowerMgmt", "VM.Audit"]),
    ("Use", &["Datastore.Audit"]),
    ("NoAccess", &[]),
];
const POOLS: [&str; 5] = ["p", "p/a", "p/a/b", "q", "q/a"];
const STORAGES: [&str; 2] = ["s0", "s1"];
const PATHS: [&str; 20] = [
    "/",
    "/access",
    "/access/realm/pve",
    "/nodes",
    "/odd/path",
    "/pool",
    "/pool/p",
    "/pool/p/a",
    "/pool/p/a/b",
    "/pool/p/none",
    "/pool/q",
    "/pool/q/a",
    "/storage",
    "/storage/s0",
    "/storage/s1",
    "/vms",
    "/vms/100",
    "/vms/100/odd",
    "/vms/101",
    "/vms/102",
];

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof![6 => select(&USERS[..]).prop_map(|user| user.parse().unwrap()), 1 => Just(UserId::root())]
}

fn token() -> impl Strategy<Value = TokenId> {
    (user(), select(&["t0", "t1"][..])).prop_map(|(user, name)| TokenId::new(user, name).unwrap())
}

fn group() -> impl Strategy<Value = GroupId> {
    select(&GROUPS[..]).prop_map(|group| group.parse().unwrap())
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![user().prop_map(Subject::User), group().prop_map(Subject::Group), token().prop_map(Subject::Token)]
}

fn grant() -> impl Strategy<Value = Grant> {
    let path = prop_oneof![2 => select(&PATHS[..]), 1 => select(&["/", "/vms", "/storage", "/pool"][..])];
    (path, subject(), select(&ROLES[..])).prop_map(|(path, subject, (role, _))| Grant {
        path: path.parse().unwrap(),
        subject,
        role: role.parse().unwrap(),
    })
}

fn grants(number: Range<usize>) -> impl Strategy<Value = BTreeMap<Grant, Propagate>> {
    let propagate = prop_oneof![1 => Just(Propagate::No), 2 => Just(Propagate::Yes)];
    btree_map(grant(), propagate, number)
}

/// The pools, and for each guest and storage those that it is in: a guest is in one at most.
fn pools() -> impl Strategy<Value = BTreeMap<PoolId, Pool>> {
    let guests = btree_map(100_u32..103, select(&POOLS[..]), 0..4);
    let storages = btree_set((select(&STORAGES[..]), select(&POOLS[..])), 0..5);
    (guests, storages).prop_map(|(guests, storages)| {
        let mut pools: BTreeMap<PoolId, Pool> =
            POOLS.iter().map(|pool| (pool.parse().unwrap(), Pool::default())).collect();
        for (guest, pool) in guests {
            let guest = guest.to_string().parse().unwrap();
            pools.entry(pool.parse().unwrap()).or_default().vms.insert(guest);
        }
        for (storage, pool) in storages {
            pools.entry(pool.parse().unwrap()).or_default().storage.insert(storage.parse().unwrap());
        }
        pools
    })
}

/// Any state that has something to say about permissions; users, groups and tokens may be missing where they are named.
pub fn state() -> impl Strategy<Value = AccessState> {
    (
        btree_set(user(), 0..4),
        btree_map(token(), any::<bool>().prop_map(Privsep::from), 0..6),
        btree_map(user(), btree_set(group(), 1..3), 0..4),
        pools(),
        prop_oneof![grants(0..8), grants(8..30)],
    )
        .prop_map(|(users, tokens, memberships, pools, acl)| {
            let mut state = AccessState::empty(Release::MEASURED);
            let builtin = |privs| Role { privs, origin: Origin::Builtin };
            state.roles = builtin_roles().into_iter().map(|(id, privs)| (id, builtin(privs))).collect();
            for (role, privs) in ROLES.iter().filter(|(role, _)| *role != "NoAccess") {
                let privs = privs.iter().map(|privilege| privilege.parse().unwrap()).collect();
                state.roles.insert(role.parse().unwrap(), Role { privs, origin: Origin::Custom });
            }
            state.users = users.into_iter().chain([UserId::root()]).map(|id| (id, User::default())).collect();
            state.groups = GROUPS.iter().map(|id| (id.parse().unwrap(), Group::default())).collect();
            let tokens = tokens.into_iter().filter(|(id, _)| state.users.contains_key(id.user()));
            state.tokens = tokens.map(|(id, privsep)| (id, Token { privsep, ..Token::default() })).collect();
            memberships.into_iter().for_each(|(user, groups)| state.set_groups_of(&user, groups));
            state.pools = pools;
            state.acl = acl;
            state.acl.retain(|grant, _| match &grant.subject {
                Subject::User(user) => !user.is_root(),
                Subject::Group(_) => true,
                Subject::Token(token) => state.tokens.contains_key(token),
            });
            state
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_outline_says_what_asking_at_each_path_says(state in state()) {
        let evaluator = Evaluator::new(&state);
        let everyone = evaluator.everyone();
        let paths = everywhere::paths(&state);
        for who in everywhere::everybody(&state) {
            let Some(shared) = everyone.outline(&who) else { return Err(TestCaseError::fail("no outline")) };
            prop_assert_eq!(everywhere::check(&evaluator, shared, &who, &paths), Ok(()));
        }
    }

    #[test]
    fn everybody_is_in_one_share_and_sets_are_kept_once(state in state()) {
        let evaluator = Evaluator::new(&state);
        let everyone = evaluator.everyone();
        let mut shares = Vec::new();
        for (sharers, outline) in everyone.sharing() {
            for who in sharers {
                prop_assert!(everyone.outline(who).is_some_and(|own| std::ptr::eq(own, outline)));
                shares.push(who.clone());
            }
        }
        let distinct: BTreeSet<_> = shares.iter().cloned().collect();
        prop_assert_eq!(shares.len(), distinct.len());
        prop_assert_eq!(&distinct, &everywhere::everybody(&state));
        prop_assert!(everyone.iter().map(|(who, _)| who).eq(&distinct));
        prop_assert_eq!(everywhere::sets_are_shared(everyone.sharing().map(|(_, outline)| outline)), Ok(()));
    }

    #[test]
    fn who_holds_a_privilege_is_whose_answer_has_it(state in state()) {
        let evaluator = Evaluator::new(&state);
        let everyone = evaluator.everyone();
        for privilege in ["VM.Audit", "Datastore.Audit", "Sys.Modify"] {
            let privilege = privilege.parse().unwrap();
            for path in PATHS {
                let holding: Vec<_> = everyone.holding(&privilege, path).cloned().collect();
                let everybody = everywhere::everybody(&state).into_iter();
                let asked = everybody.filter(|who| evaluator.at(who, path).contains_key(&privilege));
                prop_assert_eq!(holding, asked.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn reasons_add_up_to_the_answer(state in state()) {
        let evaluator = Evaluator::new(&state);
        let paths = everywhere::paths(&state);
        for who in everywhere::everybody(&state) {
            for path in &paths {
                prop_assert_eq!(reasons::check(&state, &evaluator, &who, path), Ok(()));
            }
        }
    }
}
