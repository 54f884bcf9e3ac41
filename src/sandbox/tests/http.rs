//! What becomes of connections and of what cannot be read, before any call is looked for (api-facts.md, HTTP layer).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, mpsc};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Clock, Options, Stage, status_line};

/// What the server sends before it closes the connection, which it must do by itself.
async fn exchange(stage: &Stage, request: String) -> String {
    let addr = stage.serving.addr();
    let exchange = move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// "Header > 8 KiB in all or >= 64 lines: no answer, connection closed"; "Request line is not limited that way".
#[tokio::test]
async fn a_header_that_is_too_large_gets_no_answer() {
    let stage = Stage::new().await;
    let get = |path: &str, lines: &str| {
        format!("GET /api2/json/access/domains{path} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n")
    };
    let lines = |count: usize| (0..count).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let long = |length: usize| format!("x-long: {}\r\n", "y".repeat(length));
    for (request, is_answered) in [
        (get("", &lines(61)), true),
        (get("", &lines(62)), false),
        (get("", &long(8100)), true),
        (get("", &long(8192)), false),
        (get(&format!("?_dc={}", "1".repeat(20_000)), ""), true),
    ] {
        let answer = exchange(&stage, request.clone()).await;
        let expected = if is_answered { "HTTP/1.1 200 OK" } else { "" };
        assert_eq!(status_line(&answer), expected, "{} bytes", request.len());
    }
}

/// "every status >= 400 closes", though the client would go on.
#[tokio::test]
async fn an_error_ends_the_connection() {
    let stage = Stage::new().await;
    let nope = "GET /api2/json/nope HTTP/1.1\r\n\r\n";
    let answers = exchange(&stage, nope.repeat(3)).await;
    assert_eq!(answers.matches("HTTP/1.1 401 No ticket").count(), 1, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
}

/// Nonsense ends in an error of HTTP, and the next request is answered.
#[tokio::test]
async fn what_is_no_request_is_refused() {
    let stage = Stage::new().await;
    for request in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET /api2/json/version HTTP/9.9\r\n\r\n",
        "GET /api2/json/version HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /api2/json/access/groups HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /api2/json/access/groups HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "\u{16}\u{3}\u{1}\r\n\r\n",
    ] {
        let answer = exchange(&stage, request.to_owned()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
    }
    let answer = exchange(&stage, "GET /api2/json/access/domains HTTP/1.0\r\n\r\n".to_owned()).await;
    assert!(answer.contains(" 200 OK\r\n"), "{answer}");
}

/// Told to stop, it answers what was asked already, and takes no more.
#[tokio::test]
async fn the_last_request_is_answered() {
    let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel();
    let released = Mutex::new(released);
    // Asked for the time, the clock waits for the end to begin.
    let clock = Clock::from_fn(move || {
        arrived.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
        1_000
    });
    let Stage { serving, dir: _dir, .. } = Stage::with(Options { clock, ..Options::default() }).await;
    let addr = serving.addr();
    let mut client = tokio::net::TcpStream::connect(addr).await.unwrap();
    client.write_all(b"GET /api2/json/version HTTP/1.1\r\n\r\n").await.unwrap();
    arrivals.recv().await.unwrap();
    let end = tokio::spawn(serving.shutdown());
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status_line(&answer), "HTTP/1.1 401 No ticket");
    end.await.unwrap();
}
