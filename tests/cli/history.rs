//! What was done, as the journal tells it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pve_access::render::history_schema;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::desk::{Desk, HOMEPAGE, Ran};
use super::golden;
use super::interrupted::{Then, detour};

const JOURNAL: &str = "state/pve-access/journal.jsonl";

/// Without what differs from run to run: times, names of runs and of machines, fingerprints of plans.
fn masked(text: &str) -> String {
    let is_time = |word: &str| {
        word.len() == 8
            && word.bytes().enumerate().all(|(at, byte)| if at % 3 == 2 { byte == b':' } else { byte.is_ascii_digit() })
    };
    let is_hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_date = |word: &str| word.len() == 10 && word.starts_with("20") && word.split('-').count() == 3;
    let mask = |word: &str| match word {
        _ if is_date(word) => "[DATE]".to_owned(),
        _ if is_time(word) => "[TIME]".to_owned(),
        _ if word.len() == 8 && is_hex(word) => "[RUN]".to_owned(),
        _ if word.len() == 12 && is_hex(word) => "[PLAN]".to_owned(),
        _ if word.starts_with("ann@") && word != "ann@pve" => "ann@[HOST]".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(mask).collect::<Vec<_>>().join(" ");
    text.lines().map(|text| line(text) + "\n").collect()
}

fn told(desk: &Desk, arguments: &[&str]) -> Ran {
    desk.run(&[&["history"], arguments].concat())
}

/// Once it is gone, no other record says what somebody had.
#[test]
fn what_goes_along_with_a_deletion_is_written_down() {
    let desk = Desk::with_user_cfg(
        "user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:1::\ngroup:ops:ann@pve::\nacl:1:/vms:ann@pve:PVEAuditor:\n\
         acl:0:/:ann@pve!ci:PVEVMUser:\n",
    );
    desk.write("desired-state.yaml", "version: 1\nusers: {ann@pve: {state: absent}}\n");
    let ran = desk.run(&["apply", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    let journal = desk.read(JOURNAL);
    let lines = journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let along: Vec<Value> = lines.filter_map(|line| line.get("along").cloned()).collect();
    let [along] = along.as_slice() else { panic!("one step deletes something: {journal}") };
    assert_eq!(along["tokens"], serde_json::json!(["ann@pve!ci"]));
    assert_eq!(along["memberships"], serde_json::json!([["ann@pve", "ops"]]));
    assert_eq!(along["grants"].as_array().unwrap().len(), 2, "{along}");
    assert_eq!(told(&desk, &[]).code, 0);
}

#[test]
fn a_run_is_told_with_its_requests() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let saved = desk.run(&["plan", "--out", "plan.json"]).stdout;
    assert_eq!(desk.run(&["apply", "plan.json", "--yes"]).code, 0);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0, "in sync: nothing is done, and nothing written down");
    let brief = told(&desk, &[]);
    insta::assert_snapshot!(masked(&brief.seen()));
    let fingerprint = brief.stdout.lines().find_map(|line| line.trim().strip_prefix("plan ")).unwrap();
    assert!(saved.contains(fingerprint), "the one that the saved plan was announced with: {saved}");

    let run = brief.stdout.split_whitespace().nth(2).unwrap();
    let full = told(&desk, &[run]);
    insta::assert_snapshot!(masked(&full.seen()));
    assert_eq!(full.stdout, told(&desk, &["--full"]).stdout);
}

#[test]
fn runs_are_chosen() {
    let desk = Desk::new();
    for group in ["one", "two", "three"] {
        desk.write("desired-state.yaml", &format!("version: 1\ngroups: {{{group}: {{}}}}\n"));
        assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    }
    let count =
        |arguments: &[&str]| told(&desk, arguments).stdout.lines().filter(|line| line.starts_with("20")).count();
    assert_eq!((count(&[]), count(&["-n", "2"]), count(&["-n", "0"])), (3, 2, 0));
    assert_eq!((count(&["--since", "2020-01-01"]), count(&["--since", "2999-01-01T00:00:00Z"])), (3, 0));
    assert_eq!((count(&["--cluster", "127.0.0.1"]), count(&["--cluster", "elsewhere"])), (3, 0));
    assert!(told(&desk, &["-n", "1", "--full"]).stdout.contains("create group three"));
    assert_eq!(told(&desk, &["--cluster", "elsewhere"]).code, 0);
    assert_eq!(told(&desk, &["zzz"]).code, 1);
    assert_eq!(told(&desk, &["--since", "yesterday"]).code, 1);
}

#[test]
fn a_run_that_was_killed_is_told_with_what_was_under_way() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (reached, mut is_reached) = mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "POST /api2/json/access/users ", Then::Hold { reached, released }));
    let mut command = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(release);
    insta::assert_snapshot!(masked(&told(&desk, &["--full"]).seen()).replace(&url, "[URL]"));

    // Its lock is still there.
    let locked = desk.run(&["apply", "--yes"]);
    assert!(locked.code == 1 && locked.stderr.contains("--break-lock"), "{}", locked.seen());
    let broken = desk.run(&["apply", "--yes", "--break-lock"]);
    assert_eq!(broken.code, 0, "{}", broken.seen());
    assert!(told(&desk, &["-n", "1", "--full"]).stdout.contains("delete group pve-access-lock"));
}

#[test]
fn refusals_are_told_with_their_reason() {
    let desk = Desk::new();
    let credential = desk.new_token("root@pam!weak", "privsep=1");
    desk.by_hand("PUT", "/access/acl", "path=/&roles=PVEAuditor&tokens=root@pam!weak");
    desk.write("desired-state.yaml", "version: 1\ngroups: {ops: {}, more: {}}\n");
    let mut apply = desk.command_at(&desk.serving.url(), &credential, &["apply", "--yes"]);
    assert_eq!(apply.output().unwrap().status.code(), Some(1));
    insta::assert_snapshot!(masked(&told(&desk, &["--full"]).seen()));
    let brief = told(&desk, &[]).stdout;
    assert!(
        brief.lines().last().unwrap().starts_with("    create group more: POST /access/groups was refused: 403"),
        "{brief}"
    );
}

#[test]
fn a_history_is_data_too_and_has_a_schema() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let mut journal = desk.read(JOURNAL);
    let torn = journal.lines().next().unwrap()[..40].to_owned();
    journal.push_str(&torn);
    desk.write(JOURNAL, &journal);

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/pve-access.history.v1.json");
    let schema = history_schema();
    if let Err(difference) = golden::check(&file, &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())) {
        panic!("{difference}");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let ran = told(&desk, &["--format", "json"]);
    let mut answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let faults: Vec<String> = validator.iter_errors(&answer).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(answer["damaged"][0]["line"], journal.lines().count());
    assert_eq!(answer["runs"][0]["done"], answer["runs"][0]["steps"]);
    answer["runs"][0]["end"]["done"] = "perhaps".into();
    assert!(!validator.is_valid(&answer));
    assert!(told(&desk, &[]).stderr.contains("it ends in its midst"));

    // The next run begins on a line of its own.
    desk.write("desired-state.yaml", "version: 1\ngroups: {ops: {}}\n");
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let answer: Value = serde_json::from_str(&told(&desk, &["--format", "json"]).stdout).unwrap();
    assert_eq!((answer["runs"].as_array().unwrap().len(), answer["damaged"].as_array().unwrap().len()), (2, 1));
}

/// Each request is on the disk before it is sent, and no secret is ever.
#[test]
fn the_journal_is_its_owners_and_holds_no_secret() {
    let desk = Desk::with_user_cfg("user:old@pve:1:0::::CANARY-comment:CANARY-keys:\n");
    desk.write("desired-state.yaml", &HOMEPAGE.replace("users:\n", "users:\n  old@pve: {comment: New}\n"));
    assert_eq!(desk.run(&["apply", "--yes", "-vvv"]).code, 0);
    let journal = desk.read(JOURNAL);
    let stored = desk.read("cluster/priv/token.cfg");
    let secrets: Vec<&str> = stored.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(secrets.len(), 2);
    for secret in secrets.into_iter().chain(["CANARY-keys", desk.token.split('=').nth(1).unwrap()]) {
        assert!(!journal.contains(secret));
    }
    let mode = |path: &str| fs::metadata(desk.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(JOURNAL), mode("state/pve-access")), (0o600, 0o700));
}

#[test]
fn nothing_is_sent_that_cannot_be_written_down() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let homeless = || {
        let mut command = desk.command(&["apply", "--yes"]);
        command.env_remove("XDG_STATE_HOME");
        command
    };
    let run = |mut command: Command| desk.requests_of(|| desk.ran(&command.output().unwrap()));
    let mut said = String::new();
    for command in [homeless(), desk.command(&["apply", "--yes", "--journal", "."])] {
        let (ran, requests) = run(command);
        assert_eq!(ran.code, 1, "{}", ran.seen());
        assert!(requests.iter().all(|request| !request.is_write()));
        said += &ran.stderr;
    }
    std::os::unix::fs::symlink("elsewhere", desk.path("link")).unwrap();
    let (ran, _) = run(desk.command(&["apply", "--yes", "--journal", "link"]));
    said += &ran.stderr;
    insta::assert_snapshot!(said);

    let mut relative = homeless();
    relative.env("HOME", "relative");
    assert_eq!(run(relative).0.code, 1);
    let mut none = homeless();
    none.env("PVE_ACCESS_JOURNAL", "none");
    assert_eq!(run(none).0.code, 0);
    assert!(!desk.path("state").exists() && !desk.path("none").exists());
}

#[test]
fn where_nothing_was_done_there_is_nothing_to_tell() {
    let desk = Desk::new();
    let none = told(&desk, &[]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert_eq!(none.stderr, "Nothing is written down in [FOLDER]/state/pve-access/journal.jsonl yet.\n");
    assert_eq!(told(&desk, &["--journal", "none.jsonl"]).code, 1);
    assert_eq!(told(&desk, &["--sandbox=rehearsal"]).code, 0);
}

/// Whatever stands in it, the terminal is safe.
#[test]
fn a_hostile_journal_is_told_safely() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let hostile = desk
        .read(JOURNAL)
        .replace("create group", "\\u001b[31m\\u202e")
        .replace("\"time\":\"20", "\"time\":\"\\u001b[2J20");
    desk.write(JOURNAL, &(hostile + "\u{1b}[31m\n"));
    for arguments in [&[][..], &["--full"], &["--format", "json"]] {
        let seen = told(&desk, arguments).seen();
        assert!(!seen.contains('\u{1b}') && !seen.contains('\u{202e}'), "{seen:?}");
    }
}
