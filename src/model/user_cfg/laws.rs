//! What holds for every state and every file.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{read, write};
use crate::model::{AccessState, Expire, Grant, Group, Origin, Pool, Role, Text, Token, User};
use crate::pve::{AclPath, GroupId, PoolId, Privilege, Release, RoleId, Subject, TokenId, UserId, VmId, privileges};

const RELEASE: Release = Release::MEASURED;

/// Names with every trap that a file can carry: see api-facts.md, Objects: names, "Traps".
const USERS: [&str; 6] = ["ann@pve", "a!b@pve", "x@y@pam", "@at@pve", "Zoe@corp-ldap", "gone@pve"];
const GROUPS: [&str; 4] = ["ops", "a.b_c-d", ".", "0g"];
const ROLES: [&str; 4] = ["R1", "noaccess", "Viewer-2", "PVEAuditor"];
const POOLS: [&str; 5] = ["p", "p/q", "p/q/r", "p-1", "p.1/q"];
const PATHS: [&str; 7] = ["/", "/vms", "/vms/100", "/pool/p/q", "/pool/p-1", "/odd/path", "/odd-1"];

fn parse<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![Just(String::new()), "[ -~]{0,12}", "\\PC{0,6}", any::<String>()].prop_map(Text::from)
}

/// What stands in the file as it is.
fn plain_text() -> impl Strategy<Value = Text> {
    "[a-z0-9.@%,;]{0,8}".prop_map(Text::from)
}

fn expire() -> impl Strategy<Value = Expire> {
    prop_oneof![Just(Expire::Never), any::<u64>().prop_map(Expire::from)]
}

fn user() -> impl Strategy<Value = User> {
    (any::<bool>(), expire(), text(), text(), plain_text(), text(), plain_text()).prop_map(
        |(enable, expire, firstname, lastname, email, comment, keys)| User {
            enable: enable.into(),
            expire,
            firstname,
            lastname,
            email,
            comment,
            keys,
        },
    )
}

fn token() -> impl Strategy<Value = Token> {
    (text(), expire(), any::<bool>()).prop_map(|(comment, expire, privsep)| Token {
        comment,
        expire,
        privsep: privsep.into(),
    })
}

/// Some of `names`, each with a value.
fn some<K, V>(names: &'static [&'static str], value: impl Strategy<Value = V>) -> impl Strategy<Value = BTreeMap<K, V>>
where
    K: std::str::FromStr<Err: std::fmt::Debug> + Ord + std::fmt::Debug,
    V: std::fmt::Debug,
{
    vec((select(names), value), 0..names.len())
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (parse(name), value)).collect())
}

fn privs() -> impl Strategy<Value = BTreeSet<Privilege>> {
    btree_set(select(privileges(RELEASE).collect::<Vec<_>>()), 0..5)
}

/// A state as it is after reading: nothing in it that the server would pass over.
fn state() -> impl Strategy<Value = AccessState> {
    let users = some::<UserId, User>(&USERS[..5], user());
    let tokens = vec((any::<Index>(), "[A-Za-z][A-Za-z0-9._-]{1,5}", token()), 0..5);
    let groups = some::<GroupId, Text>(&GROUPS, text());
    let memberships = vec((select(&USERS[..]), any::<Index>()), 0..8);
    let roles = some::<RoleId, BTreeSet<Privilege>>(&ROLES[..3], privs());
    let pools = some::<PoolId, (Text, BTreeSet<u8>, BTreeSet<String>)>(
        &POOLS,
        (text(), btree_set(90_u8.., 0..4), btree_set("[a-z][a-z0-9.-]{0,3}[a-z0-9]", 0..3)),
    );
    let grants = vec((select(&PATHS[..]), any::<Index>(), any::<Index>(), any::<bool>()), 0..12);
    (users, tokens, groups, memberships, roles, pools, grants).prop_map(
        |(users, tokens, groups, memberships, roles, pools, grants)| {
            let mut state = read(b"", RELEASE).state;
            state.users.extend(users);
            let owners: Vec<UserId> = state.users.keys().cloned().collect();
            for (owner, name, token) in tokens {
                state.tokens.insert(TokenId::new(owner.get(&owners).clone(), &name).unwrap(), token);
            }
            state.groups.extend(groups.into_iter().map(|(id, comment)| (id, Group { comment })));
            let known: Vec<GroupId> = state.groups.keys().cloned().collect();
            for (user, group) in memberships {
                if !known.is_empty() {
                    state.memberships.entry(parse(user)).or_default().insert(group.get(&known).clone());
                }
            }
            state.roles.extend(roles.into_iter().map(|(id, privs)| (id, Role { privs, origin: Origin::Custom })));
            add_pools(&mut state, pools);
            let subjects: Vec<Subject> = USERS
                .map(|user| Subject::User(parse(user)))
                .into_iter()
                .chain(GROUPS.map(|group| Subject::Group(parse(group))))
                .chain(state.tokens.keys().cloned().map(Subject::Token))
                .collect();
            let roles: Vec<RoleId> = state.roles.keys().cloned().collect();
            for (path, subject, role, propagate) in grants {
                let grant = Grant {
                    path: parse::<AclPath>(path),
                    subject: subject.get(&subjects).clone(),
                    role: role.get(&roles).clone(),
                };
                state.acl.insert(grant, propagate.into());
            }
            state
        },
    )
}

/// No guest in two pools, no nested pool without the pools above it.
fn add_pools(state: &mut AccessState, pools: BTreeMap<PoolId, (Text, BTreeSet<u8>, BTreeSet<String>)>) {
    let mut pooled = BTreeSet::new();
    for (id, (comment, vms, storage)) in pools {
        for (end, _) in id.as_str().match_indices('/') {
            state.pools.entry(parse(&id.as_str()[..end])).or_default();
        }
        let vms = vms.into_iter().filter(|&vm| pooled.insert(vm)).map(|vm| VmId::stored(vm.into())).collect();
        let storage = storage.iter().map(|storage| parse(storage)).collect();
        state.pools.insert(id, Pool { comment, vms, storage });
    }
}

/// Lines that are nearly right, in any order.
fn messy_file() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        select(&["user", "token", "group", "role", "pool", "acl", "0", "1", "root@pam", "ann@pve!tk", "/", "0/"][..])
            .prop_map(str::to_owned),
        select(&USERS[..]).prop_map(str::to_owned),
        select(&POOLS[..]).prop_map(str::to_owned),
        "[@!/a-z0-9%,; \0é]{0,6}",
    ];
    let line = vec(word, 1..9).prop_map(|fields| fields.join(":"));
    vec(line, 0..12).prop_map(|lines| lines.join("\n").into_bytes())
}

proptest! {
    #[test]
    fn a_state_survives_its_file(state in state()) {
        let file = write(&state);
        let reading = read(file.as_bytes(), RELEASE);
        prop_assert_eq!(&reading.ignored, &[]);
        prop_assert_eq!(&reading.state, &state);
        prop_assert_eq!(write(&reading.state), file);
    }

    #[test]
    fn a_written_file_is_in_order(file in messy_file()) {
        let first = write(&read(&file, RELEASE).state);
        let again = write(&read(first.as_bytes(), RELEASE).state);
        prop_assert_eq!(again, first);
    }

    #[test]
    fn any_bytes_are_a_file(bytes in vec(any::<u8>(), 0..200)) {
        let reading = read(&bytes, RELEASE);
        prop_assert!(reading.state.users.contains_key(&UserId::root()));
    }
}
