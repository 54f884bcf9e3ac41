//! What goes out again, how often, and where.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pve_access::api::{ApiError, Client, Endpoints, Obstacle, Patience, Trust};
use tokio::net::TcpListener;

use crate::server::{Reaction, SECRET, Server, answer, done};
use crate::tls::Certificate;

const LOCKED: &str =
    r#"{"data":null,"message":"update group failed: cfs-lock 'file-user_cfg' error: got lock request timeout\n"}"#;
const NO_QUORUM: &str =
    r#"{"data":null,"message":"update group failed: cfs-lock 'file-user_cfg' error: no quorum!\n"}"#;
const VERSION: &str = r#"{"data":{"release":"9.2"}}"#;

/// Waits for nothing that a test would have to wait for, but as often as anybody.
fn brisk() -> Patience {
    let pause = Duration::from_millis(1);
    Patience { pause, longest_pause: pause, ..Patience::default() }
}

fn client(endpoints: &str) -> Client {
    client_with(endpoints, &Trust::System, brisk())
}

fn client_with(endpoints: &str, trust: &Trust, patience: Patience) -> Client {
    let endpoints: Endpoints = endpoints.parse().unwrap();
    Client::over(&endpoints, format!("ci@pve!sync={SECRET}").parse().unwrap(), trust, patience).unwrap()
}

/// The address of a port at which nobody listens.
async fn nowhere() -> String {
    format!("http://{}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap())
}

/// A server that answers `before` to the first `times` requests, and then as it should.
async fn mends(times: usize, before: impl Fn() -> Reaction + Send + Sync + 'static) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(move |seen| {
        if asked.fetch_add(1, Ordering::SeqCst) < times {
            before()
        } else if seen.method == "GET" {
            Reaction::Answer(answer("200 OK", VERSION))
        } else {
            done()
        }
    })
    .await
}

async fn write(client: &Client) -> Result<(), ApiError> {
    client.update_group(&"ops".parse().unwrap(), "x").await
}

#[tokio::test]
async fn a_write_that_could_not_have_the_lock_goes_out_again() {
    for body in [LOCKED, NO_QUORUM] {
        let server = mends(3, move || Reaction::AnswerAndClose(answer("500 update group failed", body))).await;
        write(&client(&server.url())).await.unwrap();
        assert_eq!(server.seen().len(), 4);
    }
}

#[tokio::test]
async fn a_lock_that_is_never_free_is_given_up() {
    let server = mends(usize::MAX, || Reaction::AnswerAndClose(answer("500 x", LOCKED))).await;
    let pause = Duration::from_millis(300);
    let patience = Patience { recovery: 10 * pause, pause, longest_pause: pause, ..Patience::default() };
    let error = write(&client_with(&server.url(), &Trust::System, patience)).await.unwrap_err();
    assert!(error.is_busy() && server.seen().len() > 1, "{error}");
}

#[tokio::test]
async fn a_read_that_the_api_did_not_answer_goes_out_again() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"data\":";
    for reaction in [
        answer("502 Bad Gateway", "<html>Sorry</html>"),
        answer("503 Service Unavailable", ""),
        answer("595 Connection refused", ""),
        answer("596 Connection timed out", ""),
        answer("500 Oops", "<html>Oops</html>"),
        answer("200 OK", "<html>Welcome</html>"),
        answer("200 OK", r#"{"data":{"release"#),
        "nonsense".to_owned(),
        cut.to_owned(),
        String::new(),
    ] {
        let shown = reaction.clone();
        let server = mends(3, move || Reaction::AnswerAndClose(reaction.clone())).await;
        let read = client(&server.url()).version().await;
        assert!(read.is_ok() && server.seen().len() == 4, "{shown}: {read:?} after {}", server.seen().len());
    }
}

#[tokio::test]
async fn a_write_that_may_have_arrived_goes_out_once_and_to_one_node() {
    for reaction in [
        answer("502 Bad Gateway", "<html>Sorry</html>"),
        answer("595 Connection refused", ""),
        answer("596 Connection timed out", ""),
        answer("200 OK", "<html>Welcome</html>"),
        answer("200 OK", r#"{"dat"#),
        String::new(),
    ] {
        let shown = reaction.clone();
        let server = mends(usize::MAX, move || Reaction::AnswerAndClose(reaction.clone())).await;
        let other = Server::start(|_| done()).await;
        let error = write(&client(&format!("{},{}", server.url(), other.url()))).await.unwrap_err();
        assert!(matches!(error, ApiError::Unanswered { .. }), "{shown}: {error:?}");
        assert_eq!((server.seen().len(), other.seen().len()), (1, 0), "{shown}");
    }
}

#[tokio::test]
async fn a_refusal_is_taken_at_its_word() {
    for (status, body) in [
        ("400 Parameter verification failed.", r#"{"data":null,"message":"Parameter verification failed.\n"}"#),
        ("401 Authentication failed!", ""),
        ("403 Permission check failed", r#"{"data":null,"message":"Permission check failed\n"}"#),
        ("500 no such user ('x@pve')", r#"{"data":null,"message":"no such user ('x@pve')\n"}"#),
        ("501 Method 'GET /x' not implemented", "Method 'GET /x' not implemented"),
        ("404 Not Found", "<html>Not Found</html>"),
    ] {
        let server = mends(usize::MAX, move || Reaction::AnswerAndClose(answer(status, body))).await;
        let client = client(&server.url());
        for error in [client.version().await.unwrap_err(), write(&client).await.unwrap_err()] {
            assert!(matches!(error, ApiError::Refused { .. }), "{error:?}");
        }
        assert_eq!(server.seen().len(), 2, "{status}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_makes_none_again() {
    let server = mends(usize::MAX, || Reaction::Answer(answer("200 OK", r#"{"data":[]}"#))).await;
    let error = client(&server.url()).version().await.unwrap_err();
    assert!(matches!(error, ApiError::Unintelligible { .. }), "{error:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_dead_node_is_passed_over_and_the_first_one_names_the_cluster() {
    let (gone, server, idle) = (nowhere().await, mends(0, done).await, Server::start(|_| done()).await);
    let client = client(&format!("{gone},{},{}", server.url(), idle.url()));
    write(&client).await.unwrap();
    client.version().await.unwrap();
    assert_eq!(client.endpoint().to_string(), gone);
    assert_eq!((server.seen().len(), idle.seen().len()), (2, 0), "it sticks to the one that works");
}

#[tokio::test]
async fn a_node_that_dies_later_is_left() {
    let first = Server::start(|seen| match (seen.connection, seen.turn) {
        (0, 1) => Reaction::Answer(answer("200 OK", VERSION)),
        _ => Reaction::AnswerAndClose(String::new()),
    })
    .await;
    let other = mends(0, done).await;
    let client = client(&format!("{},{}", first.url(), other.url()));
    client.version().await.unwrap();
    // A write that breaks stays where it is; a read is free to go.
    assert!(matches!(write(&client).await, Err(ApiError::Unanswered { .. })));
    assert_eq!((first.seen().len(), other.seen().len()), (2, 0));
    client.version().await.unwrap();
    write(&client).await.unwrap();
    assert_eq!((first.seen().len(), other.seen().len()), (3, 2));
}

#[tokio::test]
async fn a_node_without_quorum_is_left_for_one_that_has_it() {
    let minority = mends(usize::MAX, || Reaction::AnswerAndClose(answer("500 x", NO_QUORUM))).await;
    let majority = Server::start(|_| done()).await;
    write(&client(&format!("{},{}", minority.url(), majority.url()))).await.unwrap();
    assert_eq!((minority.seen().len(), majority.seen().len()), (1, 1));
}

/// Whoever shows a wrong certificate is not a node that happens to be down.
#[tokio::test]
async fn a_server_that_is_not_trusted_is_not_passed_over() {
    let (right, wrong) = (Certificate::self_signed("127.0.0.1"), Certificate::self_signed("127.0.0.1"));
    let impostor = Server::start_tls(wrong.acceptor(rustls::ALL_VERSIONS), |_| done()).await;
    let node = Server::start_tls(right.acceptor(rustls::ALL_VERSIONS), |_| done()).await;
    let trust = Trust::Fingerprint(right.fingerprint());
    let client = client_with(&format!("{},{}", impostor.url(), node.url()), &trust, brisk());
    let error = write(&client).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Mistaken { .. }, .. }), "{error:?}");
    assert!(impostor.seen().is_empty() && node.seen().is_empty());
}

#[tokio::test]
async fn nobody_anywhere_is_reported() {
    let (one, two) = (nowhere().await, nowhere().await);
    let patience = Patience { greeting: Duration::from_millis(20), ..brisk() };
    let error = write(&client_with(&format!("{one},{two}"), &Trust::System, patience)).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Unreachable { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn a_hurry_ends_the_waiting() {
    let server = mends(usize::MAX, || Reaction::AnswerAndClose(answer("500 x", LOCKED))).await;
    let forever = Duration::from_secs(1_000_000);
    let patience = Patience { recovery: forever, pause: forever, longest_pause: forever, ..Patience::default() };
    let client = client_with(&server.url(), &Trust::System, patience);
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { write(&client).await }
    });
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    client.hurry();
    assert!(waiting.await.unwrap().unwrap_err().is_busy());
    assert_eq!(server.seen().len(), 1);
}
