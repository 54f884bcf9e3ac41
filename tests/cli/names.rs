//! Names that only the cluster could tell to be wrong.

use super::desk::Desk;

#[test]
fn names_that_exist_nowhere_are_all_reported_with_what_was_meant() {
    let desk = Desk::with_user_cfg(
        "user:ann@pve:1:0::::::\n\
         token:ann@pve!backup:0:1::\n\
         group:operators:ann@pve::\n\
         role:Backup:VM.Backup:\n",
    );
    desk.write(
        "desired-state.yaml",
        "version: 1
roles:
  Old: {privs: [VM.Audit, VM.Monitor, VM.Teleport]}
users:
  bob@pve: {groups: [operatros, auditors]}
tokens:
  carl@pve!cd: {secret: {file: secrets/carl}}
  ann@pve!fresh: {}
acl:
  - path: /
    roles: [Auditor, backup]
    groups: [operater]
    users: [ann@pwe, zoe@pve]
    tokens: [ann@pve!backups]
",
    );
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
}

#[test]
fn a_grant_that_the_server_cannot_delete_is_refused_with_the_way_out() {
    let desk = Desk::with_user_cfg("acl:1:/vms:ghost@ldap,@gone:PVEAuditor:\n");
    desk.write(
        "desired-state.yaml",
        "version: 1
acl:
  - {path: /vms, roles: PVEAuditor, users: ghost@ldap, groups: gone, state: absent}
",
    );
    insta::assert_snapshot!(desk.run(&["plan"]).seen());

    // The way out that the message names.
    desk.write("desired-state.yaml", "version: 1\nusers: {ghost@ldap: {}}\ngroups: {gone: {}}\n");
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    desk.write(
        "desired-state.yaml",
        "version: 1\nusers: {ghost@ldap: {state: absent}}\ngroups: {gone: {state: absent}}\n",
    );
    let ran = desk.run(&["apply", "--yes"]);
    insta::assert_snapshot!(ran.seen());
    assert!(!desk.read("cluster/user.cfg").contains("acl:"));
}

#[test]
fn a_user_of_a_realm_that_does_not_exist_is_made_with_a_warning() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", "version: 1\nusers:\n  ann@PVE: {}\n  bob@corp: {}\n");
    insta::assert_snapshot!(desk.run(&["apply", "--yes"]).seen());
    assert_eq!(desk.run(&["plan"]).stderr, "", "what is there is not warned of");
}

#[test]
fn a_misspelt_revocation_is_noticed_and_a_done_one_is_not() {
    let desk = Desk::with_user_cfg("group:team::\nacl:1:/vms:@team:PVEVMAdmin:\n");
    desk.write(
        "desired-state.yaml",
        "version: 1
groups: {gone: {state: absent}}
acl:
  - {path: /vms, roles: PVEVMAdmin, groups: taem, state: absent}
  - {path: /vms, roles: PVEVMAdmin, groups: gone, state: absent}
  - {path: /vms, roles: Unheard, users: long-gone@ldap, state: absent}
",
    );
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn what_the_api_cannot_name_cannot_be_declared() {
    let desk = Desk::with_user_cfg("group:.:::\n");
    desk.write(
        "desired-state.yaml",
        "version: 1\ngroups: {.: {comment: dot}, 0: {}}\nroles: {..: {privs: [VM.Audit]}}\n",
    );
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}
