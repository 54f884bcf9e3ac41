//! Logging in by password, and what is done with the ticket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use pve_access::api::{ApiError, Client, Credential, Login, LoginError, Obstacle, ProofKind, Trust, UserFields};
use pve_access::live::{Sight, Source};
use pve_access::sandbox::{Clock, Options, Sandbox, Serving};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::server::{Reaction, Seen, Server, answer, done};

const PASSWORD: &str = "pass word;=+";

/// A client that logs in at `url`.
pub fn client(url: &str, login: Login) -> Client {
    Client::new(url.parse().unwrap(), Credential::Login(login), &Trust::System).unwrap()
}

pub fn login(user: &str, password: &str) -> Login {
    Login::with_password(user.parse().unwrap(), SecretString::from(password)).unwrap()
}

pub fn is_login(seen: &Seen) -> bool {
    seen.target == "/api2/json/access/ticket"
}

/// What a login is answered with.
pub fn issued(user: &str, ticket: &str) -> Reaction {
    let data =
        format!(r#"{{"username":"{user}","ticket":"{ticket}","CSRFPreventionToken":"csrf-of-{ticket}","cap":{{}}}}"#);
    Reaction::Answer(answer("200 OK", &format!(r#"{{"data":{data}}}"#)))
}

/// As in transcript `auth`.
pub fn refused() -> Reaction {
    let body = r#"{"data":null,"message":"authentication failure\n"}"#;
    Reaction::AnswerAndClose(answer("401 authentication failure", body))
}

fn version() -> Reaction {
    Reaction::Answer(answer("200 OK", r#"{"data":{"release":"9.2"}}"#))
}

/// Why a request was not sent.
pub fn obstacle(error: ApiError) -> LoginError {
    match error {
        ApiError::NotSent { obstacle: Obstacle::Login(error), .. } => error,
        other => panic!("{other:?}"),
    }
}

/// A sandbox whose clock a test sets.
pub struct Node {
    pub dir: TempDir,
    pub serving: Serving,
    pub now: Arc<AtomicU64>,
}

impl Node {
    pub async fn start(at: u64) -> Node {
        let dir = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(at));
        let clock = Clock::from_fn({
            let now = Arc::clone(&now);
            move || now.load(Ordering::SeqCst)
        });
        let sandbox = Sandbox::open_with(dir.path(), Options { clock, ..Options::default() }).unwrap();
        let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        Node { dir, serving, now }
    }

    pub fn asked(&self) -> Vec<String> {
        self.serving.requests().iter().map(ToString::to_string).collect()
    }
}

#[tokio::test]
async fn a_wave_of_reads_logs_in_once() {
    let node = Node::start(1_700_000_000).await;
    let root = client(&node.serving.url(), login("root@pam", "rootpass"));
    assert!(root.can_set_passwords());
    let snapshot = root.read().await.unwrap();
    assert_eq!((snapshot.sight, snapshot.reader.unwrap().to_string()), (Sight::Full, "root@pam".to_owned()));
    root.clone().read().await.unwrap();
    let logins = node.asked().iter().filter(|asked| asked.contains("/access/ticket")).count();
    assert_eq!((logins, node.asked().len()), (1, 21));
}

#[tokio::test]
async fn the_ticket_is_a_cookie_and_writes_bring_the_token_against_forgery() {
    let server =
        Server::start(|seen| if is_login(seen) { issued("a;b@pve", "PVE:a;b@pve:1::c2+/ln==") } else { done() }).await;
    let client = client(&server.url(), login("a;b@pve", PASSWORD));
    client.delete_group(&"ops".parse().unwrap()).await.unwrap();
    let _ = client.roles().await;
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].method.as_str()), (3, "POST"));
    assert_eq!(seen[0].body, "username=a%3Bb%40pve&password=pass%20word%3B%3D%2B");
    let shown = |seen: &Seen| {
        ["cookie", "csrfpreventiontoken", "authorization"].map(|name| seen.header(name).map(str::to_owned))
    };
    let cookie = Some("PVEAuthCookie=PVE:a%3Bb@pve:1::c2+/ln==".to_owned());
    assert_eq!(shown(&seen[0]), [None, None, None]);
    assert_eq!(shown(&seen[1]), [cookie.clone(), Some("csrf-of-PVE:a;b@pve:1::c2+/ln==".to_owned()), None]);
    assert_eq!(shown(&seen[2]), [cookie, None, None]);
}

/// Tickets called one, two, ..; renewals as long as `renews`, passwords always.
async fn issuing(renews: bool) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |seen| {
        if !is_login(seen) {
            return version();
        }
        let is_renewal = seen.body.contains("password=ticket");
        if is_renewal && !renews {
            return Reaction::AnswerAndClose(answer("596 Connection timed out", ""));
        }
        issued("ann@pve", &format!("ticket{}", count.fetch_add(1, Ordering::SeqCst) + 1))
    })
    .await
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

fn cookies(server: &Server) -> Vec<String> {
    let cookie = |seen: Seen| seen.header("cookie").map(|text| text.replace("PVEAuthCookie=", ""));
    server.seen().into_iter().map(|seen| cookie(seen.clone()).unwrap_or(seen.body)).collect()
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_ticket_is_renewed_by_itself_long_before_it_ends() {
    let server = issuing(true).await;
    let client = client(&server.url(), login("ann@pve", "secret"));
    client.version().await.unwrap();
    pass(59 * MINUTE).await;
    client.version().await.unwrap();
    pass(2 * MINUTE).await;
    let (one, two) = tokio::join!(client.version(), client.version());
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(
        cookies(&server),
        [
            "username=ann%40pve&password=secret",
            "ticket1",
            "ticket1",
            "username=ann%40pve&password=ticket1",
            "ticket2",
            "ticket2",
        ]
    );
}

#[tokio::test]
async fn a_ticket_that_cannot_be_renewed_is_used_as_long_as_it_is_good() {
    let server = issuing(false).await;
    let client = client(&server.url(), login("ann@pve", "secret"));
    client.version().await.unwrap();
    pass(61 * MINUTE).await;
    client.version().await.unwrap();
    client.version().await.unwrap();
    pass(2 * MINUTE).await;
    client.version().await.unwrap();
    let renewal = "username=ann%40pve&password=ticket1";
    assert_eq!(cookies(&server)[2..], [renewal, "ticket1", "ticket1", renewal, "ticket1"], "not at every request");
}

/// A laptop that slept knows nothing of the hours that have passed.
#[tokio::test]
async fn a_ticket_that_has_ended_is_followed_by_another_login() {
    let node = Node::start(1_700_000_000).await;
    let root = client(&node.serving.url(), login("root@pam", "rootpass"));
    root.version().await.unwrap();
    node.now.fetch_add(3 * 60 * 60, Ordering::SeqCst);
    root.create_user(&"ann@pve".parse().unwrap(), &UserFields::default(), None).await.unwrap();
    assert_eq!(
        node.asked(),
        [
            "POST /access/ticket 200",
            "GET /version 200",
            "POST /access/users 401",
            "POST /access/ticket 200",
            "POST /access/users 200",
        ]
    );
}

#[tokio::test]
async fn who_is_turned_away_with_a_new_ticket_gives_up() {
    let server = Server::start(|seen| {
        if is_login(seen) {
            issued("ann@pve", "ticket")
        } else {
            Reaction::AnswerAndClose("HTTP/1.1 401 Permission denied - invalid csrf token\r\n\r\n".to_owned())
        }
    })
    .await;
    let client = client(&server.url(), login("ann@pve", "secret"));
    let group = "ops".parse().unwrap();
    let (one, two) = tokio::join!(client.delete_group(&group), client.delete_group(&group));
    for error in [one.unwrap_err(), two.unwrap_err()] {
        assert!(matches!(&error, ApiError::Refused { status: 401, .. }), "{error}");
    }
    let logins = server.seen().iter().filter(|seen| is_login(seen)).count();
    assert_eq!((logins, server.seen().len()), (2, 6));
}

/// The server takes 3 s for every refusal, and others count them to lock somebody out.
#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let node = Node::start(1_700_000_000).await;
    let client = client(&node.serving.url(), login("root@pam", "wrong"));
    assert!(client.read().await.is_err());
    let error = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.to_string(), "DELETE /access/groups/ops was not sent: the server does not let `root@pam` in");
    assert!(error.help()[0].contains("password"), "{:?}", error.help());
    let refused = LoginError::Refused { user: "root@pam".parse().unwrap(), proof: ProofKind::Password };
    assert_eq!(obstacle(error), refused);
    assert_eq!(node.asked(), ["POST /access/ticket 401"]);
}

/// Nothing else of the run was sent, so nothing of it is undecided.
#[tokio::test]
async fn a_login_without_an_answer_leaves_nothing_undecided() {
    let up = Arc::new(AtomicUsize::new(0));
    let server = Server::start({
        let up = Arc::clone(&up);
        move |seen| match (is_login(seen), up.load(Ordering::SeqCst)) {
            (true, 0) => Reaction::AnswerAndClose(answer("596 Connection timed out", "")),
            (true, _) => issued("ann@pve", "ticket"),
            (false, _) => done(),
        }
    })
    .await;
    let client = client(&server.url(), login("ann@pve", "secret"));
    let group = "ops".parse().unwrap();
    let (one, two) = tokio::join!(client.delete_group(&group), client.delete_group(&group));
    for error in [one.unwrap_err(), two.unwrap_err()] {
        assert!(!error.is_undecided(), "{error}");
        assert!(matches!(obstacle(error), LoginError::Failed(_)));
    }
    assert_eq!(server.seen().len(), 1, "both waited for the one");
    up.store(1, Ordering::SeqCst);
    client.delete_group(&group).await.unwrap();
}

#[tokio::test]
async fn a_ticket_of_an_earlier_login_stands_in_for_the_password() {
    let node = Node::start(1_700_000_000).await;
    let url = node.serving.url();
    let asked = reqwest_client().post(format!("{url}/api2/json/access/ticket"));
    let form = asked.header("Content-Type", "application/x-www-form-urlencoded");
    let text = form.body("username=root@pam&password=rootpass").send().await.unwrap().text().await.unwrap();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    let ticket = SecretString::from(data["data"]["ticket"].as_str().unwrap());
    let first = client(&url, Login::with_ticket(&ticket).unwrap());
    assert_eq!(first.principal().to_string(), "root@pam");
    first.create_user(&"ann@pve".parse().unwrap(), &UserFields::default(), None).await.unwrap();
    node.now.fetch_add(3 * 60 * 60, Ordering::SeqCst);
    let error = client(&url, Login::with_ticket(&ticket).unwrap()).version().await.unwrap_err();
    assert!(error.help()[0].contains("two hours"), "{:?}", error.help());
    assert!(matches!(obstacle(error), LoginError::Refused { proof: ProofKind::Ticket, .. }));
}

fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Guards and explanations go by the name that grants are for.
#[tokio::test]
async fn a_user_whom_the_server_calls_otherwise_is_told_so() {
    let server = Server::start(|seen| if is_login(seen) { issued("ann@corp", "ticket") } else { done() }).await;
    let error = client(&server.url(), login("Ann@corp", "secret")).version().await.unwrap_err();
    assert_eq!(error.to_string(), "GET /version was not sent: the server knows `Ann@corp` as `ann@corp`");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_login_renews_no_token() {
    let server = Server::start(|seen| if is_login(seen) { issued("ann@pve", "ticket") } else { done() }).await;
    let client = client(&server.url(), login("ann@pve", "secret"));
    client.adopt(&"ann@pve!ci".parse().unwrap(), &SecretString::from("x")).unwrap();
    client.delete_group(&"ops".parse().unwrap()).await.unwrap();
    assert_eq!(server.seen()[1].header("cookie"), Some("PVEAuthCookie=ticket"));
}
