//! A look at a server's certificate before anything is said to it.
//!
//! Knows which TLS is spoken and what is shown. Shows nobody a credential, so it may go on where a client must not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::certificate::Certificate;
use super::distrust::Distrust;
use super::endpoint::Endpoint;
use super::reach::{PATIENCE, Way};
use super::trust::Trust;
use super::verifier::{Fault, Rejected};

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
    Untrusted(Distrust),
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
            None => Judgement::Untrusted(Distrust::Other { reason: error.to_string() }),
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
