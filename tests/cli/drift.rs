//! What somebody breaks by hand is seen, and mended, and what nobody declared is left alone.

use super::desk::{Desk, HOMEPAGE};

#[test]
fn what_was_broken_by_hand_is_seen_and_mended() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);

    desk.by_hand("DELETE", "/access/groups/api-ro-users", "");
    desk.by_hand("PUT", "/access/acl", "path=/&roles=PVEAuditor&tokens=api@pam!homepage&propagate=0");
    desk.by_hand("PUT", "/access/users/api@pam", "enable=0");
    desk.by_hand("PUT", "/access/acl", "path=/vms&roles=PVEVMAdmin&users=api@pam");

    let plan = desk.run(&["plan", "--show-undeclared", "--detailed-exitcode"]);
    insta::assert_snapshot!(plan.seen());

    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    insta::assert_snapshot!(desk.run(&["plan", "--show-undeclared", "--detailed-exitcode"]).seen());
    assert!(desk.read("cluster/user.cfg").contains("acl:1:/vms:api@pam:PVEVMAdmin:"), "the stray grant is left alone");
}

#[test]
fn what_a_file_does_not_mention_is_left_as_it_is() {
    let desk = Desk::with_user_cfg(
        "user:api@pam:0:1900000000:Ann:Lee:ann@example.com:kept:x:\n\
         token:api@pam!other:0:1:not ours:\n\
         group:ops:api@pam:kept:\n",
    );
    let before = desk.read("cluster/user.cfg");
    desk.write("desired-state.yaml", "version: 1\nusers: {api@pam: }\ngroups: {ops: {}}\n");
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(requests.iter().filter(|request| request.is_write()).count(), 0);
    assert_eq!(desk.read("cluster/user.cfg"), before);

    desk.write("desired-state.yaml", "version: 1\nusers: {api@pam: {comment: changed}}\n");
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let after = desk.read("cluster/user.cfg");
    assert!(after.contains("user:api@pam:0:1900000000:Ann:Lee:ann@example.com:changed:x:"), "{after}");
    assert!(after.contains("token:api@pam!other:0:1:not ours:"), "{after}");
    assert!(after.contains("group:ops:api@pam:kept:"), "{after}");
}

#[test]
fn what_is_empty_becomes_empty_and_what_is_absent_goes() {
    let desk = Desk::with_user_cfg(
        "user:ann@pve:1:1900000000:Ann:Lee:ann@example.com:gone soon::\n\
         token:ann@pve!one:0:1:with its user:\n\
         user:bob@pve:1:0::::::\n\
         token:bob@pve!old:0:1::\n\
         group:ops:ann@pve,bob@pve:on call:\n\
         group:old:bob@pve::\n\
         role:Old:VM.Audit:\n\
         role:Slim:VM.Audit,VM.Console:\n\
         acl:1:/vms:@old,bob@pve:Old:\n\
         acl:1:/nodes:ann@pve,bob@pve!old:PVEAuditor:\n\
         acl:0:/storage:@ops,bob@pve:PVEDatastoreUser:\n",
    );
    desk.write(
        "desired-state.yaml",
        "version: 1
roles:
  Old: {state: absent}
  Slim: {privs: []}
groups:
  old: {state: absent}
  ops: {comment: \"\"}
users:
  ann@pve: {state: absent}
  bob@pve: {groups: [], firstname: Bob, expire: 2030-01-01}
tokens:
  bob@pve!old: {state: absent}
acl:
  - {path: /storage, roles: PVEDatastoreUser, users: bob@pve, state: absent}
",
    );
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes", "--no-lock"]));
    insta::assert_snapshot!(ran.seen());
    let writes: Vec<String> = requests
        .iter()
        .filter(|request| request.is_write())
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    insta::assert_snapshot!(writes.join("\n"));
    insta::assert_snapshot!(desk.read("cluster/user.cfg"));
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}

/// Each attribute by itself, on the way there and back: none is forgotten and none is sent unasked.
#[test]
fn every_attribute_arrives() {
    let desk = Desk::new();
    let apply = |file: &str| {
        desk.write("desired-state.yaml", file);
        let ran = desk.run(&["apply", "--yes", "--show-secrets"]);
        assert_eq!(ran.code, 0, "{}", ran.seen());
        desk.read("cluster/user.cfg")
    };
    let made = apply(
        "version: 1
roles: {R: {privs: [VM.Audit]}}
groups: {g: {comment: G}, h: {}}
users: {u@pve: {enable: false, expire: 1900000000, firstname: F, lastname: L, email: e@example.com, comment: C, groups: g}}
tokens: {u@pve!tok: {privsep: false, expire: 1900000001, comment: T}}
",
    );
    assert!(
        made.contains("user:u@pve:0:1900000000:F:L:e@example.com:C::\ntoken:u@pve!tok:1900000001:0:T:\n"),
        "{made}"
    );
    assert!(made.contains("group:g:u@pve:G:\ngroup:h:::\n") && made.contains("role:R:VM.Audit:\n"), "{made}");
    for (attribute, line) in [
        ("enable: true", "user:u@pve:1:1900000000:F:L:e@example.com:C::"),
        ("expire: never", "user:u@pve:1:0:F:L:e@example.com:C::"),
        ("firstname: F2", "user:u@pve:1:0:F2:L:e@example.com:C::"),
        ("lastname: L2", "user:u@pve:1:0:F2:L2:e@example.com:C::"),
        ("email: e2@example.com", "user:u@pve:1:0:F2:L2:e2@example.com:C::"),
        ("comment: \"\"", "user:u@pve:1:0:F2:L2:e2@example.com:::"),
        ("groups: h", "group:h:u@pve::"),
    ] {
        let changed = apply(&format!("version: 1\nusers: {{u@pve: {{{attribute}}}}}\n"));
        assert!(changed.lines().any(|there| there == line), "{attribute}: {changed}");
    }
    for (attribute, line) in [
        ("privsep: true", "token:u@pve!tok:1900000001:1:T:"),
        ("expire: never", "token:u@pve!tok:0:1:T:"),
        ("comment: \"\"", "token:u@pve!tok:0:1::"),
    ] {
        let changed = apply(&format!("version: 1\ntokens: {{u@pve!tok: {{{attribute}}}}}\n"));
        assert!(changed.lines().any(|there| there == line), "{attribute}: {changed}");
    }
    let changed = apply("version: 1\nroles: {R: {privs: [VM.Console]}}\ngroups: {g: {comment: G2}}\n");
    assert!(changed.contains("group:g::G2:\n") && changed.contains("role:R:VM.Console:\n"), "{changed}");
}

#[test]
fn what_comes_back_to_life_with_a_name_is_said() {
    let desk = Desk::with_user_cfg(
        "group:ops:ghost@pve::\nacl:1:/:ghost@pve:Administrator:\nacl:1:/vms:@ghosts:PVEVMAdmin:\n",
    );
    desk.write(
        "desired-state.yaml",
        "version: 1\nusers: {ghost@pve: {comment: New colleague}}\ngroups: {ghosts: {}}\n",
    );
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn who_came_into_a_declared_group_by_hand_is_listed() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\nuser:bob@pve:1:0::::::\ngroup:ops:ann@pve,bob@pve::\n");
    desk.write("desired-state.yaml", "version: 1\nusers: {ann@pve: {groups: ops}}\ngroups: {ops: {}}\n");
    insta::assert_snapshot!(desk.run(&["plan", "--show-undeclared"]).seen());
}
