//! What right files mean.

use std::path::{Path, PathBuf};

use pve_access::desired::{Desired, File, PasswordSource, Presence, UserWish, Wish, parse};
use pve_access::model::{Enable, Expire, Propagate, Text};

use crate::cases::shown;

fn read(body: &str) -> Desired {
    let file = File { path: PathBuf::from("desired-state.yaml"), text: format!("version: 1\n{body}") };
    let loaded = parse(vec![file]);
    assert!(!loaded.findings.has_errors(), "{}", shown(&loaded, Path::new("/nowhere")));
    loaded.desired
}

fn user(attributes: &str) -> UserWish {
    let desired = read(&format!("users: {{bob@pve: {attributes}}}"));
    match desired.users.into_values().next().unwrap().wish {
        Presence::Present(wish) => wish,
        Presence::Absent => panic!("absent"),
    }
}

/// Every grant as `role on path to subject`, with what is said of it.
fn grants(body: &str) -> Vec<String> {
    let say = |wish: &Presence<Propagate>| match wish {
        Presence::Present(Propagate::Yes) => "",
        Presence::Present(Propagate::No) => " alone",
        Presence::Absent => " not",
    };
    let desired = read(body);
    desired
        .acl
        .iter()
        .map(|(grant, (wish, _))| format!("{} on {} to {}{}", grant.role, grant.path, grant.subject, say(wish)))
        .collect()
}

#[test]
fn what_is_not_mentioned_is_left() {
    assert_eq!(user("{}"), UserWish::default());
    assert_eq!(user(""), UserWish::default());
}

#[test]
fn what_is_empty_is_emptied() {
    let wish = user("{comment: '', groups: [], expire: never}");
    assert_eq!(wish.comment, Wish::Set(Text::EMPTY));
    assert!(wish.groups.as_set().unwrap().is_empty());
    assert_eq!(wish.expire, Wish::Set(Expire::Never));
    assert_eq!(wish.enable, Wish::Leave);
}

#[test]
fn a_password_is_a_place() {
    let file = File {
        path: PathBuf::from("team/desired-state.yaml"),
        text: "version: 1\nusers:\n  a@pve: {password: {file: ./secrets/a}}\n  b@pve: {password: {file: /run/b}}\n"
            .to_owned(),
    };
    let loaded = parse(vec![file]);
    let source = |user: &str| match &loaded.desired.users[&user.parse().unwrap()].wish {
        Presence::Present(wish) => wish.password.clone().unwrap(),
        Presence::Absent => panic!("absent"),
    };
    assert_eq!(source("a@pve"), PasswordSource::File(PathBuf::from("team/secrets/a")));
    assert_eq!(source("b@pve"), PasswordSource::File(PathBuf::from("/run/b")));
    let said = |written: &str| user(&format!("{{password: {written}}}")).password.unwrap();
    assert_eq!(said("{env: A_1}"), PasswordSource::Env("A_1".to_owned()));
    let words = ["op", "read", "7", "a b"].map(ToOwned::to_owned).to_vec();
    assert_eq!(said("{command: [op, read, 7, a b]}"), PasswordSource::Command(words));
}

#[test]
fn texts_keep_their_spelling() {
    for (written, meant) in [
        ("0123", "0123"),
        ("1.50", "1.50"),
        ("yes", "yes"),
        ("true", "true"),
        ("'null'", "null"),
        ("2027-06-30", "2027-06-30"),
        ("\"a\\tb\"", "a\tb"),
        ("'it''s'", "it's"),
        ("0x1F", "0x1F"),
        ("!!str null", "null"),
        ("Überblick 🦀", "Überblick 🦀"),
    ] {
        assert_eq!(user(&format!("{{comment: {written}}}")).comment, Wish::Set(Text::from(meant)), "{written}");
    }
    let lines = read("groups:\n  ops:\n    comment: |\n      one\n      two\n");
    assert!(format!("{:?}", lines.groups).contains("one\\ntwo\\n"));
}

#[test]
fn tabs_and_line_breaks_in_a_text_are_nothing_to_warn_of() {
    let text = "version: 1\ngroups: {ops: {comment: \"a\\tb\\nc\"}}\n";
    let loaded = parse(vec![File { path: PathBuf::from("x.yaml"), text: text.to_owned() }]);
    assert!(loaded.findings.is_empty(), "{}", shown(&loaded, Path::new("/nowhere")));
}

#[test]
fn a_name_is_a_list_of_one() {
    let groups = |attributes: &str| user(attributes).groups.as_set().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(groups("{groups: ops}"), groups("{groups: [ops]}"));
    assert_eq!(groups("{groups: 123}"), ["123".parse().unwrap()]);
    assert_eq!(
        grants("acl: [{path: /, roles: R1, users: bob@pve}]"),
        grants("acl: [{path: [/], roles: [R1], users: [bob@pve]}]")
    );
}

#[test]
fn an_entry_is_the_product_of_its_lists() {
    assert_eq!(
        grants("acl: [{path: [/vms, //storage/], roles: [R1, R2], users: bob@pve, groups: ops, propagate: false}]"),
        [
            "R1 on /storage to bob@pve alone",
            "R2 on /storage to bob@pve alone",
            "R1 on /storage to @ops alone",
            "R2 on /storage to @ops alone",
            "R1 on /vms to bob@pve alone",
            "R2 on /vms to bob@pve alone",
            "R1 on /vms to @ops alone",
            "R2 on /vms to @ops alone",
        ]
    );
}

#[test]
fn grants_propagate_unless_they_say_otherwise() {
    let entry = |rest: &str| grants(&format!("acl: [{{path: /, roles: R1, tokens: 'bob@pve!ci'{rest}}}]"));
    assert_eq!(entry(""), ["R1 on / to bob@pve!ci"]);
    assert_eq!(entry(", propagate: true"), ["R1 on / to bob@pve!ci"]);
    assert_eq!(entry(", propagate: false"), ["R1 on / to bob@pve!ci alone"]);
    assert_eq!(entry(", state: absent"), ["R1 on / to bob@pve!ci not"]);
}

#[test]
fn the_same_grant_may_be_said_twice() {
    assert_eq!(
        grants(
            "acl: [{path: /vms, roles: R1, groups: [ops, ops]}, {path: vms, roles: R1, groups: ops, propagate: true}]"
        ),
        ["R1 on /vms to @ops"]
    );
}

#[test]
fn a_value_may_be_an_alias() {
    let desired = read(
        "groups: {ops: &same {comment: Same}, dev: *same}\nusers: {bob@pve: {groups: &g [ops, dev]}, ann@pve: {groups: *g}}",
    );
    let comments: Vec<_> = desired.groups.values().map(|declared| &declared.wish).collect();
    assert_eq!(comments[0], comments[1]);
    assert_eq!(desired.users.len(), 2);
}

#[test]
fn what_can_be_understood_is_there_in_spite_of_errors() {
    let text = "version: 1\nusers:\n  bob@pve: {enable: false, expire: nonsense, groups: [ops, 'a b']}\n  bob: {}\n";
    let loaded = parse(vec![File { path: PathBuf::from("x.yaml"), text: text.to_owned() }]);
    assert_eq!(loaded.findings.iter().count(), 3);
    let Presence::Present(bob) = &loaded.desired.users[&"bob@pve".parse().unwrap()].wish else { panic!("absent") };
    assert_eq!(bob.enable, Wish::Set(Enable::No));
    assert_eq!(bob.expire, Wish::Leave);
    assert_eq!(bob.groups.as_set().unwrap().len(), 1);
}
