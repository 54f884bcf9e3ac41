//! What the credential cannot see.

use super::desk::Desk;

/// A token with these grants, as `user@realm!name=secret`.
fn credential(desk: &Desk, grants: &[(&str, &str)]) -> String {
    desk.by_hand("POST", "/access/users", "userid=ci@pve");
    for (path, role) in grants {
        desk.by_hand("PUT", "/access/acl", &format!("path={path}&roles={role}&users=ci@pve"));
    }
    desk.new_token("ci@pve!sync", "privsep=0")
}

const FILE: &str = "\
version: 1
groups:
  ops: {comment: On call}
users:
  ann@pve: {groups: ops}
acl:
  - {path: /vms, roles: PVEVMUser, groups: ops}
";

fn plan_as(desk: &Desk, credential: &str, arguments: &[&str]) -> super::desk::Ran {
    desk.ran(&desk.command_at(&desk.serving.url(), credential, arguments).output().unwrap())
}

/// docs: PVEAuditor on / is all that plan needs.
#[test]
fn an_auditor_plans_what_an_administrator_plans() {
    let desk = Desk::with_user_cfg("user:ann@pve:0:0::::::\ngroup:ops:ann@pve:old:\nacl:0:/vms:@ops:PVEVMUser:\n");
    desk.write("desired-state.yaml", FILE);
    let auditor = credential(&desk, &[("/", "PVEAuditor")]);
    let without_heading = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    let seen = plan_as(&desk, &auditor, &["plan"]);
    assert_eq!(seen.code, 0, "{}", seen.seen());
    assert_eq!(without_heading(&seen.stdout), without_heading(&desk.run(&["plan"]).stdout));
}

#[test]
fn what_cannot_be_seen_is_not_taken_for_absent() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\ngroup:ops:ann@pve:On call:\nacl:1:/vms:@ops:PVEVMUser:\n");
    desk.write("desired-state.yaml", FILE);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0, "it is all there");

    let blind = credential(&desk, &[("/vms", "PVEVMUser")]);
    let (refused, requests) = desk.requests_of(|| plan_as(&desk, &blind, &["apply", "--yes"]));
    insta::assert_snapshot!(refused.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
    assert_eq!(plan_as(&desk, &blind, &["plan", "--allow", "blind"]).code, 0);
}

/// README.md, "A real cluster in five minutes": the role that it makes is enough for everything.
#[test]
fn the_credential_of_the_readme_can_do_the_whole_job() {
    let readme = include_str!("../../README.md");
    let line = readme.lines().find(|line| line.contains("pveum role add AccessSync")).unwrap();
    let privileges = line.split('"').nth(1).unwrap().replace(' ', ",");
    let desk = Desk::new();
    desk.by_hand("POST", "/access/roles", &format!("roleid=AccessSync&privs={privileges}"));
    let sync = credential(&desk, &[("/", "AccessSync")]);
    desk.write("desired-state.yaml", FILE);
    desk.write(
        "more.yaml",
        "version: 1
roles:
  Watch: {privs: [VM.Audit]}
users:
  bob@pam: {comment: In another realm}
tokens:
  ann@pve!app: {secret: {file: secret}}
acl:
  - {path: /nodes, roles: [Watch, PVEAuditor], users: bob@pam, tokens: ann@pve!app}
",
    );
    let ran = plan_as(&desk, &sync, &["apply", "--yes", "-f", "desired-state.yaml", "-f", "more.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    desk.write(
        "gone.yaml",
        "version: 1
roles: {Watch: {state: absent}}
groups: {ops: {state: absent}}
users: {ann@pve: {state: absent}, bob@pam: {enable: false}}
",
    );
    let ran = plan_as(&desk, &sync, &["apply", "--yes", "-f", "gone.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
}

#[test]
fn who_may_not_write_is_told_what_is_missing() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", FILE);
    let auditor = credential(&desk, &[("/", "PVEAuditor")]);
    insta::assert_snapshot!(plan_as(&desk, &auditor, &["apply", "--yes"]).seen());
}

/// Nothing is taken away before what replaces it is given: not from the one who is applying, either.
#[test]
fn the_applying_credential_can_change_what_it_holds_itself_by() {
    const NEEDED: &str = "Group.Allocate,Permissions.Modify,Realm.AllocateUser,Sys.Audit,Sys.Modify,User.Modify";
    for file in [
        // What it holds is narrowed once it holds the other.
        "version: 1
roles: {Sync: {privs: [Sys.Audit]}}
acl: [{path: /, roles: Other, users: ci@pve}]
",
        // What it holds is revoked once the other is enough.
        "version: 1
roles: {Small: {privs: [NEEDED]}}
acl: [{path: /, roles: Sync, users: ci@pve, state: absent}]
",
    ] {
        let desk = Desk::new();
        for (role, privs) in [("Sync", NEEDED), ("Other", NEEDED), ("Small", "Sys.Audit")] {
            desk.by_hand("POST", "/access/roles", &format!("roleid={role}&privs={privs}"));
        }
        let sync = credential(&desk, &[("/", "Sync"), ("/", "Small")]);
        desk.write("desired-state.yaml", &file.replace("NEEDED", NEEDED));
        let ran = plan_as(&desk, &sync, &["apply", "--yes"]);
        assert_eq!(ran.code, 0, "{}", ran.seen());
    }
}
