//! What single requests are answered where no transcript has one like it; each test says what it rests on.

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Stage, body, status_line};

/// A caller, by the header lines that prove who it is.
struct Caller(String);

impl Stage {
    fn admin_token(&self) -> Caller {
        Caller(format!("Authorization: PVEAPIToken=root@pam!admin={}\r\n", self.secret.expose_secret()))
    }

    /// Logs in, root@pam with the password of a fresh node.
    async fn log_in(&self, user: &str, password: &str) -> Caller {
        let form = format!("username={user}&password={password}");
        let answer = self.send(&Caller(String::new()), "POST /access/ticket", &form).await;
        let answer: Value = serde_json::from_str(body(&answer)).unwrap();
        let text = |name: &str| answer["data"][name].as_str().unwrap().to_owned();
        let (ticket, csrf) = (text("ticket"), text("CSRFPreventionToken"));
        Caller(format!("Cookie: PVEAuthCookie={ticket}\r\nCSRFPreventionToken: {csrf}\r\n"))
    }

    async fn send(&self, who: &Caller, line: &str, form: &str) -> String {
        let (method, path) = line.split_once(' ').unwrap();
        let credential = &who.0;
        let request = match method {
            "GET" | "DELETE" => format!("{method} /api2/json{path}?{form} HTTP/1.1\r\n{credential}\r\n"),
            _ => {
                let length = form.len();
                format!("{method} /api2/json{path} HTTP/1.1\r\n{credential}Content-Length: {length}\r\n\r\n{form}")
            }
        };
        self.ask(&request).await
    }

    /// Checks what is answered: the status, then the data, or the message and what is said of each parameter.
    #[track_caller]
    fn expect(&self, who: &Caller, line: &str, form: &str, expected: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.send(who, line, form).await;
            let status = status_line(&answer).split(' ').nth(1).unwrap();
            let answer: Value = serde_json::from_str(body(&answer)).unwrap();
            let message = answer["message"].as_str().unwrap_or_default().trim_end().replace('\n', " | ");
            let said = match (status, answer["errors"].as_object()) {
                ("200", _) => format!("200 {}", answer["data"]),
                (_, None) => format!("{status} {message}"),
                (_, Some(errors)) => {
                    let errors =
                        errors.iter().map(|(name, text)| format!("{name}: {}", text.as_str().unwrap().trim_end()));
                    format!("{status} {}", errors.collect::<Vec<_>>().join(" | "))
                }
            };
            assert_eq!(said, expected, "{line} {form}, {caller}");
        }
    }
}

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
    for group in ["0", "g1"] {
        stage.expect(&admin, "POST /access/groups", &format!("groupid={group}"), "200 null").await;
    }
    stage.expect(&admin, "POST /access/users", "userid=ann@pve&groups=0", "200 null").await;
    let read = "GET /access/users/ann@pve";
    let groups = |groups: &str| format!(r#"200 {{"enable":1,"expire":0,"groups":[{groups}],"tokens":null}}"#);
    stage.expect(&admin, read, "", &groups("")).await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0,g1", "200 null").await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0&append=1", "200 null").await;
    stage.expect(&admin, read, "", &groups(r#""0","g1""#)).await;
    stage.expect(&admin, "PUT /access/users/ann@pve", "groups=0", "200 null").await;
    stage.expect(&admin, read, "", &groups("")).await;

    let acl = |path: &str| format!("path={path}&roles=NoAccess&users=ann@pve");
    stage.expect(&admin, "PUT /access/acl", &acl("/nodes/0"), "200 null").await;
    stage.expect(&admin, "PUT /access/acl", &acl("0"), "400 path: invalid ACL path '0'").await;
    stage.expect(&admin, "PUT /access/acl", &acl("/0"), "400 path: invalid ACL path '/0'").await;
    stage.expect(&admin, "PUT /access/acl", &acl("0/"), "200 null").await;
    stage.expect(&admin, "PUT /access/acl", "path=/vms&roles=NoAccess&groups=0,g1", "200 null").await;
    let file = stage.user_cfg();
    assert!(file.contains("acl:1:/:ann@pve:NoAccess:\nacl:1:/nodes:ann@pve:NoAccess:\n"), "{file}");
    assert!(file.contains("acl:1:/vms:@0,@g1:NoAccess:\n"), "written, but never read again: {file}");
    stage.expect(&admin, "POST /access/groups", "groupid=g2", "200 null").await;
    assert!(stage.user_cfg().contains("acl:1:/vms:@g1:NoAccess:\n"), "{}", stage.user_cfg());
}
