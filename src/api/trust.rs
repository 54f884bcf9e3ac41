//! Which server is the right one.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};

/// What makes a server's certificate acceptable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Signed by an authority that this system trusts, for the host's name.
    #[default]
    System,
    /// As [`Trust::System`], or signed by one of the certificates in this PEM file.
    CaFile(PathBuf),
    /// This very certificate, whoever signed it and whatever name it bears.
    Fingerprint(Fingerprint),
}

/// The SHA-256 of a certificate, as Proxmox VE shows it: `AB:CD:...`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits, with or without colons")]
pub struct FingerprintError;

/// Why no client can be made that trusts in the way that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read, or is no PEM.
    #[error("no certificates can be read from `{}`: {reason}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// TLS itself cannot be set up.
    #[error("TLS cannot be set up: {reason}")]
    Tls {
        /// Why not.
        reason: String,
    },
}

impl Fingerprint {
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits: Vec<char> = text.trim().chars().filter(|&c| c != ':').collect();
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().try_fold(0, |sum, c| Some(sum * 16 + c.to_digit(16)?)))
            .map(|byte| byte.and_then(|byte| u8::try_from(byte).ok()).ok_or(FingerprintError))
            .collect::<Result<_, _>>()?;
        if digits.len() != 64 {
            return Err(FingerprintError);
        }
        bytes.try_into().map(Fingerprint).map_err(|_| FingerprintError)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A certificate that was shown and not accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{fault}")]
pub(super) struct Rejected {
    pub(super) fault: Fault,
    pub(super) fingerprint: Fingerprint,
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Fault {
    /// Nothing vouches for it.
    #[error("{0}")]
    Untrusted(String),
    /// It is not the one that was pinned.
    #[error("it is not the certificate with the fingerprint that was given")]
    Mistaken,
}

impl Trust {
    /// The TLS settings that accept such servers and no others.
    pub(super) fn tls(&self) -> Result<ClientConfig, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge = match self {
            Trust::System => match authorities(Vec::new(), &provider) {
                Ok(authorities) => Judge::Authorities(authorities),
                Err(error) => Judge::Nobody(error.to_string()),
            },
            Trust::CaFile(path) => {
                let failed = |reason: String| TrustError::CaFile { path: path.clone(), reason };
                let certificates = CertificateDer::pem_file_iter(path)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| failed(error.to_string()))?;
                if certificates.is_empty() {
                    return Err(failed("it holds none".to_owned()));
                }
                Judge::Authorities(authorities(certificates, &provider).map_err(|error| failed(error.to_string()))?)
            }
            Trust::Fingerprint(fingerprint) => Judge::Fingerprint(*fingerprint),
        };
        let verifier = Verifier { judge, provider: provider.clone() };
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TrustError::Tls { reason: error.to_string() })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }
}

fn authorities(
    more: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(more, provider.clone())
}

/// Judges a certificate and, when it is not accepted, says which one it was.
#[derive(Debug)]
struct Verifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Judge {
    /// Whoever they signed.
    Authorities(rustls_platform_verifier::Verifier),
    /// Nobody, for this system has no authorities; an error only once a certificate is to be judged.
    Nobody(String),
    /// The one with it.
    Fingerprint(Fingerprint),
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
        let fingerprint = Fingerprint::of(end_entity);
        let fault = match &self.judge {
            Judge::Fingerprint(expected) if *expected == fingerprint => return Ok(ServerCertVerified::assertion()),
            Judge::Fingerprint(_) => Fault::Mistaken,
            Judge::Nobody(reason) => Fault::Untrusted(reason.clone()),
            Judge::Authorities(inner) => {
                match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Ok(verified) => return Ok(verified),
                    Err(rustls::Error::InvalidCertificate(error)) => Fault::Untrusted(in_words(&error)),
                    Err(error) => Fault::Untrusted(error.to_string()),
                }
            }
        };
        let rejected = OtherError(Arc::new(Rejected { fault, fingerprint }));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(rejected)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn in_words(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "it was not signed by an authority that is trusted here".to_owned(),
        // The name of the check inside; rustls has no words for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is its own authority, so only its fingerprint can vouch for it".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_with_and_without_colons() {
        let shown = ["AB"; 32].join(":");
        for written in [shown.clone(), shown.to_lowercase(), shown.replace(':', ""), format!(" {shown}\n")] {
            assert_eq!(written.parse::<Fingerprint>().unwrap().to_string(), shown);
        }
        for bad in ["", "AB", &shown[3..], &format!("{shown}:AB"), &shown.replace("AB", "XY")] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(FingerprintError));
        }
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Trust::CaFile(file.path().to_owned()).tls().unwrap_err();
        assert!(error.to_string().ends_with(": it holds none"), "{error}");
        assert!(Trust::CaFile("/nonexistent/ca.pem".into()).tls().is_err());
    }
}
