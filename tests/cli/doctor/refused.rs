//! A credential that is not accepted.

use super::seen;
use crate::desk::{Desk, Ran};

const USERS: &str = "\
user:ann@pve:1:0::::::
token:ann@pve!old:1000:0::
token:ann@pve!ci:0:0::
user:bob@pve:0:0::::::
token:bob@pve!ci:0:0::
user:eve@pve:1:1000::::::
token:eve@pve!ci:0:0::
";

const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";

const CAUSES: [(&str, &str); 5] = [
    ("ann@pve!old", "the token ann@pve!old has expired (expire)"),
    ("ann@pve!ci", "the secret is not the token's, or not any more: it was renewed, or the token made anew"),
    ("bob@pve!ci", "the user bob@pve is disabled (enable 0)"),
    ("eve@pve!ci", "the user eve@pve has expired (expire)"),
    ("gone@pve!ci", "there is no gone@pve!ci here: perhaps it is of another cluster"),
];

fn as_token(desk: &Desk, token: &str) -> Ran {
    let ran =
        desk.ran(&desk.command_at(&desk.serving.url(), &format!("{token}={SECRET}"), &["doctor"]).output().unwrap());
    assert!(!ran.seen().contains(SECRET));
    ran
}

/// The server's answer is the same, so all that can be said is what to look at.
#[test]
fn every_cause_is_named_whichever_it_is() {
    let desk = Desk::with_user_cfg(USERS);
    let port = desk.serving.url().rsplit(':').next().unwrap().to_owned();
    let said: Vec<String> = CAUSES
        .iter()
        .map(|(token, _)| {
            let user = token.split('!').next().unwrap();
            let names = [(&*format!("127.0.0.1:{port}"), "127.0.0.1:PORT"), (*token, "TOKEN"), (user, "USER")];
            // A token's name is a word of its own in a command.
            seen(&as_token(&desk, token), &names).replace("USER old", "USER ci")
        })
        .collect();
    insta::assert_snapshot!(said[0]);
    assert!(said.iter().all(|one| *one == said[0]), "{said:#?}");
}

/// A second credential, which sees the accounts, knows.
#[test]
fn whoever_sees_the_accounts_says_which_cause_it_is() {
    let desk = Desk::with_user_cfg(USERS);
    for (token, cause) in CAUSES {
        desk.write_private("token", &format!("{token}={SECRET}\n"));
        let ran = desk.run(&["doctor", "--token-file", "token"]);
        let line = ran.stdout.lines().find(|line| line.contains(" credential ")).unwrap();
        assert_eq!(line.trim(), format!("bad          credential  refused: {cause}"));
        assert_eq!(ran.code, 1);
        assert!(!ran.seen().contains(SECRET));
    }
}

#[test]
fn a_credential_that_is_missing_or_none_leaves_the_rest_to_be_looked_at() {
    let desk = Desk::new();
    let run = |token: &str, arguments: &[&str]| {
        desk.ran(&desk.command_at(&desk.serving.url(), token, &[&["doctor"], arguments].concat()).output().unwrap())
    };
    let ran = run("", &[]);
    assert!(ran.stdout.contains("good         api         Proxmox VE answers"), "{}", ran.seen());
    assert!(ran.stdout.contains("bad          credential  there is no credential for the cluster"), "{}", ran.seen());
    desk.write_private("token", "hunter2");
    let ran = run(&desk.token, &["--token-file", "token"]);
    assert!(ran.code == 1 && !ran.seen().contains("hunter2"), "{}", ran.seen());
    let ran = run(&desk.token, &["--token-file", "nothing-here"]);
    assert!(ran.stdout.contains("the file `nothing-here` cannot be read"), "{}", ran.seen());
}
