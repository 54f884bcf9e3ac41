//! Whom a client sends its credential to.

use std::sync::Arc;

use pve_access::api::{ApiError, Client, Fingerprint, Obstacle, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::{Reaction, SECRET, Server, answer};

/// A server with a certificate for `name`, signed by an authority of its own, as Proxmox VE makes them.
struct Node {
    server: Server,
    fingerprint: Fingerprint,
    /// The authority's certificate.
    ca_file: tempfile::NamedTempFile,
}

async fn node(name: &str) -> Node {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), authority.pem()).unwrap();

    let digest: String = Sha256::digest(leaf.der()).iter().map(|byte| format!("{byte:02x}")).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let server = Server::start_tls(TlsAcceptor::from(Arc::new(config)), |_| {
        Reaction::Answer(answer("200 OK", r#"{"data":{"release":"9.2"}}"#))
    })
    .await;
    Node { server, fingerprint: digest.parse().unwrap(), ca_file }
}

fn untrusted(error: ApiError) -> (Fingerprint, String) {
    let help = error.help().join("\n");
    match error {
        ApiError::NotSent { obstacle: Obstacle::Untrusted { fingerprint, .. }, .. } => (fingerprint, help),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_fingerprint_lets_its_certificate_pass_whatever_its_name() {
    let node = node("elsewhere.example").await;
    let client = node.server.client_with(&Trust::Fingerprint(node.fingerprint));
    assert_eq!(client.version().await.unwrap().release.to_string(), "9.2");
}

#[tokio::test]
async fn a_fingerprint_lets_no_other_certificate_pass() {
    let (node, other) = (node("127.0.0.1").await, node("127.0.0.1").await);
    let client = node.server.client_with(&Trust::Fingerprint(other.fingerprint));
    let error = client.version().await.unwrap_err();
    assert!(!error.help().join("\n").contains(&node.fingerprint.to_string()), "nobody is invited to pin another");
    let ApiError::NotSent { obstacle: Obstacle::Mistaken { fingerprint, .. }, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(fingerprint, node.fingerprint);
    assert!(node.server.seen().is_empty());
}

#[tokio::test]
async fn an_authority_of_its_own_is_trusted_once_it_is_named() {
    let node = node("127.0.0.1").await;
    let client = node.server.client_with(&Trust::CaFile(node.ca_file.path().to_owned()));
    assert!(client.version().await.is_ok());
}

#[tokio::test]
async fn an_authority_vouches_for_the_name_too() {
    let node = node("elsewhere.example").await;
    let client = node.server.client_with(&Trust::CaFile(node.ca_file.path().to_owned()));
    untrusted(client.version().await.unwrap_err());
    assert!(node.server.seen().is_empty());
}

#[tokio::test]
async fn who_is_not_trusted_sees_nothing_and_the_remedy_is_named() {
    let node = node("127.0.0.1").await;
    let error = node.server.client().version().await.unwrap_err();
    let (shown, help) = untrusted(error);
    assert_eq!(shown, node.fingerprint);
    assert!(help.contains("--ca-file"), "{help}");
    assert!(help.contains(&format!("--fingerprint {}", node.fingerprint)), "{help}");
    assert!(node.server.seen().is_empty());
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let credential = format!("ci@pve!sync={SECRET}").parse().unwrap();
    let error = Client::new(endpoint, credential, &Trust::System).unwrap().version().await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Tls { .. }, .. }), "{error:?}");
}
