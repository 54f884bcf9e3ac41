//! What single requests are answered where no transcript has one like it; each test says what it rests on.

use serde_json::Value;

use super::asking::Caller;
use super::{Stage, body, status_line};

/// A check that looks a user up first looks at the name (pve-access-control, `check_user_exist`; transcript `users`,
/// POSTs of bad names).
#[tokio::test]
async fn a_name_that_is_none_is_refused_as_such() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    for line in ["GET /access/users/", "PUT /access/users/", "DELETE /access/users/"] {
        let bad = format!("{line}bad");
        stage.expect(&admin, &bad, "", "500 value 'bad' does not look like a valid user name").await;
        stage.expect(&admin, &format!("{line}x"), "", "500 user name 'x' is too short").await;
    }
    stage
        .expect(&admin, "GET /access/users/bad/token", "", "500 value 'bad' does not look like a valid user name")
        .await;
    stage.expect(&admin, "POST /access/users", "userid=0", "500 user name '' is too short").await;
    let root = stage.log_in("root@pam", "rootpass").await;
    let fault = "400 userid: invalid format - value 'bad' does not look like a valid user name";
    stage.expect(&root, "PUT /access/users/bad", "", fault).await;
}

/// To Perl `0` is nothing: no group, and no word of a path (pve-access-control, `create_user`, `update_user`,
/// `find_acl_tree_node`, `normalize_path`).
#[tokio::test]
async fn nought_is_nothing() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    // What is called `0` is written, and passed over when it is read again.
    for group in ["0", "g1", "0"] {
        stage.expect(&admin, "POST /access/groups", &format!("groupid={group}"), "200 null").await;
    }
    stage.expect(&admin, "POST /access/roles", "roleid=0", "200 null").await;
    stage.expect(&admin, "DELETE /access/groups/0", "", "500 delete group failed: group '0' does not exist").await;
    stage.expect(&admin, "DELETE /access/roles/0", "", "500 delete role failed: role '0' does not exist").await;
    stage.expect(&admin, "POST /access/users", "userid=ann@pve&groups=0", "200 null").await;
    let read = "GET /access/users/ann@pve";
    let groups = |groups: &str| format!(r#"200 {{"enable":1,"expire":0,"groups":[{groups}],"tokens":null}}"#);
    stage.expect(&admin, read, "", &groups("")).await;
    let missing = "500 update user failed: no such group '0'";
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0,g1", missing).await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=g1", "200 null").await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0&append=1", "200 null").await;
    stage.expect(&admin, read, "", &groups(r#""g1""#)).await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0", "200 null").await;
    stage.expect(&admin, read, "", &groups("")).await;

    let acl = |path: &str| format!("path={path}&roles=NoAccess&users=ann@pve");
    stage.expect(&admin, "PUT /access/acl", &acl("/nodes/0"), "200 null").await;
    stage.expect(&admin, "PUT /access/acl", &acl("0"), "400 path: invalid ACL path '0'").await;
    stage.expect(&admin, "PUT /access/acl", &acl("/0"), "400 path: invalid ACL path '/0'").await;
    stage.expect(&admin, "PUT /access/acl", &acl("0/"), "200 null").await;
    let file = stage.user_cfg();
    assert!(file.contains("acl:1:/:ann@pve:NoAccess:\nacl:1:/nodes:ann@pve:NoAccess:\n"), "{file}");
}

/// Blanks at the ends of a text are written, and lost when it is read again (api-facts.md, Users: "Lost: leading and
/// trailing blanks"; pve-access-control, `write_user_config`).
#[tokio::test]
async fn blanks_around_a_text_last_for_one_write() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    stage.expect(&admin, "POST /access/groups", "groupid=g1&comment=+x+y+", "200 null").await;
    assert!(stage.user_cfg().contains("\ngroup:g1:: x y :\n"), "{}", stage.user_cfg());
    stage.expect(&admin, "GET /access/groups/g1", "", r#"200 {"comment":"x y","members":[]}"#).await;
    stage.expect(&admin, "POST /access/users", "userid=ann@pve&comment=+", "200 null").await;
    let read = |email: &str| format!(r#"200 {{{email}"enable":1,"expire":0,"groups":[],"tokens":null}}"#);
    stage.expect(&admin, "GET /access/users/ann@pve", "", &read(r#""email":"","#)).await;
    stage.expect(&admin, "POST /access/groups", "groupid=g2&comment=0", "200 null").await;
    stage.expect(&admin, "GET /access/users/ann@pve", "", &read("")).await;
    assert!(stage.user_cfg().contains("\ngroup:g1::x y:\ngroup:g2:::\n"), "{}", stage.user_cfg());
}

/// api-facts.md, Users and Authentication: `expire` is absent only for an untouched `root@pam`, which loses its tokens
/// when it is deleted, and comes back.
#[tokio::test]
async fn root_comes_back_without_its_tokens() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    let root = stage.log_in("root@pam", "rootpass").await;
    stage.expect(&admin, "DELETE /access/users/root@pam", "", "200 null").await;
    assert_eq!(stage.user_cfg(), "\n\n\n\n");
    let refused = stage.send(&admin, "GET /version", "").await;
    assert_eq!(status_line(&refused), "HTTP/1.1 401 Authentication failed!");
    stage.expect(&root, "GET /access/users/root@pam", "", r#"200 {"enable":1,"groups":[],"tokens":null}"#).await;
    let listed = r#"200 [{"enable":1,"realm-type":"pam","userid":"root@pam"}]"#;
    stage.expect(&root, "GET /access/users", "", listed).await;
    stage.expect(&root, "POST /access/groups", "groupid=g1", "200 null").await;
    let listed = r#"200 [{"enable":1,"expire":0,"realm-type":"pam","userid":"root@pam"}]"#;
    stage.expect(&root, "GET /access/users", "", listed).await;
}

/// What a user holds in one group alone suffices for those in it, if the group is named (api-facts.md, What a
/// low-privilege caller does not see; pve-access-control, `userid-group`).
#[tokio::test]
async fn a_groups_manager_manages_its_members() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    for group in ["team", "other"] {
        stage.expect(&admin, "POST /access/groups", &format!("groupid={group}"), "200 null").await;
    }
    stage.expect(&admin, "POST /access/users", "userid=out@pve&groups=other", "200 null").await;
    let lead = stage.user("lead@pve").await;
    stage.grant("/access/groups/team", "lead@pve", "PVEUserAdmin").await;
    stage.grant("/access/realm/pve", "lead@pve", "PVEUserAdmin").await;
    let all = "403 Permission check failed (/access/groups, User.Modify)";
    let other = "403 Permission check failed (/access/groups/other, User.Modify)";
    let plain = "403 Permission check failed";
    for (line, form, expected) in [
        ("POST /access/users", "userid=in@pve", all),
        ("POST /access/users", "userid=in@pve&groups=team,other", other),
        ("POST /access/users", "userid=in@pve&groups=team&comment=x", "200 null"),
        ("PUT /access/users/in@pve", "comment=y", all),
        ("PUT /access/users/in@pve", "comment=y&groups=team", "200 null"),
        ("PUT /access/users/in@pve", "groups=other&append=1", other),
        ("PUT /access/users/in@pve", "groups=none", "403 Permission check failed (/access/groups/none, User.Modify)"),
        ("PUT /access/users/out@pve", "groups=team&append=1", plain),
        ("PUT /access/users/none@pve", "groups=team", "500 no such user ('none@pve')"),
        ("GET /access/users/out@pve", "", plain),
        ("GET /access/users/out@pve/token", "", plain),
        ("POST /access/users/none@pve/token/t1", "", plain),
        ("GET /access/groups/team", "", "403 Permission check failed (/access/groups, Sys.Audit|Group.Allocate)"),
        ("DELETE /access/groups/team", "", "403 Permission check failed (/access/groups, Group.Allocate)"),
        ("DELETE /access/users/out@pve", "", plain),
        ("DELETE /access/users/in@pve", "", "200 null"),
        ("DELETE /access/users/in@pve", "", "500 no such user ('in@pve')"),
        ("DELETE /access/users/in@pam", "", "403 Permission check failed (/access/realm/pam, Realm.AllocateUser)"),
    ] {
        stage.expect(&lead, line, form, expected).await;
    }
}

/// Who may change grants at a path without Permissions.Modify hands out and takes away no more than it has, no further
/// than it has it (api-facts.md, ACL; pve-access-control, `update_acl`).
#[tokio::test]
async fn nobody_hands_out_more_than_it_has() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    for role in ["Alloc&privs=VM.Allocate,VM.Audit", "Audit&privs=VM.Audit", "Nothing"] {
        stage.expect(&admin, "POST /access/roles", &format!("roleid={role}"), "200 null").await;
    }
    let ann = stage.user("ann@pve").await;
    let here = "path=/vms/100&users=ann@pve&roles=Alloc&propagate=0";
    stage.expect(&admin, "PUT /access/acl", here, "200 null").await;
    stage.expect(&admin, "PUT /access/acl", "path=/nodes&users=ann@pve&roles=Audit", "200 null").await;
    let cannot = |what: &str| {
        format!("500 ACL update failed: 400 Parameter verification failed. | role: Cannot {what}'Permissions.Modify'")
    };
    let wide = cannot("add role 'Audit' with propagation - requires ") + " or propagated superset of privileges.";
    let more = cannot("remove role 'PVEAdmin' - requires ") + " or superset of privileges.";
    for (form, expected) in [
        ("path=/vms/100&users=ann@pve&roles=Audit", wide.as_str()),
        ("path=/vms/100&users=ann@pve&roles=Audit&propagate=0", "200 null"),
        ("path=/vms/100&users=ann@pve&roles=Audit&delete=1", "200 null"),
        ("path=/vms/100&users=ann@pve&roles=Nothing", "200 null"),
        ("path=/vms/100&users=ann@pve&roles=NoAccess", &cannot("add role 'NoAccess' - requires ")),
        ("path=/vms/100&users=ann@pve&roles=NoAccess&delete=1", &cannot("remove role 'NoAccess' - requires ")),
        ("path=/vms/100&users=none@pve&roles=PVEAdmin&delete=1", &more),
        ("path=/vms/100&users=none@pve&roles=None,PVEAdmin", "500 ACL update failed: role 'None' does not exist"),
        ("path=/vms&users=ann@pve&roles=Audit", "403 Permission check failed (/vms, Permissions.Modify)"),
        (
            "path=/vms/101&users=ann@pve&roles=Audit",
            "403 Permission check failed (/vms/101, Permissions.Modify|VM.Allocate)",
        ),
        ("path=/bogus&users=ann@pve&roles=Audit", "403 Permission check failed (/bogus, Permissions.Modify)"),
        ("path=/a b&users=ann@pve&roles=Audit", "403 Permission check failed (/access, Permissions.Modify)"),
        ("roles=Audit", "403 Permission check failed (/-, Permissions.Modify)"),
    ] {
        stage.expect(&ann, "PUT /access/acl", form, expected).await;
    }
    let seen = stage.send(&ann, "GET /access/acl", "").await;
    assert!(seen.contains("/vms/100") && !seen.contains("/nodes"), "{seen}");
    stage
        .expect(
            &admin,
            "PUT /access/acl",
            "path=/pool/%C3%BC&users=ann@pve&roles=Audit",
            "400 path: invalid ACL path '/pool/ü'",
        )
        .await;
    stage.expect(&admin, "PUT /access/acl", "path=/storage/%C3%BC&users=ann@pve&roles=Audit", "200 null").await;
    assert!(!stage.user_cfg().contains('ü') && !stage.user_cfg().contains("/storage"), "{}", stage.user_cfg());
}

/// Moving a guest takes rights at both pools and at the guest (pve-manager, `update_pool`).
#[tokio::test]
async fn a_guest_is_not_taken_from_a_pool_of_others() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    for pool in ["from", "to"] {
        stage.expect(&admin, "POST /pools", &format!("poolid={pool}"), "200 null").await;
    }
    stage.expect(&admin, "PUT /pools", "poolid=from&vms=100", "200 null").await;
    let ann = stage.user("ann@pve").await;
    stage.grant("/pool/to", "ann@pve", "PVEPoolAdmin").await;
    let denied = "500 update pools failed: 403 Permission check failed (/vms/100, Permissions.Modify|VM.Allocate)";
    let put = "poolid=to&vms=100";
    stage.expect(&ann, "PUT /pools", put, denied).await;
    stage.grant("/vms", "ann@pve", "PVEVMAdmin").await;
    let elsewhere = "500 update pools failed: VM 100 belongs already to pool 'from' and allow-move is not set";
    stage.expect(&ann, "PUT /pools", put, elsewhere).await;
    let put = "poolid=to&vms=100&allow-move=1";
    let denied = "500 update pools failed: 403 Permission check failed (/pool/from, Pool.Allocate)";
    stage.expect(&ann, "PUT /pools", put, denied).await;
    stage.grant("/pool", "ann@pve", "PVEPoolAdmin").await;
    stage.expect(&ann, "PUT /pools", put, "200 null").await;
    assert!(stage.user_cfg().contains("pool:from::::\npool:to::100::\n"), "{}", stage.user_cfg());
    stage.expect(&ann, "PUT /pools", put, "500 update pools failed: VM 100 is already a pool member").await;
}

/// pve-access-control, `create_ticket`, `verify_auth`, `authenticate_2nd_new_do` and `change_password`.
#[tokio::test]
async fn a_login_takes_more_than_a_password() {
    const REFUSED: &str = "401 authentication failure";
    let stage = Stage::new().await;
    let nobody = Caller::nobody();
    stage.user("ann@pve").await;
    stage.grant("/vms", "ann@pve", "PVEVMUser").await;
    let log_in = "POST /access/ticket";
    let form = |more: &str| format!("username=ann@pve&password=password1{more}");

    let asked = stage.send(&nobody, log_in, &form("&path=/vms/100&privs=VM.Audit,VM.Console")).await;
    assert!(asked.contains("ann@pve") && !asked.contains("CSRFPreventionToken"), "{asked}");
    stage.expect(&nobody, log_in, &form("&path=/vms/100&privs=VM.Audit,VM.Allocate"), REFUSED).await;
    let alone = "400 privs: missing property required by 'path'";
    stage.expect(&nobody, log_in, &form("&path=/vms/100"), alone).await;
    stage.expect(&nobody, log_in, &form("&otp=123456"), REFUSED).await;
    stage.expect(&nobody, log_in, &form("&tfa-challenge=x"), REFUSED).await;

    let ticket = |caller: &Caller| {
        let (_, ticket) = caller.0.split_once("PVEAuthCookie=").unwrap();
        ticket.lines().next().unwrap().replace(':', "%3A")
    };
    let (root, ann) = (stage.log_in("root@pam", "rootpass").await, stage.log_in("ann@pve", "password1").await);
    let renew = |ticket: &str, more: &str| format!("username=ann@pve&password={ticket}{more}");
    let privs = "&path=/vms&privs=VM.Audit";
    for (form, status) in [
        (renew(&ticket(&ann), ""), "200"),
        (renew(&ticket(&ann), privs), "200"),
        (renew(&ticket(&root), ""), "200"),
        (renew(&ticket(&root), privs), "401"),
    ] {
        let answer = stage.send(&nobody, log_in, &form).await;
        assert_eq!(status_line(&answer).split(' ').nth(1), Some(status), "{form}");
    }

    let put = "PUT /access/password";
    let change = |own: &str| format!("userid=ann@pve&password=password2&confirmation-password={own}");
    stage.expect(&ann, put, &change("password9"), "500 invalid credentials").await;
    let own_ticket = "400 confirmation-password: value may only be 64 characters long";
    stage.expect(&ann, put, &change(&ticket(&ann)), own_ticket).await;
    stage.expect(&ann, put, &change("password1"), "200 null").await;

    stage.expect(&root, "PUT /access/domains/pve", "tfa=type%3Doath", "200 null").await;
    stage.expect(&nobody, log_in, "username=ann@pve&password=password2", REFUSED).await;
}

/// What is checked of a realm before what, and what is kept of it (pve-access-control, `PVE::API2::Domains`; pve-common,
/// `SectionConfig`).
#[tokio::test]
async fn realms_are_checked_in_order_and_keep_no_empty_option() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    let ldap = |more: &str| format!("realm=corp&type=ldap&server1=ldap.example.com&user_attr=uid{more}");
    for (form, fault) in [
        (
            "realm=corp&type=ldap&server1=a_b".to_owned(),
            "400 server1: invalid format - value does not look like a valid address: a_b",
        ),
        (ldap("&check-connection=1"), "500 add auth server failed: missing value for required option 'base_dn'"),
        (
            ldap("&tfa=step%3D30"),
            "400 tfa: invalid format - format error | tfa.type: property is missing and it is not optional",
        ),
        (ldap("&client-id=x"), "500 add auth server failed: unexpected property 'client-id'"),
        (
            ldap("&base_dn=dc%3Dx&check-connection=1"),
            "500 add auth server failed: unable to connect to any LDAP server",
        ),
        (
            "realm=sso&type=openid&check-connection=0".to_owned(),
            "500 add auth server failed: 'check-connection' parameter can only be set for realms of type 'ldap' or 'ad'",
        ),
    ] {
        stage.expect(&admin, "POST /access/domains", &form, fault).await;
    }
    stage
        .expect(&admin, "POST /access/domains", &ldap("&base_dn=dc%3Dx&port=0636&filter=&comment=0"), "200 null")
        .await;
    let read = stage.send(&admin, "GET /access/domains/corp", "").await;
    let read: Value = serde_json::from_str(body(&read)).unwrap();
    let names: Vec<&str> = read["data"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["base_dn", "digest", "port", "server1", "type", "user_attr"]);
    assert_eq!(read["data"]["port"], 636);

    for (line, form, fault) in [
        (
            "PUT /access/domains/pve",
            "check-connection=1",
            "500 update auth server failed: 'check-connection' parameter can only be set for realms of type 'ldap' or 'ad'",
        ),
        ("PUT /access/domains/corp", "check-connection=1", "500 update auth server failed: no options specified"),
        ("PUT /access/domains/none", "", "500 update auth server failed: no options specified"),
        (
            "PUT /access/domains/none",
            "comment=x",
            "500 update auth server failed: cannot lookup undefined type! at /usr/share/perl5/PVE/SectionConfig.pm line 261.",
        ),
        ("PUT /access/domains/corp", "delete=comment,nope", "200 null"),
        ("PUT /access/domains/pve", "comment=", "200 null"),
    ] {
        stage.expect(&admin, line, form, fault).await;
    }
    let listed = r#"200 [{"realm":"corp","type":"ldap"},{"comment":"Linux PAM standard authentication","realm":"pam","type":"pam"},{"comment":"Proxmox VE authentication server","realm":"pve","type":"pve"}]"#;
    stage.expect(&Caller::nobody(), "GET /access/domains", "", listed).await;
}
