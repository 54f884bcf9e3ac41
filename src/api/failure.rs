//! What a broken exchange means: never sent, or sent and lost.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::endpoint::Endpoint;
use super::error::{ApiError, Obstacle};
use super::request::Request;
use super::trust::{Fault, Rejected};

/// A call that cannot be spelt.
pub(super) fn unsendable(request: &Request, reason: &str) -> ApiError {
    ApiError::NotSent { request: request.clone(), obstacle: Obstacle::Unsendable { reason: reason.to_owned() } }
}

/// A request whose answer did not even begin.
pub(super) fn of_sending(request: &Request, endpoint: &Endpoint, error: &reqwest::Error) -> ApiError {
    let not_sent = |obstacle| ApiError::NotSent { request: request.clone(), obstacle };
    let reason = root(error).to_string();
    if error.is_builder() {
        not_sent(Obstacle::Unsendable { reason })
    } else if error.is_dns() {
        not_sent(Obstacle::NoAddress { host: endpoint.host().to_owned() })
    } else if error.is_connect() {
        let endpoint = endpoint.to_string();
        not_sent(match tls_error(error) {
            Some(tls) => match rejected(tls) {
                Some(Rejected { fault: Fault::Untrusted(reason), fingerprint }) => {
                    Obstacle::Untrusted { endpoint, reason: reason.clone(), fingerprint: *fingerprint }
                }
                Some(Rejected { fault: Fault::Mistaken, fingerprint }) => {
                    Obstacle::Mistaken { endpoint, fingerprint: *fingerprint }
                }
                None => Obstacle::Tls { endpoint, reason: tls.to_string() },
            },
            None => Obstacle::Unreachable { endpoint, reason },
        })
    } else {
        ApiError::Unanswered { request: request.clone(), reason: lost(error) }
    }
}

/// A request whose answer began and did not end.
pub(super) fn of_reading(request: &Request, error: &reqwest::Error) -> ApiError {
    ApiError::Unanswered { request: request.clone(), reason: format!("its answer broke off: {}", root(error)) }
}

/// Whether the connection was lost after it stood and before anything of an answer came.
pub(super) fn is_broken_connection(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

/// The innermost error, which is the one that says something.
pub(super) fn root(error: &reqwest::Error) -> &(dyn Error + 'static) {
    let mut innermost: &(dyn Error + 'static) = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}

fn lost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "no answer came in time".to_owned()
    } else {
        format!("the connection was lost before an answer: {}", root(error))
    }
}

/// Looks into I/O errors too, whose `source` leaves out what they were made of.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn rejected(error: &rustls::Error) -> Option<&Rejected> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}
