//! The sandbox as its callers meet it: over HTTP.

mod answers;
mod asking;
mod folders;
mod http;
mod power;
mod second_factors;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::fmt::MakeWriter;

use super::*;

const LOCALHOST: &str = "127.0.0.1:0";

/// A sandbox in a folder of its own, serving.
struct Stage {
    dir: tempfile::TempDir,
    serving: Serving,
    secret: SecretString,
}

impl Stage {
    async fn new() -> Stage {
        Stage::with(Options::default()).await
    }

    async fn with(options: Options) -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::open_with(dir.path(), options).unwrap();
        let (token, secret) = sandbox.admin_token().unwrap().unwrap();
        assert_eq!(token.to_string(), "root@pam!admin");
        Stage { dir, serving: sandbox.serve(LOCALHOST.parse().unwrap()).await.unwrap(), secret }
    }

    fn user_cfg(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("user.cfg")).unwrap()
    }

    /// The answer to one request as it comes over the wire, on a connection of its own.
    async fn ask(&self, request: &str) -> String {
        ask(&self.serving, request.to_owned()).await
    }

    /// As the admin's token; `rest` follows the request line.
    async fn admin(&self, line: &str, rest: &str) -> String {
        let token = self.secret.expose_secret();
        self.ask(&format!("{line} HTTP/1.1\r\nAuthorization: PVEAPIToken=root@pam!admin={token}\r\n{rest}")).await
    }

    async fn post(&self, path: &str, form: &str) -> String {
        self.admin(&format!("POST /api2/json{path}"), &format!("Content-Length: {}\r\n\r\n{form}", form.len())).await
    }
}

async fn ask(serving: &Serving, request: String) -> String {
    let addr = serving.addr();
    let exchange = move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        let request = request.replacen("\r\n", "\r\nHost: localhost\r\nConnection: close\r\n", 1);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // The server may close before it has read a body that it refuses.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

fn status_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn a_fresh_folder_is_a_fresh_node() {
    let stage = Stage::new().await;
    let file = "user:root@pam:1:0:::root@example.test:::\ntoken:root@pam!admin:0:0:test bootstrap:\n\n\n\n\n";
    assert_eq!(stage.user_cfg(), file);
    let again = Sandbox::open(stage.dir.path()).unwrap();
    let (_, secret) = again.admin_token().unwrap().unwrap();
    assert_eq!(secret.expose_secret(), stage.secret.expose_secret(), "opening again changes nothing");
    let other = Stage::new().await;
    assert_ne!(other.secret.expose_secret(), stage.secret.expose_secret(), "every node has its own secret");
}

/// What the HTTP layer refuses before any call sees it (api-facts.md, HTTP layer).
#[tokio::test]
async fn http_has_its_own_refusals() {
    let stage = Stage::new().await;
    let json = "Content-Type: application/json\r\nContent-Length: 1\r\n\r\n";
    for (line, rest, status, text) in [
        ("HEAD /api2/json/version", "\r\n", "501 method 'HEAD' not available", ""),
        ("PATCH /api2/json/version", "\r\n", "501 method 'PATCH' not available", "method 'PATCH' not available"),
        (
            "DELETE /api2/json/access/groups/a",
            "Content-Length: 1\r\n\r\nx",
            "501 Unexpected content for method 'DELETE'",
            "Unexpected content for method 'DELETE'",
        ),
        (
            "POST /api2/json/access/groups",
            "Content-Length: 600000\r\n\r\n",
            "501 for data too large",
            "for data too large",
        ),
        (
            "POST /api2/json/access/groups",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "501 chunked transfer encoding not supported",
            "chunked transfer encoding not supported",
        ),
        (
            "PUT /api2/json/access/groups/a",
            "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx",
            "506 upload 'Content-Type 'text/plain' not implemented",
            "upload 'Content-Type 'text/plain' not implemented",
        ),
        ("GET /api2/xml/version", "\r\n", "501 no such uri", "no such uri"),
        ("GET /else", "\r\n", "501 no such file '/else'", "no such file '/else'"),
    ] {
        let answer = stage.admin(line, rest).await;
        assert_eq!(status_line(&answer), format!("HTTP/1.1 {status}"), "{line}");
        assert_eq!(body(&answer), text, "{line}");
    }
    assert!(stage.admin("PUT /api2/json/access/groups/a", &format!("{json}[")).await.starts_with("HTTP/1.1 500 "));
}

#[tokio::test]
async fn what_the_body_may_look_like() {
    let stage = Stage::new().await;
    let typed =
        |kind: &str, body: &str| format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for (line, rest) in [
        ("POST /api2/json/access/groups", typed("application/json; charset=utf-8", r#"{"groupid":"a"}"#)),
        ("POST /api2/json/access/groups", typed("application/x-www-form-urlencoded", "groupid=b;comment=x")),
        ("POST /api2/json/access/groups?groupid=c&_dc=1", typed("application/x-www-form-urlencoded", "groupid=z")),
        ("POST /api2/json//access//groups/?groupid=d", "\r\n".to_owned()),
        ("PUT /api2/json/access/groups/a", typed("application/json", r#"{"groupid":"a","comment":null}"#)),
    ] {
        assert_eq!(status_line(&stage.admin(line, &rest).await), "HTTP/1.1 200 OK", "{line} {rest}");
    }
    assert!(stage.user_cfg().contains("\ngroup:a:::\ngroup:b::x:\ngroup:c:::\ngroup:d:::\n"), "{}", stage.user_cfg());
    let shouted = typed("Application/JSON", "{}");
    let answer = stage.admin("PUT /api2/json/access/groups/a", &shouted).await;
    assert!(answer.starts_with("HTTP/1.1 506 "), "the type's case matters");
}

#[tokio::test]
async fn a_connection_serves_a_hundred_requests() {
    let stage = Stage::new().await;
    let addr = stage.serving.addr();
    let count = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        let request = "GET /api2/json/access/domains HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request.repeat(100).as_bytes()).unwrap();
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).unwrap();
        let answers = String::from_utf8(answers).unwrap();
        assert_eq!(answers.matches("connection: close").count(), 1);
        let last = answers.rfind("HTTP/1.1").unwrap();
        assert!(answers[last..].contains("connection: close"), "the server closes, and says so");
        answers.matches("HTTP/1.1 200 OK").count()
    })
    .await
    .unwrap();
    assert_eq!(count, 100);
}

#[tokio::test]
async fn every_request_is_logged_in_order() {
    let stage = Stage::new().await;
    stage.post("/access/groups", "groupid=a").await;
    stage.admin("GET /api2/json/access/groups?_dc=1", "\r\n").await;
    stage.admin("GET /api2/json/access/groups/b", "\r\n").await;
    stage.ask("GET /api2/json/version HTTP/1.1\r\n\r\n").await;
    let log = stage.serving.requests();
    let lines: Vec<String> = log.iter().map(ToString::to_string).collect();
    let expected =
        ["POST /access/groups 200", "GET /access/groups 200", "GET /access/groups/b 500", "GET /version 401"];
    assert_eq!(lines, expected);
    assert_eq!(log.iter().filter(|request| request.is_write()).count(), 1);
    stage.serving.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_in_one_folder_lose_nothing() {
    let stage = Arc::new(Stage::new().await);
    let second = Sandbox::open(stage.dir.path()).unwrap().serve(LOCALHOST.parse().unwrap()).await.unwrap();
    let second = Arc::new(second);
    let writers: Vec<_> = (0..40)
        .map(|number| {
            let (stage, second) = (Arc::clone(&stage), Arc::clone(&second));
            tokio::spawn(async move {
                let form = format!("groupid=g{number:02}");
                let request = format!(
                    "POST /api2/json/access/groups HTTP/1.1\r\n\
                     Authorization: PVEAPIToken=root@pam!admin={}\r\nContent-Length: {}\r\n\r\n{form}",
                    stage.secret.expose_secret(),
                    form.len()
                );
                ask(if number % 2 == 0 { &stage.serving } else { &second }, request).await
            })
        })
        .collect();
    for writer in writers {
        assert_eq!(status_line(&writer.await.unwrap()), "HTTP/1.1 200 OK");
    }
    assert_eq!(stage.user_cfg().matches("\ngroup:g").count(), 40);
    let seen = stage.admin("GET /api2/json/access/groups", "\r\n").await;
    assert_eq!(seen.matches("\"groupid\"").count(), 40, "each sees what the other wrote");
}

#[tokio::test]
async fn a_user_cfg_from_elsewhere_gets_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("user.cfg"), "user:ann@pve:1:0::::::\n").unwrap();
    let sandbox = Sandbox::open(dir.path()).unwrap();
    assert!(sandbox.admin_token().unwrap().is_none());
    let serving = sandbox.serve(LOCALHOST.parse().unwrap()).await.unwrap();
    let form = "username=root@pam&password=rootpass";
    let login = format!("POST /api2/json/access/ticket HTTP/1.1\r\nContent-Length: {}\r\n\r\n{form}", form.len());
    assert_eq!(status_line(&ask(&serving, login).await), "HTTP/1.1 200 OK");
}

/// The checks for `root@pam`'s own ticket are others: none of permissions, all of parameters
/// (api-facts.md, HTTP layer and Users).
#[tokio::test]
async fn roots_ticket_is_not_checked() {
    let stage = Stage::new().await;
    stage.post("/access/users", "userid=ann@pve&password=annspass1").await;
    let log_in = async |user: &str, password: &str| {
        let form = format!("username={user}&password={}", password.replace(':', "%3A"));
        let line = "POST /api2/json/access/ticket HTTP/1.1";
        let answer = stage.ask(&format!("{line}\r\nContent-Length: {}\r\n\r\n{form}", form.len())).await;
        let answer: serde_json::Value = serde_json::from_str(body(&answer)).unwrap();
        let text = |name: &str| answer["data"][name].as_str().unwrap().to_owned();
        (text("ticket"), text("CSRFPreventionToken"))
    };
    let (ticket, csrf) = log_in("root@pam", "rootpass").await;
    let ask = async |line: &str, csrf: &str| {
        let cookie = format!("Cookie: PVEAuthCookie={ticket}\r\nCSRFPreventionToken: {csrf}");
        stage.ask(&format!("{line} HTTP/1.1\r\n{cookie}\r\nContent-Length: 0\r\n\r\n")).await
    };
    let invalid = "HTTP/1.1 400 Parameter verification failed.";
    assert_eq!(status_line(&ask("POST /api2/json/access/users?userid=x", &csrf).await), invalid);
    let gone = ask("DELETE /api2/json/access/users/nobody@pve", &csrf).await;
    assert_eq!(status_line(&gone), "HTTP/1.1 200 OK");
    let (_, of_ann) = log_in("ann@pve", &ticket).await;
    let forged = ask("DELETE /api2/json/access/users/ann@pve", &of_ann).await;
    assert_eq!(status_line(&forged), "HTTP/1.1 401 Permission denied - invalid csrf token");
}

/// The grants of a deleted token and of a deleted user's tokens, and those of a deleted role, stay in the file until
/// the next write and are not to be seen (api-facts.md, Users, Tokens, Groups and roles).
#[tokio::test]
async fn grants_of_what_is_gone_stay_in_the_file_for_one_write() {
    let stage = Stage::new().await;
    let delete = async |path: &str| stage.admin(&format!("DELETE /api2/json{path}"), "\r\n").await;
    let grant = "path=/vms&roles=R1&tokens=ann@pve!tk";
    for gone in ["/access/users/ann@pve/token/tk", "/access/users/ann@pve", "/access/roles/R1"] {
        for (path, form) in [
            ("/access/roles", "roleid=R1&privs=VM.Audit"),
            ("/access/users", "userid=ann@pve"),
            ("/access/users/ann@pve/token/tk", ""),
        ] {
            stage.post(path, form).await;
        }
        let answer = stage.admin(&format!("PUT /api2/json/access/acl?{grant}"), "\r\n").await;
        assert_eq!(status_line(&answer), "HTTP/1.1 200 OK");
        assert_eq!(status_line(&delete(gone).await), "HTTP/1.1 200 OK");
        assert!(stage.user_cfg().contains("acl:1:/vms:ann@pve!tk:R1:"), "{gone}");
        let listed = stage.admin("GET /api2/json/access/acl", "\r\n").await;
        assert_eq!(body(&listed), r#"{"data":[]}"#, "{gone}");
        stage.post("/access/groups", "groupid=next").await;
        delete("/access/groups/next").await;
        assert!(!stage.user_cfg().contains("acl:"), "{gone}");
    }
}

#[tokio::test]
async fn time_ends_users_and_tokens() {
    let now = Arc::new(Mutex::new(1_000_u64));
    let clock = Clock::from_fn({
        let now = Arc::clone(&now);
        move || *now.lock().unwrap()
    });
    let stage = Stage::with(Options { clock, ..Options::default() }).await;
    stage.post("/access/users", "userid=ann@pve").await;
    let made = stage.post("/access/users/ann@pve/token/tk", "expire=2000").await;
    let made: serde_json::Value = serde_json::from_str(body(&made)).unwrap();
    let secret = made["data"]["value"].as_str().unwrap();
    let request = format!("GET /api2/json/version HTTP/1.1\r\nAuthorization: PVEAPIToken=ann@pve!tk={secret}\r\n\r\n");
    assert_eq!(status_line(&stage.ask(&request).await), "HTTP/1.1 200 OK");
    *now.lock().unwrap() = 2_001;
    assert_eq!(status_line(&stage.ask(&request).await), "HTTP/1.1 401 Authentication failed!");
}

#[tokio::test]
async fn the_file_has_a_greatest_size() {
    let stage = Stage::new().await;
    let long = "x".repeat(500_000);
    for name in ["a", "b"] {
        let answer = stage.post("/access/groups", &format!("groupid={name}&comment={long}")).await;
        assert_eq!(status_line(&answer), "HTTP/1.1 200 OK");
    }
    let answer = stage.post("/access/groups", &format!("groupid=c&comment={long}")).await;
    let text = "create group failed: unable to write '/etc/pve/user.cfg.tmp.37' - File too large";
    assert_eq!(status_line(&answer), format!("HTTP/1.1 500 {text}"));
    assert!(!stage.user_cfg().contains("group:c"));
}

/// What would destroy a user on the server does so here (api-facts.md, Users).
#[tokio::test]
async fn an_end_beyond_all_numbers_destroys_the_user() {
    let stage = Stage::new().await;
    stage.post("/access/users", "userid=ann@pve").await;
    let put = |expire: &'static str| stage.admin("PUT /api2/json/access/users/ann@pve", expire);
    put("Content-Length: 27\r\n\r\nexpire=18446744073709551615").await;
    let answer = stage.admin("GET /api2/json/access/users/ann@pve", "\r\n").await;
    assert!(body(&answer).contains(r#""expire":"18446744073709551615""#), "{answer}");
    assert_eq!(status_line(&put("Content-Length: 27\r\n\r\nexpire=18446744073709551616").await), "HTTP/1.1 200 OK");
    let answer = stage.admin("GET /api2/json/access/users/ann@pve", "\r\n").await;
    assert_eq!(status_line(&answer), "HTTP/1.1 500 no such user ('ann@pve')");
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Captured {
    type Writer = Captured;

    fn make_writer(&self) -> Captured {
        self.clone()
    }
}

#[tokio::test]
async fn nothing_secret_is_narrated() {
    let captured = Captured::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(captured.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // While there is one subscriber alone, other tests' threads, which have none, decide for all what is heard.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let stage = Stage::new().await;
    stage.post("/access/users", "userid=ann@pve&password=canary-password&comment=canary-comment").await;
    let form = "username=ann@pve&password=canary-password";
    let login = format!("POST /api2/json/access/ticket HTTP/1.1\r\nContent-Length: {}\r\n\r\n{form}", form.len());
    let ticket = stage.ask(&login).await;
    assert_eq!(status_line(&ticket), "HTTP/1.1 200 OK");
    stage.admin("GET /api2/json/version?canary-query=1", "\r\n").await;

    let narrated = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(narrated.contains("/access/ticket") && narrated.contains("400"), "{narrated}");
    for secret in ["canary", stage.secret.expose_secret(), "PVE:ann@pve:"] {
        assert!(!narrated.contains(secret), "{secret} in {narrated}");
    }
    let debug = format!("{:?} {:?}", stage.serving, Sandbox::open(stage.dir.path()).unwrap());
    assert!(!debug.contains("canary") && !debug.contains(stage.secret.expose_secret()), "{debug}");
}
