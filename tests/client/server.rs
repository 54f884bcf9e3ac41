//! A server that reads whole requests, remembers them, and answers, or does not, as a test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use pve_access::api::{Client, Credential, Trust};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

pub const SECRET: &str = "c0ffee00-dead-4bee-8bad-0123456789ab";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which connection it came on, from 0.
    pub connection: usize,
    /// Which of the requests on that connection it is, from 1.
    pub turn: usize,
    pub method: String,
    /// Path and query, not decoded.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does about a request.
pub enum Reaction {
    /// These bytes, and the next request is awaited.
    Answer(String),
    /// These bytes, and the connection is closed.
    AnswerAndClose(String),
}

pub fn answer(status_line: &str, body: &str) -> String {
    format!("HTTP/1.1 {status_line}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// What a write is answered with.
pub fn done() -> Reaction {
    Reaction::Answer(answer("200 OK", r#"{"data":null}"#))
}

type React = dyn Fn(&Seen) -> Reaction + Send + Sync;

#[derive(Clone)]
pub struct Server {
    pub port: u16,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(react: impl Fn(&Seen) -> Reaction + Send + Sync + 'static) -> Server {
        Server::listen(None, Arc::new(react)).await
    }

    pub async fn start_tls(acceptor: TlsAcceptor, react: impl Fn(&Seen) -> Reaction + Send + Sync + 'static) -> Server {
        Server::listen(Some(acceptor), Arc::new(react)).await
    }

    async fn listen(acceptor: Option<TlsAcceptor>, react: Arc<React>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let server = Server { port, scheme, seen: Arc::default() };
        let (seen, connections) = (server.seen.clone(), AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                let (react, seen, acceptor) = (react.clone(), seen.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, connection, &*react, &seen).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, connection, &*react, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        server
    }

    pub fn client(&self) -> Client {
        self.client_with(&Trust::System)
    }

    pub fn client_with(&self, trust: &Trust) -> Client {
        let credential: Credential = format!("ci@pve!sync={SECRET}").parse().unwrap();
        Client::new(self.url().parse().unwrap(), credential, trust).unwrap()
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    react: &React,
    seen: &Mutex<Vec<Seen>>,
) {
    let mut buffer = Vec::new();
    for turn in 1.. {
        let Some(request) = read_request(&mut stream, &mut buffer, connection, turn).await else { return };
        seen.lock().unwrap().push(request.clone());
        let (bytes, close) = match react(&request) {
            Reaction::Answer(bytes) => (bytes, false),
            Reaction::AnswerAndClose(bytes) => (bytes, true),
        };
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.flush().await;
        if close {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Reads one request, or nothing once the connection has ended.
async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
    connection: usize,
    turn: usize,
) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Seen { connection, turn, method, target, headers, body: String::new() };
    let length: usize = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
    buffer.drain(..end + 4 + length);
    Some(request)
}
