//! Judging the certificate that a server shows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use super::distrust::Distrust;
use super::fingerprint::Fingerprint;

/// A certificate that was shown and not accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the certificate with the fingerprint {fingerprint} was not accepted")]
pub(super) struct Rejected {
    pub(super) fault: Fault,
    pub(super) fingerprint: Fingerprint,
}

#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// Nothing vouches for it.
    Untrusted(Distrust),
    /// It is not the one that was pinned.
    Mistaken,
}

/// Judges a certificate and, when it is not accepted, says which one it was.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) judge: Judge,
    pub(super) provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
pub(super) enum Judge {
    /// Whoever they signed.
    Authorities(rustls_platform_verifier::Verifier),
    /// Nobody, for this system has no authorities; an error only once a certificate is to be judged.
    Nobody(String),
    /// The one with it.
    Fingerprint(Fingerprint),
    /// Whoever comes, and is told of once.
    Anyone,
}

/// Who has been told of, by any client of this process.
static TOLD: Mutex<BTreeSet<Fingerprint>> = Mutex::new(BTreeSet::new());

impl Judge {
    fn fault(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Option<Fault> {
        let fingerprint = Fingerprint::of(end_entity);
        match self {
            Judge::Fingerprint(expected) => (*expected != fingerprint).then_some(Fault::Mistaken),
            Judge::Nobody(reason) => Some(Fault::Untrusted(Distrust::Nobody { reason: reason.clone() })),
            Judge::Anyone => {
                if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(fingerprint) {
                    tracing::warn!(
                        "nobody vouches for {}: it shows the certificate {fingerprint}; if `pvenode cert info` on the \
                         node shows the same, --fingerprint with it is safe where --insecure is not",
                        name.to_str()
                    );
                }
                None
            }
            Judge::Authorities(inner) => inner
                .verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
                .err()
                .map(|error| Fault::Untrusted(Distrust::of(&error, name))),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.judge.fault(end_entity, intermediates, server_name, ocsp_response, now) {
            None => Ok(ServerCertVerified::assertion()),
            Some(fault) => Err(rejection(fault, end_entity)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
            .map_err(|error| stolen(&error, cert))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
            .map_err(|error| stolen(&error, cert))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn rejection(fault: Fault, certificate: &CertificateDer<'_>) -> rustls::Error {
    let rejected = Rejected { fault, fingerprint: Fingerprint::of(certificate) };
    rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(rejected))))
}

/// The certificate may be the right one, but not whoever shows it.
fn stolen(error: &rustls::Error, certificate: &CertificateDer<'_>) -> rustls::Error {
    rejection(Fault::Untrusted(Distrust::Key { reason: error.to_string() }), certificate)
}
