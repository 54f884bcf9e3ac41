//! What can become of a request, sorted by what the caller may do next.

use std::collections::BTreeMap;
use std::fmt;

use super::distrust::Distrust;
use super::fingerprint::Fingerprint;
use super::refusal::LoginError;
use super::request::Request;

/// A request that brought no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// It never left: the server has not seen it, and sending it again is safe.
    #[error("{request} was not sent: {obstacle}")]
    NotSent {
        /// Which request.
        request: Request,
        /// What stood in the way.
        obstacle: Obstacle,
    },
    /// It left, and no answer came that says what became of it: a write may have happened. Read back before going on.
    #[error("{request} was sent, but {reason}")]
    Unanswered {
        /// Which request.
        request: Request,
        /// What happened instead of an answer.
        reason: String,
    },
    /// The server answered that it did not do it.
    #[error("{request} was refused: {status} {message}{}", Parameters(errors))]
    Refused {
        /// Which request.
        request: Request,
        /// The HTTP status.
        status: u16,
        /// The server's message, its last line end cut; the reason phrase where there is no body.
        message: String,
        /// What it says of single parameters.
        errors: BTreeMap<String, String>,
    },
    /// The server answered that it was done, in words that cannot be understood.
    #[error("the answer to {request} makes no sense: {reason}")]
    Unintelligible {
        /// Which request.
        request: Request,
        /// What is wrong with it.
        reason: String,
    },
}

/// What keeps a request from leaving.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The endpoint's host has no address.
    #[error("`{host}` has no address")]
    NoAddress {
        /// The host.
        host: String,
    },
    /// Nobody answers at the endpoint.
    #[error("`{endpoint}` cannot be reached: {reason}")]
    Unreachable {
        /// The endpoint.
        endpoint: String,
        /// What the system says.
        reason: String,
    },
    /// The server's certificate is not accepted.
    #[error("the certificate of `{endpoint}` is not trusted: {distrust}")]
    Untrusted {
        /// The endpoint.
        endpoint: String,
        /// Why not.
        distrust: Box<Distrust>,
        /// Of the certificate that was shown.
        fingerprint: Fingerprint,
    },
    /// The server's certificate is another than the one that was pinned.
    #[error(
        "the certificate of `{endpoint}` is not the one with the fingerprint that was given; its own is {fingerprint}"
    )]
    Mistaken {
        /// The endpoint.
        endpoint: String,
        /// Of the certificate that was shown.
        fingerprint: Fingerprint,
    },
    /// Somebody answers at the endpoint, but not in TLS as we know it.
    #[error("no TLS connection to `{endpoint}` came about: {reason}")]
    Tls {
        /// The endpoint.
        endpoint: String,
        /// What is wrong.
        reason: String,
    },
    /// Nobody is logged in.
    #[error(transparent)]
    Login(LoginError),
    /// The API has no way to say it.
    #[error("{reason}")]
    Unsendable {
        /// What cannot be said.
        reason: String,
    },
}

impl ApiError {
    /// The request that this is about.
    #[must_use]
    pub fn request(&self) -> &Request {
        match self {
            ApiError::NotSent { request, .. }
            | ApiError::Unanswered { request, .. }
            | ApiError::Refused { request, .. }
            | ApiError::Unintelligible { request, .. } => request,
        }
    }

    /// Whether a write may have been done, without its answer having arrived in words that can be understood: read back
    /// before anything else.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        match self {
            ApiError::Unanswered { .. } | ApiError::Unintelligible { .. } => true,
            ApiError::NotSent { .. } | ApiError::Refused { .. } => false,
        }
    }

    /// Whether another change held the cluster's lock too long: nothing was written, and trying again later is fine
    /// (api-facts.md, HTTP layer, "Locks").
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, ApiError::Refused { status: 500, message, .. } if message.ends_with("got lock request timeout"))
    }

    /// Whether the node cannot reach most of its cluster, so that nothing can be changed there: nothing was
    /// (api-facts.md, HTTP layer, "Locks").
    #[must_use]
    pub fn is_without_quorum(&self) -> bool {
        matches!(self, ApiError::Refused { status: 500, message, .. }
            if message.ends_with("error: no quorum!") || message.ends_with("cluster not ready - no quorum?"))
    }
}

/// What the server says of single parameters, in brackets; nothing if it says nothing.
struct Parameters<'a>(&'a BTreeMap<String, String>);

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, text)) in self.0.iter().enumerate() {
            write!(f, "{}`{name}`: {text}", if at == 0 { " (" } else { "; " })?;
        }
        if self.0.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}
