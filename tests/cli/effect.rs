//! What a plan means: who gains and loses what, and why.

use super::desk::Desk;

/// The section of a plan for this user.cfg and this file, without the rest.
fn effect(user_cfg: &str, file: &str, arguments: &[&str]) -> String {
    let desk = Desk::with_user_cfg(user_cfg);
    desk.write("desired-state.yaml", &format!("version: 1\n{file}"));
    let mut all = vec!["plan"];
    all.extend(arguments);
    let ran = desk.run(&all);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    let from = ran.stdout.find("  Effective permissions").expect("there is such a section");
    let section = &ran.stdout[from..];
    section.split_once("\n\n").map_or(section, |(section, _)| section).to_owned()
}

const TEAM: &str = "\
user:ann@pve:1:0::::::
user:bob@pve:1:0::::::
group:ops:ann@pve,bob@pve::
acl:1:/vms:@ops:PVEVMAdmin:
";

/// The grant that takes more than it gives: which hides which is said in one line.
#[test]
fn an_own_grant_hides_what_the_group_has() {
    let said = effect(TEAM, "acl: [{path: /vms/101, roles: PVEVMUser, users: ann@pve}]\n", &[]);
    insta::assert_snapshot!(said);
    let line = said.lines().find(|line| line.contains("loses")).unwrap();
    assert!(line.contains("VM.Allocate") && line.contains("hides PVEVMAdmin on /vms to @ops"), "{line}");
}

#[test]
fn everything_is_written_out_on_demand() {
    let said = effect(TEAM, "acl: [{path: /vms/101, roles: PVEVMUser, users: ann@pve}]\n", &["--full"]);
    insta::assert_snapshot!(said);
}

#[test]
fn the_grant_that_hides_is_taken_away_again() {
    let hiding = format!("{TEAM}acl:1:/vms/101:ann@pve:PVEVMUser:\nacl:0:/vms/102:@ops:NoAccess:\n");
    let file = "acl:
  - {path: /vms/101, roles: PVEVMUser, users: ann@pve, state: absent}
  - {path: /vms/102, roles: NoAccess, groups: ops, state: absent}
";
    insta::assert_snapshot!(effect(&hiding, file, &[]));
}

#[test]
fn the_tokens_of_whom_is_disabled_stop_working() {
    let users = "\
user:ann@pve:1:0::::::
token:ann@pve!ci:0:0::
token:ann@pve!old:1000:0::
token:ann@pve!xx:0:1::
user:bob@pve:0:0::::::
token:bob@pve!app:0:0::
user:carl@pve:1:0::::::
token:carl@pve!app:0:0::
token:carl@pve!gone:0:0::
user:dora@pve:1:0::::::
token:dora@pve!ci:0:0::
user:eve@pve:1:1000::::::
";
    let file = "users:
  ann@pve: {enable: false}
  bob@pve: {enable: true}
  dora@pve: {state: absent}
  eve@pve: {enable: false}
tokens:
  carl@pve!app: {expire: 2001-02-03}
  carl@pve!gone: {state: absent}
";
    insta::assert_snapshot!(effect(users, file, &[]));
}

#[test]
fn a_token_without_separation_goes_with_its_user_until_it_is_separated() {
    let users = format!("{TEAM}token:ann@pve!ci:0:0::\ntoken:ann@pve!own:0:0::\ntoken:bob@pve!ci:0:1::\n");
    let file = "tokens:
  ann@pve!own: {privsep: true}
  bob@pve!ci: {privsep: false}
acl:
  - {path: /vms, roles: PVEVMUser, tokens: ann@pve!own}
  - {path: /nodes, roles: PVEAuditor, groups: ops}
";
    insta::assert_snapshot!(effect(&users, file, &[]));
}

#[test]
fn a_narrowed_role_is_one_line_with_its_exceptions_below() {
    let users = format!(
        "{TEAM}user:carl@pve:1:0::::::\nrole:Look:VM.Audit,VM.Console,VM.PowerMgmt:\n\
         acl:1:/:@ops,carl@pve:Look:\nacl:1:/storage/s1:bob@pve:Look:\nacl:1:/nodes:ann@pve:PVEAuditor:\n\
         acl:0:/sdn:carl@pve:PVEAuditor:\n"
    );
    insta::assert_snapshot!(effect(&users, "roles: {Look: {privs: [VM.Audit]}}\n", &[]));
}

#[test]
fn each_way_of_losing_is_named() {
    let users = "\
user:ann@pve:1:0::::::
user:bob@pve:1:0::::::
user:carl@pve:1:0::::::
user:dora@pve:1:0::::::
group:ops:ann@pve::
group:old:bob@pve::
role:Gone:VM.Audit:
acl:1:/vms:@ops:PVEVMUser:
acl:1:/storage:@old:PVEDatastoreUser:
acl:1:/nodes:carl@pve:PVEAuditor:
acl:1:/vms/100:dora@pve:Gone:
acl:1:/sdn:dora@pve:PVESDNUser:
";
    let file = "users: {ann@pve: {groups: []}}
groups: {old: {state: absent}}
roles: {Gone: {state: absent}}
acl:
  - {path: /nodes, roles: PVEAuditor, users: carl@pve, propagate: false}
  - {path: /sdn, roles: PVESDNUser, users: dora@pve, state: absent}
";
    insta::assert_snapshot!(effect(users, file, &[]));
}

#[test]
fn no_access_to_one_group_counts_for_all_its_members() {
    let users = format!("{TEAM}group:out:bob@pve::\n");
    insta::assert_snapshot!(effect(&users, "acl: [{path: /vms, roles: NoAccess, groups: out}]\n", &[]));
}

#[test]
fn who_changes_nothing_is_told_so() {
    insta::assert_snapshot!(effect(TEAM, "groups: {new: {}}\nusers: {ann@pve: {comment: On call}}\n", &[]));
}

#[test]
fn names_cannot_move_the_cursor() {
    let users = "user:a\u{1b}[31m@pve:1:0::::::\nuser:\u{202e}x@pve:1:0::::::\ngroup:g:a\u{1b}[31m@pve,\u{202e}x@pve::\n\
                 acl:1:/vms:@g:PVEVMAdmin:\n";
    for arguments in [&[][..], &["--full"]] {
        let said =
            effect(users, "roles: {R: {privs: [VM.Audit]}}\nacl: [{path: /vms/100, roles: R, groups: g}]\n", arguments);
        assert!(said.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{said:?}");
        assert!(said.contains("\\u{1b}[31m@pve") && said.contains("\\u{202e}x@pve"), "{said}");
    }
}

/// Nobody reads a thousand lines; whoever wants to says so.
#[test]
fn many_lines_are_counted() {
    let mut users = String::new();
    let mut file = "acl:\n".to_owned();
    for at in 100..140 {
        users.push_str(&format!("user:u{at}@pve:1:0::::::\nacl:1:/vms/{at}:u{at}@pve:PVEVMUser:\n"));
        file.push_str(&format!("  - {{path: /vms/{at}, roles: PVEVMUser, users: u{at}@pve, state: absent}}\n"));
    }
    let brief = effect(&users, &file, &["--allow", "deletes"]);
    insta::assert_snapshot!(brief);
    let full = effect(&users, &file, &["--full", "--allow", "deletes"]);
    assert_eq!(full.lines().filter(|line| line.contains("loses")).count(), 40, "{full}");
}

#[test]
fn what_the_reader_does_not_see_is_said_to_be_missing() {
    let desk = Desk::with_user_cfg(&format!(
        "{TEAM}user:ci@pve:1:0::::::\ntoken:ci@pve!sync:0:0::\nacl:1:/access/groups:ci@pve:PVEUserAdmin:\n"
    ));
    let token = desk.new_token("ci@pve!tmp", "privsep=0");
    desk.write("desired-state.yaml", "version: 1\nusers: {ann@pve: {enable: false}}\n");
    let output = desk.command_at(&desk.serving.url(), &token, &["plan"]).output().unwrap();
    insta::assert_snapshot!(desk.ran(&output).seen());
}

/// docs/plan.md, "What a plan means": what it shows is what is printed.
#[test]
fn the_example_of_the_documentation_is_what_is_printed() {
    let users = "\
user:ann@pve:1:0::::::
token:ann@pve!ci:0:0::
user:bob@pve:1:0::::::
token:bob@pve!app:0:1::
token:bob@pve!ci:0:1::
user:carl@pve:1:0::::::
group:ops:ann@pve,bob@pve::
group:dev:carl@pve::
role:Look:VM.Audit,VM.Console:
acl:1:/vms:@ops:PVEVMAdmin:
acl:1:/storage:@dev,@ops:Look:
acl:1:/storage/s1:carl@pve:PVEDatastoreUser:
";
    let file = "roles: {Look: {privs: [VM.Audit]}}
users: {bob@pve: {enable: false}}
acl: [{path: /vms/101, roles: PVEVMUser, users: ann@pve}]
";
    let said = effect(users, file, &[]);
    assert!(include_str!("../../docs/plan.md").contains(&said), "docs/plan.md does not show\n{said}");
}

/// The example of README.md, "Break something", as tests/cli/drift.rs holds it.
#[test]
fn the_example_of_the_readme_is_what_is_printed() {
    let snapshot = include_str!("snapshots/cli__drift__what_was_broken_by_hand_is_seen_and_mended.snap");
    let from = snapshot.find("  + group").expect("the plan begins with a group");
    let to = snapshot.find("--- exit").expect("the exit status is the end");
    assert!(include_str!("../../README.md").contains(&snapshot[from..to]), "README.md does not show this plan");
}
