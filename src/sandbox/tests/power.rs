//! Who may call what, and in which order that is found out.

use super::asking::Caller;
use super::{Stage, body, status_line};

/// "Unknown path without auth: 401 too"; "No auth needed: GET /access/domains, GET+POST /access/ticket ...", by their exact
/// paths; "With a token header (no cookie): 403" (api-facts.md, Authentication).
#[tokio::test]
async fn few_calls_are_open_to_anybody() {
    let stage = Stage::new().await;
    let bad = || Caller("Authorization: PVEAPIToken=root@pam!admin=nonsense\r\n".to_owned());
    let bad_cookie = || Caller("Cookie: PVEAuthCookie=nonsense\r\n".to_owned());
    let log_in = "username=root@pam&password=rootpass";
    for (caller, line, form, status) in [
        (Caller::nobody(), "GET /access/domains", "", "200 OK"),
        (Caller::nobody(), "GET /access/domains/", "", "401 No ticket"),
        (Caller::nobody(), "GET /access/ticket", "", "200 OK"),
        (Caller::nobody(), "GET /access/nope", "", "401 No ticket"),
        (Caller::nobody(), "POST /access/domains", "", "401 No ticket"),
        (Caller::nobody(), "POST /access/ticket", "", "400 Parameter verification failed."),
        (bad(), "GET /access/domains", "", "200 OK"),
        (bad(), "GET /access/nope", "", "401 Authentication failed!"),
        (bad_cookie(), "GET /access/domains", "", "200 OK"),
        (bad_cookie(), "POST /access/ticket", log_in, "200 OK"),
        (
            bad(),
            "POST /access/ticket",
            log_in,
            "403 Permission check failed (URI '/access/ticket' not available with API token, need proper ticket.",
        ),
    ] {
        let answer = stage.send(&caller, line, form).await;
        assert_eq!(status_line(&answer), format!("HTTP/1.1 {status}"), "{line} {form}");
        if status.starts_with("401") {
            assert_eq!(body(&answer), "", "{line} {form}");
        }
    }
}

/// "Permission check runs before parameter checks, for everyone but root@pam's own ticket" (api-facts.md, HTTP layer); what
/// a path lacks is a `-` in it (pve-common, `template_replace`).
#[tokio::test]
async fn who_lacks_a_right_is_told_before_what_is_wrong() {
    let stage = Stage::new().await;
    let low = stage.user("low@pve").await;
    let root = stage.log_in("root@pam", "rootpass").await;
    let admin = stage.admin_token();
    let missing = "property is missing and it is not optional";
    let low_sees = |what: &str| format!("403 Permission check failed ({what})");
    for (line, form, for_low, for_admin, for_root) in [
        ("POST /pools", "", low_sees("/pool/-, Pool.Allocate"), None, format!("400 poolid: {missing}")),
        (
            "POST /access/groups",
            "",
            low_sees("/access/groups, Group.Allocate"),
            None,
            format!("400 groupid: {missing}"),
        ),
        ("POST /access/roles", "", low_sees("/access, Sys.Modify"), None, format!("400 roleid: {missing}")),
        ("PUT /access/acl", "path=/vms", low_sees("/vms, Permissions.Modify"), None, format!("400 roles: {missing}")),
        (
            "POST /access/users",
            "",
            "500 user name '' is too short".to_owned(),
            Some("500 user name '' is too short".to_owned()),
            format!("400 userid: {missing}"),
        ),
        (
            "PUT /access/groups/a",
            "groupid=b",
            "400 groupid: duplicate parameter (already defined in URI) with conflicting values!".to_owned(),
            None,
            "400 groupid: duplicate parameter (already defined in URI) with conflicting values!".to_owned(),
        ),
    ] {
        stage.expect(&low, line, form, &for_low).await;
        stage.expect(&admin, line, form, for_admin.as_ref().unwrap_or(&for_root)).await;
        stage.expect(&root, line, form, &for_root).await;
    }
}

/// "Never with a token, not even root@pam!x: ... POST/PUT/DELETE /access/tfa..." and "The only 404: GET
/// /access/tfa/{user}/{id}" (api-facts.md, Authentication, HTTP layer).
#[tokio::test]
async fn second_factors_are_their_users_own() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    let low = stage.user("low@pve").await;
    stage.user("other@pve").await;
    let plain = "403 Permission check failed";
    for (caller, line, expected) in [
        (&low, "GET /access/tfa", "200 []"),
        (&low, "GET /access/tfa/low@pve", "200 []"),
        (&low, "GET /access/tfa/low@pve/x", "404 No such tfa entry 'x'"),
        (&low, "GET /access/tfa/other@pve", plain),
        (&low, "GET /access/tfa/other@pve/x", plain),
        (&low, "GET /access/tfa/none@pve", plain),
        (&low, "PUT /access/users/other@pve/unlock-tfa", plain),
        (&low, "PUT /access/users/none@pve/unlock-tfa", "500 no such user ('none@pve')"),
        (&low, "DELETE /access/tfa/low@pve/x", "400 password: password is required to modify user"),
        (&admin, "GET /access/tfa/other@pve", "200 []"),
        (&admin, "PUT /access/users/other@pve/unlock-tfa", "200 0"),
    ] {
        stage.expect(caller, line, "", expected).await;
    }
    for line in ["POST /access/tfa/low@pve", "PUT /access/tfa/low@pve/x", "DELETE /access/tfa/low@pve/x"] {
        let path = line.split(' ').nth(1).unwrap();
        let refused =
            format!("403 Permission check failed (URI '{path}' not available with API token, need proper ticket. | )");
        stage.expect(&admin, line, "", &refused).await;
    }
}

/// "sync returns a UPID string" (api-facts.md, Pools, realms).
#[tokio::test]
async fn a_directory_is_synchronised_by_a_task() {
    let stage = Stage::new().await;
    let admin = stage.admin_token();
    let low = stage.user("low@pve").await;
    let ldap = "realm=corp&type=ldap&server1=ldap.example.com&user_attr=uid&base_dn=dc%3Dx";
    stage.expect(&admin, "POST /access/domains", ldap, "200 null").await;
    let sync = |realm: &str| format!("POST /access/domains/{realm}/sync");
    let lacking = "400 scope: Not passed as parameter and not defined in realm default sync options.";
    let denied = "403 Permission check failed (/access/realm/corp, Realm.AllocateUser)";
    stage.expect(&low, &sync("corp"), "scope=both", denied).await;
    for (realm, form, expected) in [
        ("corp", "", lacking),
        ("none", "scope=both", "400 realm: Realm does not exist."),
        ("pve", "scope=both", "500 Cannot sync realm type 'pve'! Only LDAP/AD realms can be synced."),
    ] {
        stage.expect(&admin, &sync(realm), form, expected).await;
    }
    let answer = stage.send(&admin, &sync("corp"), "scope=users&dry-run=1").await;
    assert!(body(&answer).starts_with(r#"{"data":"UPID:pve:"#), "{answer}");
    assert!(body(&answer).ends_with(r#":auth-realm-sync-test:corp:root@pam!admin:"}"#), "{answer}");
    stage.expect(&admin, "PUT /access/domains/corp", "sync-defaults-options=scope%3Dboth", "200 null").await;
    let answer = stage.send(&admin, &sync("corp"), "").await;
    assert!(body(&answer).contains(":auth-realm-sync:corp:"), "{answer}");
}
