//! TLS in front of a server that speaks plain http, with certificates good and bad.

#![allow(dead_code, reason = "each of the test targets needs another part of it")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pve_access::api::Fingerprint;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ProtocolVersion, ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// When a certificate holds.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    Now,
    Over,
    NotYet,
}

/// A cluster's own authority, as Proxmox VE makes one.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server shows.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Puts its certificate where a user would keep a copy of `pve-root-ca.pem`.
    pub fn save(&self, file: &Path) {
        std::fs::write(file, self.0.pem()).unwrap();
    }

    pub fn issue(&self, name: &str, validity: Validity) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let leaf = params(name, validity).signed_by(&key, &self.0).unwrap();
        Certificate { chain: vec![leaf.der().clone()], key }
    }
}

fn params(name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    let (from, until) = match validity {
        Validity::Now => (2020, 4000),
        Validity::Over => (2020, 2021),
        Validity::NotYet => (3999, 4000),
    };
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 2), date_time_ymd(until, 1, 2));
    params
}

impl Certificate {
    /// One that nobody else has signed.
    pub fn self_signed(name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let leaf = params(name, Validity::Now).self_signed(&key).unwrap();
        Certificate { chain: vec![leaf.der().clone()], key }
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let digest: String = Sha256::digest(&self.chain[0]).iter().map(|byte| format!("{byte:02x}")).collect();
        digest.parse().unwrap()
    }

    /// This certificate in the hands of whoever has not got its key.
    pub fn stolen(self) -> Certificate {
        Certificate { key: KeyPair::generate().unwrap(), ..self }
    }

    pub fn acceptor(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        // Unlike `with_single_cert`, it does not look whether the two belong together.
        let shown = CertifiedKey::new(self.chain.clone(), any_supported_type(&key).unwrap());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A listener that takes TLS off and passes the rest on.
pub struct Front {
    addr: SocketAddr,
    spoken: Arc<Mutex<Vec<ProtocolVersion>>>,
}

impl Front {
    /// In front of whoever listens at `behind`.
    pub async fn start(certificate: &Certificate, behind: SocketAddr) -> Front {
        Front::speaking(rustls::ALL_VERSIONS, certificate, behind).await
    }

    /// As [`Front::start`], with no other versions of TLS than these.
    pub async fn speaking(
        versions: &[&'static SupportedProtocolVersion],
        certificate: &Certificate,
        behind: SocketAddr,
    ) -> Front {
        let acceptor = certificate.acceptor(versions);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Front { addr: listener.local_addr().unwrap(), spoken: Arc::default() };
        let spoken = front.spoken.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, spoken) = (acceptor.clone(), spoken.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    spoken.lock().unwrap().extend(stream.get_ref().1.protocol_version());
                    let mut behind = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut behind).await;
                });
            }
        });
        front
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.addr)
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The version of each connection that came about.
    pub fn spoken(&self) -> Vec<ProtocolVersion> {
        self.spoken.lock().unwrap().clone()
    }
}
