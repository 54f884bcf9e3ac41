//! Which server is the right one.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::fingerprint::Fingerprint;
use super::verifier::{Judge, Verifier};

/// What makes a server's certificate acceptable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Signed by an authority that this system trusts, for the host's name.
    #[default]
    System,
    /// As [`Trust::System`], or signed by one of the certificates in this PEM file.
    CaFile(PathBuf),
    /// This very certificate, whoever signed it, whatever name it bears and however old it is.
    Fingerprint(Fingerprint),
    /// Nothing: whoever answers is taken for the right one, and each certificate met is warned of.
    Anyone,
}

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
            Trust::Anyone => Judge::Anyone,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Trust::CaFile(file.path().to_owned()).tls().unwrap_err();
        assert!(error.to_string().ends_with(": it holds none"), "{error}");
        assert!(Trust::CaFile("/nonexistent/ca.pem".into()).tls().is_err());
    }
}
