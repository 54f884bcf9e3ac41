//! The way to an endpoint: its addresses, a proxy that may stand before it, and whether anybody listens.
//!
//! Shows nobody a credential but a proxy its own.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::endpoint::Endpoint;
use super::handshake::TlsFault;

/// How long each layer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Whom a connection is made to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The endpoint itself.
    Direct,
    /// A proxy of the environment, which connects to the endpoint.
    Proxy(Proxy),
}

/// A proxy of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its scheme, host and port, never a credential.
    pub name: String,
    host: String,
    port: u16,
    /// Shown to it alone; marked so that nothing prints it.
    login: Option<reqwest::header::HeaderValue>,
    /// Whether plain HTTP is spoken with it.
    is_plain: bool,
}

impl Way {
    /// The way that a [`Client`](super::Client) takes to `endpoint`.
    #[must_use]
    pub fn to(endpoint: &Endpoint) -> Way {
        let uri = endpoint.to_string().parse::<Uri>();
        let Some(found) =
            uri.ok().filter(|_| !endpoint.is_loopback()).and_then(|uri| Matcher::from_env().intercept(&uri))
        else {
            return Way::Direct;
        };
        let (scheme, host) = (found.uri().scheme_str().unwrap_or("http"), found.uri().host().unwrap_or_default());
        let port = found.uri().port_u16().unwrap_or(match scheme {
            "https" => 443,
            "http" => 80,
            _ => 1080,
        });
        Way::Proxy(Proxy {
            name: format!("{scheme}://{host}:{port}"),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            login: found.basic_auth().cloned(),
            is_plain: scheme == "http",
        })
    }

    /// The addresses of whom is connected to.
    ///
    /// # Errors
    /// If there are none; what the system says of it.
    pub async fn addresses(&self, endpoint: &Endpoint) -> Result<Vec<SocketAddr>, String> {
        if let (Way::Direct, Some(known)) = (self, endpoint.known_addresses()) {
            return Ok(known.to_vec());
        }
        let (host, port) = match self {
            Way::Direct => (endpoint.host(), endpoint.port()),
            Way::Proxy(proxy) => (proxy.host.as_str(), proxy.port),
        };
        let found = match timeout(PATIENCE, tokio::net::lookup_host((host, port))).await {
            Ok(found) => found.map_err(|error| error.to_string())?,
            Err(_) => return Err("no answer came in time".to_owned()),
        };
        // In the order in which they are tried, each once.
        let mut addresses: Vec<SocketAddr> = Vec::new();
        found.for_each(|address| {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        });
        if addresses.is_empty() { Err("the name is known, and has no address".to_owned()) } else { Ok(addresses) }
    }

    /// Connects to the endpoint; through a proxy, once that is connected to `address`.
    pub(super) async fn walk(&self, endpoint: &Endpoint, address: SocketAddr) -> Result<TcpStream, TlsFault> {
        let mut stream = connect(address).await.map_err(|error| TlsFault::Cut(error.to_string()))?;
        if let Way::Proxy(proxy) = self {
            proxy.open(&mut stream, endpoint).await?;
        }
        Ok(stream)
    }
}

impl Proxy {
    /// Whether what is behind it can be looked at from here; not if TLS or SOCKS is spoken with it.
    #[must_use]
    pub fn is_transparent(&self) -> bool {
        self.is_plain
    }

    async fn open(&self, stream: &mut TcpStream, endpoint: &Endpoint) -> Result<(), TlsFault> {
        let (host, port) = (endpoint.authority_host(), endpoint.port());
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
        if let Some(login) = &self.login {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(login.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        let answer = timeout(PATIENCE, async {
            stream.write_all(&request).await?;
            let mut answer = Vec::new();
            // Bytewise: what follows the head belongs to TLS.
            while !answer.ends_with(b"\r\n\r\n") && answer.len() < 8192 {
                answer.push(stream.read_u8().await?);
            }
            Ok::<_, io::Error>(answer)
        });
        let answer = match answer.await {
            Ok(answer) => answer.map_err(|error| TlsFault::Cut(error.to_string()))?,
            Err(_) => return Err(TlsFault::Cut("no answer came in time".to_owned())),
        };
        let head = String::from_utf8_lossy(&answer);
        let line = head.lines().next().unwrap_or_default();
        match line.split(' ').nth(1) {
            Some("200") => Ok(()),
            _ => Err(TlsFault::Proxy(line.to_owned())),
        }
    }
}

/// Why no connection comes about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconnected {
    /// The machine is there, and nobody listens.
    #[error("connection refused")]
    Refused,
    /// Nothing comes back.
    #[error("no answer")]
    Silent,
    /// No way leads there.
    #[error("no route")]
    NoRoute,
    /// What the system says.
    #[error("{0}")]
    Other(String),
}

/// Connects to one address, and says why not.
///
/// # Errors
/// What kept it from it.
pub async fn connect(address: SocketAddr) -> Result<TcpStream, Unconnected> {
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => Unconnected::Refused,
            io::ErrorKind::TimedOut => Unconnected::Silent,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => {
                Unconnected::NoRoute
            }
            _ => Unconnected::Other(error.to_string()),
        }),
        Err(_) => Err(Unconnected::Silent),
    }
}
