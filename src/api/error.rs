//! What can become of a request, sorted by what the caller may do next.

use std::collections::BTreeMap;
use std::fmt;

/// A request that brought no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It never left: the server has not seen it, and sending it again is safe.
    #[error("{request} was not sent: {reason}")]
    NotSent {
        /// Which request.
        request: Request,
        /// What stood in the way.
        reason: String,
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
    #[error("{request} was refused: {status} {message}")]
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

/// A request as far as it may be shown: no parameters, no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Below `/api2/json`.
    pub path: String,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
