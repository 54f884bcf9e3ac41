//! Plans that would lock out whoever applies them, or let somebody in for a moment.

use super::desk::{Desk, Ran};

/// README.md, "A real cluster in five minutes".
const SYNC: &str = "Group.Allocate,Permissions.Modify,Pool.Audit,Realm.AllocateUser,Sys.Audit,Sys.Modify,User.Modify";

/// Something harmless to do beside what is dangerous.
const HARMLESS: &str = "\
groups: {ops: {comment: On call}}
";

/// A cluster with the token that the README makes, as `user@realm!name=secret`.
fn desk() -> (Desk, String) {
    let desk = Desk::with_user_cfg("user:bob@pve:1:0::::::\nacl:1:/:bob@pve:PVEAuditor:\n");
    desk.by_hand("POST", "/access/roles", &format!("roleid=AccessSync&privs={SYNC}"));
    desk.by_hand("POST", "/access/users", "userid=sync@pve");
    desk.by_hand("PUT", "/access/acl", "path=/&roles=AccessSync&users=sync@pve");
    let token = desk.new_token("sync@pve!ci", "privsep=0");
    (desk, token)
}

fn run_as(desk: &Desk, credential: &str, arguments: &[&str]) -> Ran {
    desk.ran(&desk.command_at(&desk.serving.url(), credential, arguments).output().unwrap())
}

/// What is planned, and what becomes of it if it is allowed.
fn refused_and_allowed(file: &str) -> String {
    let (desk, sync) = desk();
    desk.write("desired-state.yaml", &format!("version: 1\n{HARMLESS}{file}"));
    let refused = run_as(&desk, &sync, &["plan"]);
    let (applied, requests) = desk.requests_of(|| run_as(&desk, &sync, &["apply", "--yes"]));
    assert_eq!((refused.code, applied.code), (3, 3));
    assert!(requests.iter().all(|request| !request.is_write()));
    let allowed = run_as(&desk, &sync, &["apply", "--yes", "--allow", "lockout"]);
    format!("{}\n$ apply --yes --allow lockout\n{}", refused.seen(), allowed.seen())
}

#[test]
fn a_token_that_narrows_its_own_role_is_told_the_step() {
    insta::assert_snapshot!(refused_and_allowed(
        "roles: {AccessSync: {privs: [Group.Allocate, Pool.Audit, Realm.AllocateUser, Sys.Audit, Sys.Modify, User.Modify]}}\n"
    ));
}

#[test]
fn a_token_that_revokes_what_it_sees_by_says_what_it_cannot_verify() {
    insta::assert_snapshot!(refused_and_allowed(
        "users: {bob@pve: {comment: Still here}}
acl:
  - {path: /, roles: AccessSync, users: sync@pve, state: absent}
  - {path: /vms, roles: PVEVMUser, groups: ops}
"
    ));
}

#[test]
fn a_token_that_disables_its_own_user_does_it_last() {
    insta::assert_snapshot!(refused_and_allowed(
        "users:
  sync@pve: {enable: false}
  zoe@pve: {groups: ops}
acl: [{path: /, roles: PVEAuditor, users: bob@pve, state: absent}]
"
    ));
}

/// Only its own part is put last.
#[test]
fn a_batch_that_concerns_the_token_among_others_is_split() {
    let (desk, sync) = desk();
    desk.by_hand("PUT", "/access/acl", "path=/&roles=AccessSync&users=bob@pve");
    desk.by_hand("POST", "/access/groups", "groupid=old");
    desk.write(
        "desired-state.yaml",
        "version: 1
groups: {old: {state: absent}}
acl: [{path: /, roles: AccessSync, users: [sync@pve, bob@pve], state: absent}]
",
    );
    let arguments = ["apply", "--yes", "--no-lock", "--allow", "lockout"];
    let (ran, requests) = desk.requests_of(|| run_as(&desk, &sync, &arguments));
    assert_eq!(ran.code, 4, "{}", ran.seen());
    assert_eq!(writes(&requests), ["PUT /access/acl", "DELETE /access/groups/old", "PUT /access/acl"]);
}

#[test]
fn the_last_administrator_is_not_taken_for_one_of_many() {
    let desk = Desk::new();
    desk.write("user.cfg", "user:root@pam:0:0:::::\nuser:ann@pve:1:0:::::\nacl:1:/:ann@pve:Administrator:\n");
    desk.write("desired-state.yaml", "version: 1\nusers: {ann@pve: {enable: false}}\n");
    insta::assert_snapshot!(desk.run(&["plan", "--live", "user.cfg"]).seen());
}

fn writes(requests: &[pve_access::sandbox::Logged]) -> Vec<String> {
    let writes = requests.iter().filter(|request| request.is_write());
    writes.map(|request| format!("{} {}", request.method, request.path.trim_start_matches("/api2/json"))).collect()
}

/// Each of these gives somebody for a moment what nobody means it to have, if it is done in the order of every other plan.
#[test]
fn what_is_not_safe_yet_is_put_off() {
    for (cluster, file, order) in [
        // Ops would have been granted to ann before it is narrowed.
        (
            "user:ann@pve:1:0::::::\nrole:Ops:VM.Audit,VM.PowerMgmt:\n",
            "roles: {Ops: {privs: [VM.Audit]}}\nacl: [{path: /vms, roles: Ops, users: ann@pve}]\n",
            &["PUT /access/roles/Ops", "PUT /access/acl"][..],
        ),
        // ann would have been let into dev before dev is no administrator any more.
        (
            "user:ann@pve:1:0::::::\ngroup:dev:::\nacl:1:/:@dev:Administrator:\n",
            "users: {ann@pve: {groups: dev}}\nacl: [{path: /, roles: Administrator, groups: dev, state: absent}]\n",
            &["PUT /access/acl", "PUT /access/users/ann@pve"],
        ),
        // zoe would have been made with what her own grant keeps from her.
        (
            "group:dev:::\nacl:1:/vms:@dev:PVEVMAdmin:\n",
            "users: {zoe@pve: {groups: dev}}\nacl: [{path: /vms/100, roles: PVEVMUser, users: zoe@pve}]\n",
            &["POST /access/users", "PUT /access/acl", "PUT /access/users/zoe@pve"],
        ),
        // ann would have been enabled while she still was an administrator.
        (
            "user:ann@pve:0:0::::::\nacl:1:/:ann@pve:Administrator:\n",
            "users: {ann@pve: {enable: true}}\nacl: [{path: /, roles: Administrator, users: ann@pve, state: absent}]\n",
            &["PUT /access/acl", "PUT /access/users/ann@pve"],
        ),
    ] {
        let desk = Desk::with_user_cfg(cluster);
        desk.write("desired-state.yaml", &format!("version: 1\n{file}"));
        let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes", "--no-lock"]));
        assert_eq!(ran.code, 0, "{}", ran.seen());
        assert_eq!(writes(&requests), order, "{}", ran.seen());
        assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_no_order_avoids_is_refused() {
    let desk = Desk::with_user_cfg("acl:1:/:ghost@pve:PVEAdmin:\n");
    desk.write(
        "desired-state.yaml",
        "version: 1
users: {ghost@pve: {comment: Not the former one}}
acl:
  - {path: /, roles: PVEAdmin, users: ghost@pve, state: absent}
  - {path: /vms, roles: PVEVMUser, users: ghost@pve}
",
    );
    let (refused, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    insta::assert_snapshot!(refused.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
    // As it says.
    let file = desk.read("desired-state.yaml");
    for enable in ["enable: false, ", "enable: true, "] {
        desk.write("desired-state.yaml", &file.replace("{comment", &format!("{{{enable}comment")));
        assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    }
}
