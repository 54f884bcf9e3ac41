//! What a broken exchange means: never sent, or sent and lost.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::CertificateError;

use super::endpoint::Endpoint;
use super::error::{ApiError, Obstacle};
use super::patience::Patience;
use super::request::Request;
use super::verifier::{Fault, Rejected};

/// How the reason begins where whatever answers speaks something else.
pub(super) const NO_HTTP: &str = "what came is no answer in HTTP";

/// A call that cannot be spelt.
pub(super) fn unsendable(request: &Request, reason: &str) -> ApiError {
    ApiError::NotSent { request: request.clone(), obstacle: Obstacle::Unsendable { reason: reason.to_owned() } }
}

/// A request whose answer did not even begin.
pub(super) fn of_sending(
    request: &Request,
    endpoint: &Endpoint,
    patience: &Patience,
    error: &reqwest::Error,
) -> ApiError {
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
                Some(Rejected { fault: Fault::Untrusted(distrust), fingerprint }) => {
                    Obstacle::Untrusted { endpoint, distrust: Box::new(distrust.clone()), fingerprint: *fingerprint }
                }
                Some(Rejected { fault: Fault::Mistaken, fingerprint }) => {
                    Obstacle::Mistaken { endpoint, fingerprint: *fingerprint }
                }
                None => Obstacle::Tls { endpoint, reason: in_words(tls) },
            },
            None if error.is_timeout() => {
                let reason = format!("no connection came about in {}", seconds(patience.connect));
                Obstacle::Unreachable { endpoint, reason }
            }
            None => Obstacle::Unreachable { endpoint, reason },
        })
    } else {
        ApiError::Unanswered { request: request.clone(), reason: lost(endpoint, patience, error) }
    }
}

/// A request whose answer began and did not end.
pub(super) fn of_reading(request: &Request, patience: &Patience, error: &reqwest::Error) -> ApiError {
    let reason = if error.is_timeout() {
        format!("its answer did not end in {}", seconds(patience.answer))
    } else {
        format!("its answer broke off: {}", root(error))
    };
    ApiError::Unanswered { request: request.clone(), reason }
}

/// A request whose answer is given up, because nothing that is asked here is answered with so much.
pub(super) fn too_large(request: &Request, largest: usize) -> ApiError {
    let (request, reason) = (request.clone(), format!("its answer is larger than {} MiB", largest >> 20));
    // A read of it again would be as large.
    if request.method.is_write() {
        ApiError::Unanswered { request, reason }
    } else {
        ApiError::Unintelligible { request, reason }
    }
}

/// The innermost error, which is the one that says something.
pub(super) fn root(error: &reqwest::Error) -> &(dyn Error + 'static) {
    let mut innermost: &(dyn Error + 'static) = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}

fn lost(endpoint: &Endpoint, patience: &Patience, error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer came in {}", seconds(patience.answer));
    }
    let cause = root(error);
    match cause.downcast_ref::<hyper::Error>() {
        Some(parse) if parse.is_parse() && endpoint.is_encrypted() => {
            format!("{NO_HTTP} ({cause})")
        }
        Some(parse) if parse.is_parse() => {
            format!(
                "what came is no answer in HTTP ({cause}): if the server speaks TLS, its address begins with https://"
            )
        }
        _ => format!("the connection was lost before an answer: {cause}"),
    }
}

/// `60 s`, `0.5 s`
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
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

/// What is wrong with what came back; the commonest case in words of our own.
fn in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidMessage(_) => "what came back is no TLS; plain http may be spoken there".to_owned(),
        other => other.to_string(),
    }
}

fn rejected(error: &rustls::Error) -> Option<&Rejected> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}
