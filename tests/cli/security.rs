//! docs/security.md: its commands make credentials that can do what it says, and no more.

use super::desk::{Desk, Ran};
use super::doctor::{ran_as, type_in};

const PAGE: &str = include_str!("../../docs/security.md");

/// Something of everything that a file can say, on `LIVE`.
const MIXED: &str = "\
version: 1
roles:
  Watch: {privs: [VM.Audit]}
  Old: {privs: [Sys.Audit]}
  Gone: {state: absent}
groups:
  ops: {comment: On call}
  new: {comment: New}
  former: {state: absent}
users:
  ann@pve: {groups: [ops, new], comment: Ann}
  bob@pam: {enable: false}
  eve@pve: {groups: [new]}
  former@pve: {state: absent}
tokens:
  ann@pve!app: {privsep: true, secret: {file: secret}}
  ann@pve!old: {state: absent}
  bob@pam!ci: {comment: Changed}
acl:
  - {path: /vms, roles: Watch, groups: ops}
  - {path: /pool/lab, roles: PVEPoolUser, users: eve@pve}
  - {path: /storage/local, roles: PVEDatastoreUser, users: bob@pam, state: absent}
policies:
  - {name: nobody shuts down, who: 'ann@pve!*', never: Sys.PowerMgmt}
";

const LIVE: &str = "\
user:ann@pve:1:0::::::
token:ann@pve!old:0:1::
user:bob@pam:1:0::::::
token:bob@pam!ci:0:0::
user:former@pve:1:0::::::
group:ops:ann@pve::
group:former:former@pve::
role:Old:VM.Audit:
role:Gone:VM.Audit:
acl:1:/storage/local:bob@pam:PVEDatastoreUser:
acl:1:/:@former:PVEAuditor:
";

/// The commands under a heading, typed into a sandbox; what the program is to be run with.
fn credential(heading: &str, change: impl Fn(String) -> String) -> (Desk, String) {
    let desk = Desk::with_user_cfg(LIVE);
    let (_, section) = PAGE.split_once(&format!("### {heading}\n")).unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let tokens = type_in(&desk, &change(block.to_owned()));
    let [token] = tokens.as_slice() else { panic!("{tokens:?}") };
    (desk, token.clone())
}

fn plan(desk: &Desk, token: &str) -> Ran {
    ran_as(desk, token, &["plan", "--format", "json"])
}

#[test]
fn an_auditor_plans_everything_and_writes_nothing() {
    let (desk, token) = credential("To plan", |commands| commands);
    desk.write("desired-state.yaml", MIXED);
    let ran = plan(&desk, &token);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    let printed: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&printed["not_visible"], &printed["objections"]), (&serde_json::json!([]), &serde_json::json!([])));
    let admin: serde_json::Value = serde_json::from_str(&desk.run(&["plan", "--format", "json"]).stdout).unwrap();
    assert_eq!((&printed["steps"], &printed["changes"]), (&admin["steps"], &admin["changes"]));
    assert!(printed["steps"].as_array().unwrap().len() > 10);

    // Each step alone, so that none hides behind one that was refused before it.
    let before = desk.read("cluster/user.cfg");
    let files = [
        "roles: {Watch: {privs: [VM.Audit]}}",
        "roles: {Old: {privs: [Sys.Audit]}}",
        "roles: {Gone: {state: absent}}",
        "groups: {new: {}}",
        "groups: {ops: {comment: x}}",
        "groups: {former: {state: absent}}",
        "users: {eve@pve: {}}",
        "users: {bob@pam: {enable: false}}",
        "users: {former@pve: {state: absent}}",
        "tokens: {ann@pve!app: {secret: {file: secret}}}",
        "tokens: {bob@pam!ci: {comment: x}}",
        "tokens: {ann@pve!old: {state: absent}}",
        "acl: [{path: /vms, roles: PVEVMUser, groups: ops}]",
        "acl: [{path: /storage/local, roles: PVEDatastoreUser, users: bob@pam, state: absent}]",
    ];
    for file in files {
        desk.write("one.yaml", &format!("version: 1\n{file}\n"));
        let ran = ran_as(&desk, &token, &["apply", "--yes", "-f", "one.yaml"]);
        assert!(ran.code != 0 && ran.seen().contains("403"), "{file}: {}", ran.seen());
        assert_eq!(desk.read("cluster/user.cfg"), before, "{file}");
    }
}

#[test]
fn the_role_to_apply_with_does_everything() {
    let (desk, token) = credential("To apply", |commands| commands);
    for file in [MIXED, include_str!("../../desired-state.example.yaml")] {
        desk.write("desired-state.yaml", file);
        let ran = ran_as(&desk, &token, &["apply", "--yes"]);
        assert_eq!(ran.code, 0, "{}", ran.seen());
        let ran = ran_as(&desk, &token, &["doctor"]);
        assert_eq!(ran.code, 0, "{}", ran.seen());
    }
}

#[test]
fn without_any_one_of_its_privileges_something_is_refused() {
    let (_, table) = PAGE.split_once("| privilege |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let privileges: Vec<&str> = rows.map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    let line = PAGE.lines().find(|line| line.contains("pveum role add AccessSync")).unwrap();
    let mut listed: Vec<&str> = line.split('"').nth(1).unwrap().split(' ').collect();
    let mut explained = privileges.clone();
    listed.sort_unstable();
    explained.sort_unstable();
    assert_eq!(listed, explained, "each has its row");
    for privilege in privileges {
        let (desk, token) = credential("To apply", |commands| {
            commands.replace(&format!("{privilege} "), "").replace(&format!(" {privilege}\""), "\"")
        });
        desk.write("desired-state.yaml", MIXED);
        if privilege == "Pool.Audit" {
            let planned: serde_json::Value = serde_json::from_str(&plan(&desk, &token).stdout).unwrap();
            assert_eq!(planned["not_visible"], serde_json::json!(["pools"]));
            continue;
        }
        let ran = ran_as(&desk, &token, &["apply", "--yes"]);
        assert!(ran.code != 0, "without {privilege}: {}", ran.seen());
        assert_eq!(ran_as(&desk, &token, &["doctor"]).code, 1, "doctor misses {privilege}");
    }
}
