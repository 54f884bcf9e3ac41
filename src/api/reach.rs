//! The way to an endpoint, walked one layer at a time, to see how far it goes.
//!
//! Knows names, connections, TLS and who answers. Shows nobody a credential, so it may go on where a client must not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::certificate::Certificate;
use super::endpoint::Endpoint;
use super::trust::{Fault, Rejected, Trust};

/// How long each layer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

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
    async fn walk(&self, endpoint: &Endpoint, address: SocketAddr) -> Result<TcpStream, TlsFault> {
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

/// What became of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The version that was agreed on, such as `TLS 1.3`.
    pub version: String,
    /// What the server shows.
    pub certificate: Certificate,
    /// Whether a client sends anything to it.
    pub judgement: Judgement,
}

/// Whether a certificate is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is.
    Trusted,
    /// It is not, for this reason.
    Untrusted(String),
    /// It is another than the one that was pinned.
    Mistaken,
}

/// Why there is no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Plain HTTP is spoken there.
    PlainHttp,
    /// The proxy does not let through; the first line of what it says.
    Proxy(String),
    /// The connection ended, or did not come about.
    Cut(String),
    /// What is said there is no TLS that is known here.
    Unknown(String),
    /// No settings can be made that trust as is asked for.
    Trust(String),
}

/// Looks at the server's certificate, whoever it is of, and then whether `trust` lets it pass.
///
/// # Errors
/// If there is no TLS at the end of the way.
pub async fn shake_hands(
    way: &Way,
    address: SocketAddr,
    endpoint: &Endpoint,
    trust: &Trust,
) -> Result<Handshake, TlsFault> {
    let strict = trust.tls().map_err(|error| TlsFault::Trust(error.to_string()))?;
    let stream = way.walk(endpoint, address).await?;
    let seen = match handshake(stream, endpoint, onlooker()?).await {
        Ok(seen) => seen,
        Err(error) => return Err(fault(way, address, endpoint, &error).await),
    };
    let stream = way.walk(endpoint, address).await?;
    let judgement = match handshake(stream, endpoint, strict).await {
        Ok(_) => Judgement::Trusted,
        Err(error) => match rejected(&error) {
            Some(Rejected { fault: Fault::Mistaken, .. }) => Judgement::Mistaken,
            Some(Rejected { fault: Fault::Untrusted(reason), .. }) => Judgement::Untrusted(reason.clone()),
            None => Judgement::Untrusted(error.to_string()),
        },
    };
    let (version, certificate) = seen;
    Ok(Handshake { version, certificate, judgement })
}

/// Version and certificate of a handshake, after which nothing is sent.
async fn handshake(
    stream: TcpStream,
    endpoint: &Endpoint,
    config: ClientConfig,
) -> Result<(String, Certificate), io::Error> {
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(io::Error::other)?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = timeout(PATIENCE, connecting).await.map_err(|_| io::Error::other("no answer came in time"))??;
    let (_, connection) = stream.get_ref();
    let version = connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
    let shown = connection.peer_certificates().and_then(<[_]>::first);
    let certificate = shown.ok_or_else(|| io::Error::other("no certificate was shown"))?;
    Ok((version.replace("TLSv1_", "TLS 1."), Certificate::read(certificate)))
}

fn rejected(error: &io::Error) -> Option<&Rejected> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

/// What is spoken in place of TLS.
async fn fault(way: &Way, address: SocketAddr, endpoint: &Endpoint, error: &io::Error) -> TlsFault {
    let greeting = async {
        let mut stream = way.walk(endpoint, address).await.ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut begin = [0; 5];
        stream.read_exact(&mut begin).await.ok()?;
        Some(begin)
    };
    match timeout(PATIENCE, greeting).await {
        Ok(Some(begin)) if begin == *b"HTTP/" => TlsFault::PlainHttp,
        _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => TlsFault::Unknown(error.to_string()),
            None => TlsFault::Cut(error.to_string()),
        },
    }
}

/// Settings that let every certificate pass, for connections on which nothing is said.
fn onlooker() -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsFault::Trust(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Onlooker))
        .with_no_client_auth())
}

#[derive(Debug)]
struct Onlooker;

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
