//! What the server answers: data, or one of the ways in which it says no.

use std::collections::BTreeMap;
use std::fmt;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::ext::ReasonPhrase;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// The data of a call, or why there is none.
pub(super) type Outcome = Result<Value, Failure>;

/// A request that was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The HTTP layer's own: bare text, no JSON (api-facts.md, HTTP layer).
    Http {
        /// The status.
        status: u16,
        /// Reason phrase, and body where the server sends one.
        text: String,
    },
    /// 401 of the authentication layer: the reason phrase says why, the body is empty.
    Unauthenticated(&'static str),
    /// 401 of POST /access/ticket, which is a call's answer with a body.
    LoginRefused,
    /// 501, the JSON body's message without a line end.
    NoSuchMethod(String),
    /// 404, for second factors alone; everything else that is not found is a 500.
    NotFound(String),
    /// 403, with what was missing in brackets.
    Denied(Option<String>),
    /// 400, with a text for each parameter.
    Parameters(BTreeMap<String, String>),
    /// 500: everything else, "not found" and "already exists" included.
    Died(String),
}

impl Failure {
    /// A 500 whose message is `line`.
    pub(super) fn died(line: impl fmt::Display) -> Failure {
        Failure::Died(format!("{line}\n"))
    }

    /// A 400 about one parameter.
    pub(super) fn parameter(name: &str, text: impl Into<String>) -> Failure {
        Failure::Parameters(BTreeMap::from([(name.to_owned(), text.into())]))
    }

    /// A 403 that names what was missing.
    pub(super) fn denied(missing: impl Into<String>) -> Failure {
        Failure::Denied(Some(missing.into()))
    }

    /// As it leaves a locked section: a 500 whatever it was, its status and its texts in the message
    /// (api-facts.md, HTTP layer: "Exceptions raised inside a locked section lose their code").
    pub(super) fn inside(self, action: &str) -> Failure {
        let parameters = match &self {
            Failure::Parameters(errors) => errors.iter().map(|(name, text)| format!("{name}: {text}\n")).collect(),
            _ => String::new(),
        };
        let message = match &self {
            Failure::Died(message) => message.clone(),
            other => format!("{} {}{parameters}", other.status(), other.message()),
        };
        Failure::Died(format!("{action}: {message}"))
    }

    /// The HTTP status.
    pub(super) fn status(&self) -> u16 {
        match self {
            Failure::Http { status, .. } => *status,
            Failure::Unauthenticated(_) | Failure::LoginRefused => 401,
            Failure::NoSuchMethod(_) => 501,
            Failure::NotFound(_) => 404,
            Failure::Denied(_) => 403,
            Failure::Parameters(_) => 400,
            Failure::Died(_) => 500,
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::Http { text, .. }
            | Failure::NoSuchMethod(text)
            | Failure::NotFound(text)
            | Failure::Died(text) => text.clone(),
            Failure::Unauthenticated(text) => (*text).to_owned(),
            Failure::LoginRefused => "authentication failure\n".to_owned(),
            Failure::Denied(None) => "Permission check failed\n".to_owned(),
            Failure::Denied(Some(missing)) => format!("Permission check failed ({missing})\n"),
            Failure::Parameters(_) => "Parameter verification failed.\n".to_owned(),
        }
    }

    fn body(&self) -> Option<Value> {
        match self {
            Failure::Http { .. } | Failure::Unauthenticated(_) => None,
            Failure::Parameters(errors) => Some(json!({ "data": null, "message": self.message(), "errors": errors })),
            Failure::LoginRefused
            | Failure::NoSuchMethod(_)
            | Failure::NotFound(_)
            | Failure::Denied(_)
            | Failure::Died(_) => Some(json!({ "data": null, "message": self.message() })),
        }
    }
}

/// Whether the connection serves another request after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It does, unless the answer is an error: every status of 400 and more closes.
    KeepOpen,
    /// It has served all it may.
    Close,
}

/// The answer on the wire.
pub(super) fn response(outcome: &Outcome, after: After) -> Response<Full<Bytes>> {
    let (status, phrase, body) = match outcome {
        Ok(data) => (200, "OK".to_owned(), Some(json!({ "data": data }))),
        Err(failure) => (failure.status(), failure.message(), failure.body()),
    };
    let mut response = Response::new(match (&body, outcome) {
        (Some(body), _) => Full::from(body.to_string()),
        (None, Err(Failure::Http { text, .. })) => Full::from(text.clone()),
        (None, _) => Full::default(),
    });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let first_line = phrase.lines().next().unwrap_or_default();
    let printable: String = first_line.chars().filter(|c| !c.is_control()).collect();
    if let Ok(reason) = ReasonPhrase::try_from(printable) {
        response.extensions_mut().insert(reason);
    }
    if body.is_some() {
        let json = HeaderValue::from_static("application/json;charset=UTF-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
    }
    if after == After::Close || status >= 400 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_section_swallows_the_status() {
        let lost = Failure::parameter("delete", "unknown option 'expire'").inside("updating token info failed");
        let message =
            "updating token info failed: 400 Parameter verification failed.\ndelete: unknown option 'expire'\n";
        assert_eq!(lost, Failure::Died(message.to_owned()));
        assert_eq!(
            Failure::died("no such group 'x'").inside("create user failed"),
            Failure::died("create user failed: no such group 'x'")
        );
    }

    #[test]
    fn the_reason_phrase_is_the_messages_first_line() {
        let refused = Err(Failure::denied("URI '/access/password' not available with API token\n"));
        let response = response(&refused, After::KeepOpen);
        let reason = response.extensions().get::<ReasonPhrase>().unwrap();
        assert_eq!(reason.as_bytes(), b"Permission check failed (URI '/access/password' not available with API token");
        assert_eq!(response.headers()[CONNECTION], "close");
    }
}
