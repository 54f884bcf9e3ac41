//! Whom a client sends its credential to: the sandbox behind TLS of every kind.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use pve_access::api::{ApiError, Client, Credential, Distrust, Endpoint, Fingerprint, Obstacle, Patience, Trust};
use pve_access::sandbox::{Sandbox, Serving};
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reaction, SECRET, Server, done};
use crate::tls::{Authority, Certificate, Front, Validity};

/// A sandbox behind TLS, and who may be trusted.
struct Cluster {
    dir: TempDir,
    serving: Serving,
    credential: Credential,
    front: Front,
    fingerprint: Fingerprint,
}

impl Cluster {
    /// With a certificate of an authority of its own, for `name`.
    async fn new(name: &str, validity: Validity) -> Cluster {
        let authority = Authority::new();
        let cluster = Cluster::showing(&authority.issue(name, validity)).await;
        authority.save(&cluster.dir.path().join("ca.pem"));
        cluster
    }

    async fn showing(certificate: &Certificate) -> Cluster {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::open(&dir.path().join("cluster")).unwrap();
        let (token, secret) = sandbox.admin_token().unwrap().unwrap();
        let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        let front = Front::start(certificate, serving.addr()).await;
        let credential = Credential::new(token, secret).unwrap();
        Cluster { dir, serving, credential, front, fingerprint: certificate.fingerprint() }
    }

    fn authority(&self) -> Trust {
        Trust::CaFile(self.dir.path().join("ca.pem"))
    }

    fn client(&self, trust: &Trust) -> Client {
        let endpoint: Endpoint = self.front.url().parse().unwrap();
        Client::over(&endpoint.into(), self.credential.clone(), trust, patience()).unwrap()
    }

    /// Why `trust` does not let it pass, and what to do; it has seen no request then.
    async fn distrust(&self, trust: &Trust) -> (Distrust, String) {
        let error = self.client(trust).version().await.unwrap_err();
        assert!(self.serving.requests().is_empty());
        let help = error.help().join("\n");
        match error {
            ApiError::NotSent { obstacle: Obstacle::Untrusted { distrust, fingerprint, endpoint }, .. } => {
                assert_eq!((fingerprint, endpoint), (self.fingerprint, self.front.url()));
                (*distrust, help)
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A client of a port at which something else happens than TLS.
fn client(scheme: &str, port: u16) -> Client {
    let endpoint: Endpoint = format!("{scheme}://127.0.0.1:{port}").parse().unwrap();
    let credential = format!("ci@pve!sync={SECRET}").parse().unwrap();
    Client::over(&endpoint.into(), credential, &Trust::Anyone, patience()).unwrap()
}

/// Tries once, and has time enough on a machine that has much else to do.
fn patience() -> Patience {
    Patience { greeting: Duration::ZERO, connect: Duration::from_secs(60), ..Patience::default() }
}

/// The port of a server that answers whatever it is told with these bytes.
async fn answering(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            // A connection that is closed with something unread takes the answer along.
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    });
    port
}

#[tokio::test]
async fn both_versions_of_tls_carry_reads_and_writes() {
    let authority = Authority::new();
    let certificate = authority.issue("127.0.0.1", Validity::Now);
    let cluster = Cluster::showing(&certificate).await;
    authority.save(&cluster.dir.path().join("ca.pem"));
    for (version, spoken) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let front = Front::speaking(&[version], &certificate, cluster.serving.addr()).await;
        for trust in [cluster.authority(), Trust::Fingerprint(certificate.fingerprint()), Trust::Anyone] {
            let client = Client::new(front.url().parse().unwrap(), cluster.credential.clone(), &trust).unwrap();
            client.create_group(&"ops".parse().unwrap(), Some("x")).await.unwrap();
            assert_eq!(client.groups().await.unwrap().len(), 1, "{trust:?}");
            client.delete_group(&"ops".parse().unwrap()).await.unwrap();
        }
        assert!(!front.spoken().is_empty() && front.spoken().iter().all(|found| *found == spoken));
    }
}

#[tokio::test]
async fn an_authority_is_trusted_once_it_is_named_and_the_others_stay_so() {
    let cluster = Cluster::new("127.0.0.1", Validity::Now).await;
    let (distrust, help) = cluster.distrust(&Trust::System).await;
    assert_eq!(distrust, Distrust::Issuer);
    assert!(help.contains("--ca-file") && help.contains("/etc/pve/pve-root-ca.pem"), "{help}");
    let other = Cluster::new("127.0.0.1", Validity::Now).await;
    assert_eq!(cluster.distrust(&other.authority()).await.0, Distrust::Issuer);
    cluster.client(&cluster.authority()).version().await.unwrap();
}

#[tokio::test]
async fn who_vouches_for_himself_is_told_by_his_fingerprint() {
    let cluster = Cluster::showing(&Certificate::self_signed("127.0.0.1")).await;
    let (distrust, help) = cluster.distrust(&Trust::System).await;
    assert_eq!(distrust, Distrust::Issuer);
    assert!(help.contains(&format!("--fingerprint {}", cluster.fingerprint)), "{help}");
    assert!(help.contains("once `pvenode cert info` on the node shows the same"), "{help}");
}

#[tokio::test]
async fn an_authority_vouches_for_the_name_too() {
    let cluster = Cluster::new("elsewhere.example", Validity::Now).await;
    let (distrust, help) = cluster.distrust(&cluster.authority()).await;
    assert_eq!(distrust.to_string(), "it is for `elsewhere.example`, not for `127.0.0.1`");
    assert!(help.starts_with("give the endpoint a name that the certificate is for"), "{help}");
}

#[tokio::test]
async fn an_authority_vouches_for_a_time() {
    let over = Cluster::new("127.0.0.1", Validity::Over).await;
    let (distrust, help) = over.distrust(&over.authority()).await;
    assert_eq!(distrust.to_string(), "it expired at 2021-01-02T00:00:00Z");
    assert!(help.contains("pvecm updatecerts --force"), "{help}");
    let early = Cluster::new("127.0.0.1", Validity::NotYet).await;
    let (distrust, help) = early.distrust(&early.authority()).await;
    assert_eq!(distrust.to_string(), "it is not valid before 3999-01-02T00:00:00Z");
    assert!(help.contains("clock"), "{help}");
}

#[tokio::test]
async fn a_fingerprint_lets_its_certificate_pass_whatever_its_name_and_age() {
    for (name, validity) in
        [("elsewhere.example", Validity::Now), ("127.0.0.1", Validity::Over), ("127.0.0.1", Validity::NotYet)]
    {
        let cluster = Cluster::new(name, validity).await;
        cluster.client(&Trust::Fingerprint(cluster.fingerprint)).version().await.unwrap();
    }
}

#[tokio::test]
async fn a_fingerprint_lets_no_other_certificate_pass() {
    let cluster = Cluster::new("127.0.0.1", Validity::Now).await;
    let other = Cluster::new("127.0.0.1", Validity::Now).await;
    let error = cluster.client(&Trust::Fingerprint(other.fingerprint)).version().await.unwrap_err();
    assert!(!error.help().join("\n").contains(&cluster.fingerprint.to_string()), "nobody is invited to pin another");
    let ApiError::NotSent { obstacle: Obstacle::Mistaken { fingerprint, .. }, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(fingerprint, cluster.fingerprint);
    assert!(cluster.serving.requests().is_empty());
}

/// A certificate alone is no proof: whoever shows it must hold its key.
#[tokio::test]
async fn a_fingerprint_is_worth_nothing_without_the_key() {
    let cluster = Cluster::showing(&Certificate::self_signed("127.0.0.1").stolen()).await;
    let (distrust, help) = cluster.distrust(&Trust::Fingerprint(cluster.fingerprint)).await;
    assert!(matches!(distrust, Distrust::Key { .. }), "{distrust}");
    assert!(help.contains("this is not your server") && !help.contains("--fingerprint"), "{help}");
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    let port = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let error = client("https", port).version().await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Tls { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn a_port_with_tls_is_told_apart() {
    let cluster = Cluster::new("127.0.0.1", Validity::Now).await;
    let error = client("http", cluster.front.addr().port()).version().await.unwrap_err();
    assert!(error.to_string().contains("https://"), "{error}");
    assert!(cluster.serving.requests().is_empty());
}

/// An alert `protocol_version`, which is what a server says that knows TLS 1.1 at best.
#[tokio::test]
async fn a_server_that_knows_old_versions_alone_is_told_apart() {
    let port = answering(&[0x15, 3, 2, 0, 2, 2, 70]).await;
    let error = client("https", port).version().await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { obstacle: Obstacle::Tls { .. }, .. }), "{error:?}");
    assert!(error.help().iter().any(|help| help.contains("TLS 1.2")), "{:?}", error.help());
}

/// Neither over TLS nor without does a redirection make the client show itself to anybody else, nor to anything else at
/// the same host.
#[tokio::test]
async fn a_redirection_carries_no_credential_anywhere() {
    let elsewhere = Server::start(|_| done()).await;
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        for target in [format!("{}/api2/json/version", elsewhere.url()), "/login".to_owned()] {
            let certificate = Certificate::self_signed("127.0.0.1");
            let react = {
                let target = target.clone();
                move |_: &_| {
                    let head = format!("HTTP/1.1 {status}\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
                    Reaction::Answer(head)
                }
            };
            let plain = Server::start(react.clone()).await;
            let secure = Server::start_tls(certificate.acceptor(rustls::ALL_VERSIONS), react).await;
            for (server, trust) in [(plain, Trust::System), (secure, Trust::Fingerprint(certificate.fingerprint()))] {
                let client = server.client_with(&trust);
                let read = client.version().await.unwrap_err();
                let write = client.delete_group(&"ops".parse().unwrap()).await.unwrap_err();
                for error in [read, write] {
                    assert!(matches!(error, ApiError::Refused { .. }), "{error:?}");
                }
                assert_eq!(server.seen().len(), 2, "{status} to {target}");
            }
        }
    }
    assert!(elsewhere.seen().is_empty());
}
