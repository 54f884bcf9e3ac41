//! What the server's words mean: done, refused, or nobody knows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::error::ApiError;
use super::page;
use super::request::Request;

/// An answer that arrived whole.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The first line of the server's message, for an API error.
    pub(super) phrase: String,
    /// Where a redirection points, without path and query.
    pub(super) elsewhere: Option<String>,
    /// What the server calls itself.
    pub(super) server: Option<String>,
    pub(super) body: Vec<u8>,
}

/// How the reason begins where not even Proxmox VE's own HTTP server was reached.
pub(super) const GATEWAY: &str = "a gateway answered in the API's place";

/// How the reason ends where somebody else says that it was done.
pub(super) const INSTEAD: &str = "came instead of Proxmox VE's JSON";

/// What every successful answer looks like.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// What the server says when it refuses in its own words: always with `data`, which a gateway's JSON does not have.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "data")]
    _data: (),
    message: String,
    #[serde(default)]
    errors: BTreeMap<String, String>,
}

impl Answer {
    /// Takes what the request was to bring out of the answer.
    pub(super) fn decode<T: DeserializeOwned>(self, request: Request) -> Result<T, ApiError> {
        let body = self.success(&request)?;
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(Envelope { data }) => Ok(data),
            Err(error) => Err(ApiError::Unintelligible { request, reason: error.to_string() }),
        }
    }

    /// As [`Answer::decode`], for an answer that must not be quoted whatever is wrong with it.
    pub(super) fn decode_secret<T: DeserializeOwned>(self, request: Request) -> Result<T, ApiError> {
        let body = self.success(&request)?;
        match serde_json::from_slice::<Envelope<T>>(&body) {
            Ok(Envelope { data }) => Ok(data),
            Err(_) => {
                Err(ApiError::Unintelligible { request, reason: "it holds no secret where one belongs".to_owned() })
            }
        }
    }

    /// The body of an answer that says that the request was done.
    fn success(self, request: &Request) -> Result<Vec<u8>, ApiError> {
        if self.status != 200 {
            return Err(self.failure(request.clone()));
        }
        match serde_json::from_slice::<Envelope<IgnoredAny>>(&self.body) {
            Ok(Envelope { data: IgnoredAny }) => Ok(self.body),
            Err(_) => {
                // Whoever answered 200 was not the API, so a write has not been confirmed.
                let reason = format!("{} {INSTEAD}", self.describe());
                Err(ApiError::Unanswered { request: request.clone(), reason })
            }
        }
    }

    /// Sorts api-facts.md's "HTTP layer" into what was refused and what is undecided.
    fn failure(self, request: Request) -> ApiError {
        let status = self.status;
        let unanswered = |reason| ApiError::Unanswered { request: request.clone(), reason };
        let refused = |message, errors| ApiError::Refused { request: request.clone(), status, message, errors };
        match status {
            // pveproxy lost pvedaemon; after a 596 the write is done later all the same.
            595..=599 if !self.is_page() => {
                unanswered(format!("the node's own daemon did not answer: {status} {}", self.phrase))
            }
            _ => match serde_json::from_slice::<Refusal>(&self.body) {
                Ok(Refusal { message, errors, _data: () }) => refused(
                    bounded(&message),
                    errors.into_iter().take(MOST_ERRORS).map(|(name, text)| (bounded(&name), bounded(&text))).collect(),
                ),
                Err(_) => match status {
                    300..=399 => match &self.elsewhere {
                        Some(elsewhere) => refused(format!("{}, see {elsewhere}", self.phrase), BTreeMap::new()),
                        None => refused(self.phrase, BTreeMap::new()),
                    },
                    400..=499 => refused(self.words(), BTreeMap::new()),
                    500 | 501 | 505 | 506 if !self.is_page() => refused(self.words(), BTreeMap::new()),
                    // A gateway speaks here, not the API: what became of the request behind it is unknown.
                    _ => unanswered(format!("{GATEWAY} ({status} {}, {})", self.phrase, self.describe())),
                },
            },
        }
    }

    /// The body, if it is a short text; if it is a page, the status with whose page it is.
    fn words(self) -> String {
        const MOST: usize = 2000;
        if self.is_page() {
            return format!("{} ({})", self.phrase, self.describe());
        }
        match std::str::from_utf8(&self.body).map(str::trim) {
            Ok(text) if !text.is_empty() && text.len() <= MOST => text.to_owned(),
            _ => self.phrase,
        }
    }

    fn is_page(&self) -> bool {
        page::is_page(&self.body)
    }

    fn describe(&self) -> String {
        page::describe(&self.body, self.server.as_deref())
    }
}

/// A message on one parameter is enough to mend it; who sends thousands wants something else.
const MOST_ERRORS: usize = 50;

/// What a server says is printed, and kept in the journal: not without end.
pub(super) fn bounded(text: &str) -> String {
    const MOST: usize = 8 * 1024;
    let text = text.trim_end_matches('\n');
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Method;

    fn judge(method: Method, status: u16, phrase: &str, body: &str) -> Result<IgnoredAny, ApiError> {
        let request = Request { method, path: "/access/users".to_owned() };
        Answer { status, phrase: phrase.to_owned(), elsewhere: None, server: None, body: body.into() }.decode(request)
    }

    fn refusal(status: u16, phrase: &str, body: &str) -> String {
        match judge(Method::Post, status, phrase, body).unwrap_err() {
            ApiError::Refused { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_servers_own_words_are_a_refusal() {
        let body = r#"{"data":null,"message":"create user failed: user 'bob@pve' already exists\n"}"#;
        assert_eq!(refusal(500, "ignored", body), "create user failed: user 'bob@pve' already exists");
        assert_eq!(refusal(401, "No ticket", ""), "No ticket");
        assert_eq!(
            refusal(501, "x", "Method 'GET /access/nope' not implemented"),
            "Method 'GET /access/nope' not implemented"
        );
        assert_eq!(refusal(413, "Too Large", "<html>no</html>"), "Too Large (a page of HTML)");
        // A gateway that passes the API's own answer on.
        assert_eq!(refusal(503, "x", r#"{"data":null,"message":"busy\n"}"#), "busy");
    }

    #[test]
    fn a_refusal_is_repeated_up_to_a_point() {
        let long = "x".repeat(1 << 20);
        let errors: BTreeMap<String, &str> = (0..100).map(|at| (format!("{at}{long}"), "no")).collect();
        let body = serde_json::json!({"data": null, "message": long, "errors": errors}).to_string();
        let error = judge(Method::Post, 400, "x", &body).unwrap_err();
        assert!(error.to_string().len() < 1 << 20, "{}", error.to_string().len());
    }

    #[test]
    fn parameters_are_named() {
        let body = r#"{"data":null,"message":"Parameter verification failed.\n","errors":{"groupid":"bad\n"}}"#;
        let error = judge(Method::Post, 400, "Parameter verification failed.", body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "POST /access/users was refused: 400 Parameter verification failed. (`groupid`: bad)"
        );
    }

    #[test]
    fn what_only_a_gateway_says_leaves_a_write_undecided() {
        for (status, body) in [
            (595, ""),
            (596, ""),
            (599, ""),
            (599, "<html>Network connect timeout</html>"),
            (502, "<html>Bad Gateway</html>"),
            (503, ""),
            (504, "upstream timed out"),
            (504, r#"{"message":"Endpoint request timed out"}"#),
            (500, "<html>oops</html>"),
            (522, ""),
            (200, "<html>Welcome</html>"),
            (200, ""),
            (200, r#"{"data":{"value":"#),
            (200, r#"{"ok":true}"#),
        ] {
            for method in [Method::Put, Method::Get] {
                let error = judge(method, status, "phrase", body).unwrap_err();
                assert!(matches!(error, ApiError::Unanswered { .. }), "{status} {body}: {error}");
            }
        }
    }

    #[test]
    fn whoever_answers_in_the_apis_place_is_told_by_his_page() {
        let said = |status, phrase: &str, body: &str| {
            let request = Request { method: Method::Get, path: "/version".to_owned() };
            let (server, body) = (Some("nginx".to_owned()), body.into());
            let answer = Answer { status, phrase: phrase.to_owned(), elsewhere: None, server, body };
            answer.decode::<IgnoredAny>(request).unwrap_err().to_string()
        };
        let page = include_str!("../../docs/cluster.md");
        for (found, shown) in [
            (
                said(502, "Bad Gateway", "<title>Maintenance</title>"),
                "a gateway answered in the API's place (502 Bad Gateway, a page titled “Maintenance” from nginx)",
            ),
            (
                said(200, "OK", "<title>Hotel Wi-Fi</title>"),
                "a page titled “Hotel Wi-Fi” from nginx came instead of Proxmox VE's JSON",
            ),
        ] {
            assert_eq!(found, format!("GET /version was sent, but {shown}"));
            assert!(page.contains(&found), "{found}");
        }
        assert_eq!(
            said(403, "Forbidden", "<title>Blocked</title>"),
            "GET /version was refused: 403 Forbidden (a page titled “Blocked” from nginx)"
        );
    }

    #[test]
    fn a_lost_lock_is_a_refusal_that_may_be_tried_again() {
        let body = r#"{"data":null,"message":"update user failed: cfs-lock 'file-user_cfg' error: got lock request timeout\n"}"#;
        let error = judge(Method::Put, 500, "x", body).unwrap_err();
        assert!(error.is_busy(), "{error}");
    }

    #[test]
    fn a_redirection_names_the_other_host_alone() {
        let request = Request { method: Method::Delete, path: "/access/users/a@pve".to_owned() };
        let answer = Answer {
            status: 301,
            phrase: "Moved Permanently".to_owned(),
            elsewhere: Some("https://other:8006".to_owned()),
            server: None,
            body: Vec::new(),
        };
        let error = answer.decode::<IgnoredAny>(request).unwrap_err();
        assert_eq!(
            error.to_string(),
            "DELETE /access/users/a@pve was refused: 301 Moved Permanently, see https://other:8006"
        );
    }
}
