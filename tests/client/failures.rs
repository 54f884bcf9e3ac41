//! What a failure says of whether the request was carried out.

use std::time::Duration;

use pve_access::api::{ApiError, Client, Endpoint, Obstacle, Patience, Trust};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reaction, Server, answer, done};

/// A write to a server that reacts in this way, and how often it arrived.
async fn write(reaction: impl Fn() -> Reaction + Send + Sync + 'static) -> (ApiError, usize) {
    let server = Server::start(move |_| reaction()).await;
    let error = server.client().update_group(&"ops".parse().unwrap(), "x").await.unwrap_err();
    (error, server.seen().len())
}

/// Time enough to know that a server stalls.
const INSTANT: Duration = Duration::from_millis(200);

/// Time enough on a machine that has much else to do.
const AGES: Duration = Duration::from_secs(60);

/// A client that waits so long for a connection and for a whole answer, and tries once.
fn client(endpoint: &str, connect: Duration, answer: Duration) -> Client {
    let (endpoint, credential) = (endpoint.parse::<Endpoint>().unwrap(), "ci@pve!sync=x".parse().unwrap());
    let patience = Patience { connect, answer, greeting: Duration::ZERO, ..Patience::default() };
    Client::over(&endpoint.into(), credential, &Trust::System, patience).unwrap()
}

/// The port of a server that reads a request and answers it a byte at a time, so that some always seem to be on the way.
async fn dribble(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let mut bytes = answer.bytes();
                loop {
                    if let Some(byte) = bytes.next() {
                        let _ = stream.write_all(&[byte]).await;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_stalls_or_dribbles_is_given_up() {
    for (answer, reason) in [
        ("", "no answer came in 0.2 s"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"data\":null}", "no answer came in 0.2 s"),
    ] {
        let client = client(&format!("http://127.0.0.1:{}", dribble(answer).await), AGES, INSTANT);
        let write = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
        assert_eq!(write.to_string(), format!("DELETE /access/groups/ops was sent, but {reason}"));
        let read = client.version().await.unwrap_err();
        assert_eq!(read.to_string(), format!("GET /version was sent, but {reason}"));
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let server = Server::start(|_| Reaction::Answer("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{".to_owned())).await;
    // Long enough for the head to arrive.
    let client = client(&server.url(), AGES, Duration::from_secs(3));
    let error = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unanswered { .. }), "{error:?}");
    assert!(error.to_string().ends_with("its answer did not end in 3 s"), "{error}");
}

/// Nothing was sent before TLS stood.
#[tokio::test]
async fn a_handshake_that_stalls_is_given_up() {
    let client = client(&format!("https://127.0.0.1:{}", dribble("").await), INSTANT, AGES);
    let error = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Unreachable { .. }, .. }), "{error:?}");
    assert!(error.to_string().ends_with("no connection came about in 0.2 s"), "{error}");
}

#[tokio::test]
async fn nobody_at_the_port_means_not_sent() {
    let gone = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let client = client(&format!("http://{gone}"), AGES, AGES);
    let error = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Unreachable { .. }, .. }), "{error:?}");
    let start = format!("DELETE /access/groups/ops was not sent: `http://{gone}` cannot be reached: ");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[tokio::test]
async fn what_cannot_be_spelt_is_not_sent() {
    let server = Server::start(|_| done()).await;
    let error = server.client().delete_group(&"..".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Unsendable { .. }, .. }), "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_lost_connection_leaves_a_write_undecided_and_it_goes_out_once() {
    let (error, times) = write(|| Reaction::AnswerAndClose(String::new())).await;
    assert!(matches!(error, ApiError::Unanswered { .. }), "{error:?}");
    assert_eq!(times, 1);
    assert!(error.help()[0].contains("may have happened"));
}

#[tokio::test]
async fn half_an_answer_leaves_a_write_undecided() {
    for half in ["HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"data\":", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let (error, times) = write(move || Reaction::AnswerAndClose(half.to_owned())).await;
        assert!(matches!(error, ApiError::Unanswered { .. }), "{error:?}");
        assert_eq!(times, 1);
    }
}

/// After a 596 the write is done later all the same (api-facts.md, HTTP layer).
#[tokio::test]
async fn a_daemon_that_hangs_leaves_a_write_undecided() {
    let (error, _) = write(|| Reaction::AnswerAndClose(answer("596 Connection timed out", ""))).await;
    assert_eq!(
        error.to_string(),
        "PUT /access/groups/ops was sent, but the node's own daemon did not answer: 596 Connection timed out"
    );
}

#[tokio::test]
async fn a_page_of_a_gateway_leaves_a_write_undecided() {
    for status in ["200 OK", "502 Bad Gateway", "504 Gateway Time-out"] {
        let (error, _) = write(move || Reaction::Answer(answer(status, "<html>Sorry</html>"))).await;
        assert!(matches!(error, ApiError::Unanswered { .. }), "{error:?}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    }
}

/// As in transcript `auth`: no body, no length, only a reason phrase.
#[tokio::test]
async fn a_401_keeps_its_reason_phrase() {
    let (error, _) = write(|| Reaction::AnswerAndClose("HTTP/1.1 401 Authentication failed!\r\n\r\n".to_owned())).await;
    match &error {
        ApiError::Refused { status: 401, message, .. } => assert_eq!(message, "Authentication failed!"),
        other => panic!("{other:?}"),
    }
    assert!(error.help()[0].contains("disabled"));
}

/// An answer of transcript `groups`.
#[tokio::test]
async fn a_400_keeps_what_it_says_of_parameters() {
    let body = r#"{"data":null,"errors":{"groupid":"invalid format - group name 'a b' contains invalid characters\n"},"message":"Parameter verification failed.\n"}"#;
    let (error, _) = write(move || Reaction::Answer(answer("400 Parameter verification failed.", body))).await;
    match error {
        ApiError::Refused { status: 400, message, errors, .. } => {
            assert_eq!(message, "Parameter verification failed.");
            assert_eq!(errors["groupid"], "invalid format - group name 'a b' contains invalid characters");
        }
        other => panic!("{other:?}"),
    }
}

/// Reason phrases repeat the message in whatever bytes it has.
#[tokio::test]
async fn a_message_outside_ascii_arrives() {
    let body = r#"{"data":null,"message":"create user failed: user 'ü@pve' already exists\n"}"#;
    let line = "500 create user failed: user 'ü@pve' already exists";
    let (error, _) = write(move || Reaction::Answer(answer(line, body))).await;
    assert!(matches!(&error, ApiError::Refused { message, .. } if message.contains("ü@pve")), "{error:?}");
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let other = Server::start(|_| done()).await;
    let target = format!("{}/api2/json/access/groups/ops", other.url());
    let (error, times) = write(move || {
        Reaction::Answer(format!("HTTP/1.1 308 Permanent Redirect\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"))
    })
    .await;
    assert!(
        matches!(&error, ApiError::Refused { status: 308, message, .. } if message.ends_with(&format!("see {}", other.url()))),
        "{error:?}"
    );
    assert_eq!((times, other.seen().len()), (1, 0));
}

/// A captive portal, say.
#[tokio::test]
async fn whoever_else_answers_is_told_by_his_page() {
    let page = "<html><head><title>Hotel &amp; Wi-Fi</title></head></html>";
    let head = format!("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let server = Server::start(move |_| Reaction::Answer(head.clone())).await;
    let error = client(&server.url(), AGES, AGES).users().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /access/users was sent, but a page titled “Hotel & Wi-Fi” from nginx came instead of Proxmox VE's JSON"
    );
    assert!(error.help().iter().any(|help| help.contains("login portal")), "{:?}", error.help());
}

#[tokio::test]
async fn an_answer_of_another_shape_is_unintelligible() {
    for (body, says) in [
        (r#"{"data":[{"userid":"nobody"}]}"#, "`nobody` is listed, but a user id names its realm after an @"),
        (r#"{"data":{}}"#, "expected a sequence"),
    ] {
        let server = Server::start(move |_| Reaction::Answer(answer("200 OK", body))).await;
        let error = server.client().users().await.unwrap_err();
        assert!(matches!(error, ApiError::Unintelligible { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}
