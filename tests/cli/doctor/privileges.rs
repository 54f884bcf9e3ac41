//! What a credential sees and may do, and what gives it the rest.

use super::seen;
use crate::desk::{Desk, Ran};

const FILE: &str = "\
version: 1
roles:
  Watch: {privs: [VM.Audit]}
groups:
  ops: {comment: On call}
users:
  ann@pve: {groups: ops, comment: Ann}
  bob@pam: {comment: In another realm}
tokens:
  ann@pve!app: {secret: {file: secret}}
acl:
  - {path: /vms, roles: PVEVMUser, groups: ops}
  - {path: /pool/lab, roles: Watch, users: bob@pam}
";

/// Makes a token of ci@pve, and says what the program is to be run with.
fn credential(desk: &Desk, separated: bool) -> String {
    let privsep = u8::from(separated);
    let answer = desk.by_hand("POST", "/access/users/ci@pve/token/sync", &format!("privsep={privsep}"));
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    format!("ci@pve!sync={}", answer["data"]["value"].as_str().unwrap())
}

pub fn ran_as(desk: &Desk, token: &str, arguments: &[&str]) -> Ran {
    desk.ran(&desk.command_at(&desk.serving.url(), token, arguments).output().unwrap())
}

/// Types every command of pveum in a text into the sandbox, as root; the tokens that it made, with their secrets.
pub fn type_in(desk: &Desk, text: &str) -> Vec<String> {
    let commands = text.lines().map(str::trim).filter(|line| line.starts_with("pveum "));
    commands.filter_map(|command| type_one(desk, command)).collect()
}

/// How many commands of pveum there are in a text.
fn commands(text: &str) -> usize {
    text.lines().filter(|line| line.trim().starts_with("pveum ")).count()
}

fn type_one(desk: &Desk, command: &str) -> Option<String> {
    let words: Vec<String> = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let option = |name: &str| words.iter().position(|word| *word == name).map(|at| words[at + 1]);
    let options: Vec<String> = ["users", "groups", "tokens", "roles", "propagate", "append", "privsep"]
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", option(&format!("--{name}"))?)))
        .chain(option("--privs").map(|privs| format!("privs={}", privs.replace(' ', ","))))
        .collect();
    let options = options.join("&");
    match words[1..] {
        ["role", "add", role, ..] => desk.by_hand("POST", "/access/roles", &format!("roleid={role}&{options}")),
        ["role", "modify", role, ..] => desk.by_hand("PUT", &format!("/access/roles/{role}"), &options),
        ["acl", "modify", path, ..] => desk.by_hand("PUT", "/access/acl", &format!("path={path}&{options}")),
        ["acl", "delete", path, ..] => desk.by_hand("PUT", "/access/acl", &format!("path={path}&delete=1&{options}")),
        ["user", "add", user, ..] => desk.by_hand("POST", "/access/users", &format!("userid={user}")),
        ["user", "token", "add", user, token, ..] => {
            let answer = desk.by_hand("POST", &format!("/access/users/{user}/token/{token}"), &options);
            let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
            return Some(format!("{user}!{token}={}", answer["data"]["value"].as_str().unwrap()));
        }
        _ => panic!("{command}"),
    };
    None
}

/// The words of a command line in which nothing but plain quotes stands.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for (at, part) in command.split(['\'', '"']).enumerate() {
        let pieces: Vec<&str> = if at % 2 == 1 { vec![part] } else { part.split(' ').collect() };
        for (at, piece) in pieces.into_iter().enumerate() {
            if at > 0 {
                words.push(String::new());
            }
            words.last_mut().unwrap().push_str(piece);
        }
    }
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

/// A live state with ci@pve in it.
fn desk(grants: &str) -> Desk {
    Desk::with_user_cfg(&format!(
        "user:ci@pve:1:0::::::\nuser:bob@pam:1:0::::::\ngroup:auto:ci@pve::\n\
         role:Half:Group.Allocate,Sys.Audit,Pool.Audit:\n{grants}"
    ))
}

#[test]
fn who_sees_little_is_told_what_is_hidden_and_what_shows_it() {
    let desk = desk("acl:1:/vms:ci@pve:PVEVMUser:\n");
    let token = credential(&desk, false);
    let port = desk.serving.url().rsplit(':').next().unwrap().to_owned();
    let ran = ran_as(&desk, &token, &["doctor"]);
    insta::assert_snapshot!(seen(&ran, &[(&format!("127.0.0.1:{port}"), "127.0.0.1:PORT")]));
    assert!(commands(&ran.stdout) > 0);
    type_in(&desk, &ran.stdout);
    let ran = ran_as(&desk, &token, &["doctor"]);
    assert!(ran.stdout.ends_with("All is well.\n"), "{}", ran.seen());
}

#[test]
fn what_the_files_need_is_held_against_what_is_there() {
    let desk = desk("acl:1:/:@auto:PVEAuditor:\nacl:1:/access:ci@pve:Half:\nacl:1:/:ci@pve!sync:PVEAuditor:\n");
    desk.write("desired-state.yaml", FILE);
    let token = credential(&desk, false);
    let port = desk.serving.url().rsplit(':').next().unwrap().to_owned();
    let ran = ran_as(&desk, &token, &["doctor"]);
    insta::assert_snapshot!(seen(&ran, &[(&format!("127.0.0.1:{port}"), "127.0.0.1:PORT")]));
}

/// Whatever it holds in the beginning: with what is printed, doctor is content, apply does the whole file, and the credential
/// still holds what it held.
#[test]
fn what_is_printed_is_enough_for_the_whole_file() {
    let grants = [
        "",
        "acl:1:/:ci@pve:PVEAuditor:\n",
        "acl:1:/:@auto:PVEAuditor,Half:\n",
        "acl:0:/:@auto:PVEAuditor:\nacl:1:/access:@auto:Half:\nacl:1:/vms:@auto:PVEVMUser:\n",
        "acl:1:/access/realm:ci@pve:NoAccess:\nacl:1:/:ci@pve:PVEAuditor:\n",
        "acl:1:/:@auto:NoAccess:\n",
        "acl:1:/access/realm/pve:ci@pve:Half:\nacl:1:/access/realm:@auto:Half:\n",
        "role:AccessSync:VM.Audit:\nacl:1:/vms:@auto:AccessSync:\n",
    ];
    let files = [
        FILE.to_owned(),
        "version: 1\ngroups: {ops: {comment: x}}\n".to_owned(),
        "version: 1\nusers: {bob@pam: {enable: false}}\nacl: [{path: /storage/local, roles: PVEDatastoreUser, users: bob@pam}]\n"
            .to_owned(),
        "version: 1\nusers: {bob@pam: {state: absent}}\nroles: {Half: {privs: [Group.Allocate, Sys.Audit, Pool.Audit]}}\n".to_owned(),
    ];
    let mut typed = 0;
    for (at, grants) in grants.iter().enumerate() {
        // Each with two of the files, one for each kind of token.
        for (separated, file) in [(false, &files[at % files.len()]), (true, &files[(at + 1) % files.len()])] {
            let desk = desk(grants);
            desk.write("desired-state.yaml", file);
            let token = credential(&desk, separated);
            let held = || -> serde_json::Value {
                let ran = desk.run(&["permissions", "ci@pve!sync", "--format", "json"]);
                serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["permissions"].take()
            };
            let before = held();
            let mut ran = ran_as(&desk, &token, &["doctor"]);
            // What is hidden comes first; then it sees what else there is.
            for _ in 0..4 {
                if ran.code == 0 {
                    break;
                }
                typed += commands(&ran.stdout);
                type_in(&desk, &ran.stdout);
                ran = ran_as(&desk, &token, &["doctor"]);
            }
            let case = format!("{grants}{file}separated: {separated}");
            assert_eq!(ran.code, 0, "{case}\n{}", ran.seen());
            let after = held();
            for (path, privileges) in before.as_object().unwrap() {
                for privilege in privileges.as_object().unwrap().keys() {
                    assert!(after[path].get(privilege).is_some(), "{case}\n{privilege} on {path} is lost");
                }
            }
            let ran = ran_as(&desk, &token, &["apply", "--yes"]);
            assert_eq!(ran.code, 0, "{case}\n{}", ran.seen());
        }
    }
    assert!(typed > 30, "{typed}");
}
