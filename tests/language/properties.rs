//! What holds for every text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use pve_access::desired::{Asserted, Declared, Desired, File, Loaded, Policy, Presence, parse};
use pve_access::render::Colour;
use pve_access::render::diagnostics::text;

const GOOD: &str = include_str!("../../desired-state.example.yaml");

/// Parts of one document, each a file that could stand alone but for the version.
const PARTS: [&str; 9] = [
    "version: 1",
    "cluster: {endpoint: 'https://pve.example.com:8006'}",
    "roles: {Viewer: {privs: [VM.Audit, Sys.Audit]}, Old: {state: absent}}",
    "groups: {ops: {comment: Operators}, dev: }",
    "users: {bob@pve: {groups: [ops, dev], expire: 2027-06-30}, root@pam: {comment: x}}",
    "users: {api@pam: {groups: ops, comment: 0123}}",
    "tokens: {'api@pam!homepage': {privsep: false, secret: {file: a.env, format: env, name: A}}}",
    "acl: [{path: /vms, roles: [Viewer, PVEAuditor], groups: ops, tokens: 'api@pam!homepage'}]",
    "acl: [{path: vms, roles: Viewer, groups: [ops, dev]}, {path: /, roles: Old, users: bob@pve, state: absent}]",
];

fn read(texts: &[String]) -> Loaded {
    let file = |(at, text): (usize, &String)| File { path: PathBuf::from(format!("{at}.yaml")), text: text.clone() };
    parse(texts.iter().enumerate().map(file).collect())
}

/// Reads and shows; neither may panic.
fn survives(text_: String) {
    let loaded = read(&[text_]);
    for colour in [Colour::No, Colour::Yes] {
        let _ = text(&loaded.findings, &loaded.sources, colour);
    }
}

/// What is desired, without where it was written.
fn meaning(desired: &Desired) -> BTreeMap<String, String> {
    let Desired { cluster, lint, roles, groups, users, tokens, acl, policies } = desired;
    let mut meaning = BTreeMap::new();
    let allowed: BTreeSet<&String> = lint.allow.iter().map(|rule| &rule.value).collect();
    meaning.insert("lint".to_owned(), format!("{allowed:?}"));
    let endpoint: Vec<&String> = cluster.endpoint.iter().map(|endpoint| &endpoint.value).collect();
    meaning.insert("cluster".to_owned(), format!("{endpoint:?}"));
    for (role, Declared { wish, span: _ }) in roles {
        let Presence::Present(wish) = wish else { continue };
        let privs = wish.privs.as_set().map(|privs| privs.keys().collect::<Vec<_>>());
        meaning.insert(format!("role {role}"), format!("{privs:?}"));
    }
    for (group, Declared { wish, span: _ }) in groups {
        meaning.insert(format!("group {group}"), format!("{wish:?}"));
    }
    for (user, Declared { wish, span: _ }) in users {
        let Presence::Present(wish) = wish else { continue };
        let groups = wish.groups.as_set().map(|groups| groups.keys().collect::<Vec<_>>());
        meaning.insert(format!("user {user}"), format!("{groups:?} {:?} {:?}", wish.expire, wish.comment));
    }
    for (token, Declared { wish, span: _ }) in tokens {
        meaning.insert(format!("token {token}"), format!("{wish:?}"));
    }
    for (grant, (wish, _)) in acl {
        meaning.insert(format!("{grant:?}"), format!("{wish:?}"));
    }
    for Asserted { policy, span: _, who: _, never: _, always: _ } in policies {
        let Policy { name, who, never, always, on, written: _ } = policy;
        meaning.insert(format!("policy {name}"), format!("{who:?} {never:?} {always:?} {on:?}"));
    }
    meaning
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        survives(text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn nothing_that_looks_like_yaml_makes_it_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "version: 1\n", "users:\n", "tokens:\n", "acl:\n", "roles:\n", "groups:\n", "  ", "    ", "- ", "\n", ": ", "[", "]",
            "{", "}", ", ", "\"", "'", "|\n", ">\n", "&a ", "*a", "!!str ", "<<", "#", "---\n", "...\n", "\t", "~", "null",
            "bob@pve", "api@pam!homepage", "@ops", "/vms/100", "path", "roles", "users", "groups", "tokens", "state", "absent",
            "privs", "VM.Audit", "expire", "2026-02-30", "-1", "secret", "file", "format", "env", "name", "true", "ü", "\u{feff}",
            "%YAML 1.2\n", "? ",
        ]), 0..60),
    ) {
        survives(words.concat());
    }

    #[test]
    fn no_slip_of_the_hand_makes_it_panic(
        slips in prop::collection::vec((0..GOOD.len(), 0..12_usize, "[\\PC\n\t]{0,6}"), 1..4),
    ) {
        let mut text = GOOD.to_owned();
        for (at, length, instead) in slips {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &instead);
        }
        survives(text);
    }

    #[test]
    fn no_secret_that_somebody_writes_is_shown(secret in "[A-Za-z0-9]{12,36}", quote in prop::sample::select(vec!["", "'", "\""])) {
        let value = format!("{quote}{secret}{quote}");
        for text_ in [
            format!("cluster: {{password: {value}, endpoint: 'https://root:{secret}@pve:8006'}}"),
            format!("users: {{bob@pve: {{password: {value}}}, ann@pve: {{passwd: [{value}]}}}}"),
            format!("tokens: {{'bob@pve!ci': {{secret: {value}, value: {value}}}, 'bob@pve!cd': {value}}}"),
            format!("tokens: {{'bob@pve!ci={secret}': {{state: gone}}}}"),
            format!("acl: [{{path: /, roles: R1, tokens: bob@pve!ci={secret}}}]"),
        ] {
            let loaded = read(&[text_]);
            prop_assert!(loaded.findings.has_errors());
            let told = text(&loaded.findings, &loaded.sources, Colour::No);
            prop_assert!(!told.contains(&secret), "{}", told);
        }
    }

    #[test]
    fn the_order_and_number_of_files_do_not_matter(
        order in Just((0..PARTS.len()).collect::<Vec<_>>()).prop_shuffle(),
        left_out in 1..PARTS.len() + 1,
    ) {
        let parts: Vec<String> = order.iter().filter(|at| **at != left_out).map(|at| PARTS[*at].to_owned()).collect();
        let sorted: Vec<String> = {
            let mut order = order.clone();
            order.sort_unstable();
            order.iter().filter(|at| **at != left_out).map(|at| PARTS[*at].to_owned()).collect()
        };
        let (one, other) = (read(&parts), read(&sorted));
        prop_assert!(!one.findings.has_errors() && !other.findings.has_errors());
        prop_assert_eq!(meaning(&one.desired), meaning(&other.desired));
    }
}
