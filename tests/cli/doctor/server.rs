//! Servers that are not quite what they should be.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::desk::Desk;

/// A certificate with its key and the authority that signed it.
pub struct Identity {
    pub fingerprint: String,
    pub authority: String,
    acceptor: TlsAcceptor,
}

impl Identity {
    /// For this name, until this day, signed by an authority of its own as Proxmox VE's are.
    pub fn new(name: &str, (year, month, day): (i32, u8, u8)) -> Identity {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, uuid::Uuid::new_v4().to_string());
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, month, day);
        let leaf = params.signed_by(&key, &authority).unwrap();
        let digest: Vec<String> = Sha256::digest(leaf.der()).iter().map(|byte| format!("{byte:02X}")).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Identity { fingerprint: digest.join(":"), authority: authority.pem(), acceptor }
    }
}

/// What stands behind a port.
#[derive(Clone)]
pub enum Behind {
    /// The same answer to whatever comes.
    Answer(String),
    /// Another port of this machine.
    Port(u16),
}

/// Listens on a port of this machine, in TLS if there is an identity.
pub fn listen(desk: &Desk, identity: Option<&Identity>, behind: Behind) -> u16 {
    let acceptor = identity.map(|identity| identity.acceptor.clone());
    desk.wait(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, behind).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, behind).await;
                            }
                        }
                    }
                });
            }
        });
        port
    })
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, behind: Behind) {
    match behind {
        Behind::Port(port) => {
            let mut other = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut other).await;
        }
        Behind::Answer(answer) => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// An answer with these lines in its head.
pub fn answer(status: &str, head: &str, body: &str) -> Behind {
    Behind::Answer(format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{head}\r\n{body}",
        body.len()
    ))
}
