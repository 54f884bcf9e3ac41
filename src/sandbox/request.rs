//! A request of HTTP on its way to a call: what the HTTP layer itself refuses, and the parameters it passes on.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, TRANSFER_ENCODING};
use hyper::{HeaderMap, Method, Request};
use percent_encoding::percent_decode_str;

use super::answer::Failure;
use super::caller::{Credential, Intent};
use super::endpoint::Verb;
use super::params::Params;

/// The greatest body that is read, in bytes (api-facts.md, HTTP layer).
const BODY_LIMIT: usize = 512 * 1024;

/// How long a connection may be idle, and a header or a body take (api-facts.md, HTTP layer: "Keep-alive").
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What a request asks for, its head alone.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) verb: Verb,
    /// Below /api2/json, percent-decoded.
    pub(super) path: String,
    pub(super) credential: Credential,
}

impl Head {
    /// Reads method, path and credential.
    pub(super) fn read(request: &Request<Incoming>) -> Result<Head, Failure> {
        let http = |text: String| Failure::Http { status: 501, text };
        let verb = match *request.method() {
            Method::GET => Verb::Get,
            Method::POST => Verb::Post,
            Method::PUT => Verb::Put,
            Method::DELETE => Verb::Delete,
            ref other => return Err(http(format!("method '{other}' not available"))),
        };
        if request.headers().contains_key(TRANSFER_ENCODING) {
            return Err(http("chunked transfer encoding not supported".to_owned()));
        }
        let path = decoded_path(request);
        let Some(rest) = path.strip_prefix("/api2") else { return Err(http(format!("no such file '{path}'"))) };
        let path = match rest.trim_start_matches('/').strip_prefix("json") {
            Some("") => "/".to_owned(),
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => return Err(http("no such uri".to_owned())),
        };
        let headers = request.headers();
        let csrf = HeaderName::from_static("csrfpreventiontoken");
        let credential = Credential::from_headers(
            header(headers, &COOKIE).as_deref(),
            header(headers, &AUTHORIZATION).as_deref(),
            header(headers, &csrf).as_deref(),
        );
        Ok(Head { verb, path, credential })
    }

    /// Whether it asks to change something.
    pub(super) fn intent(&self) -> Intent {
        if self.verb == Verb::Get { Intent::Read } else { Intent::Write }
    }
}

/// Whether there is more of it than the server reads: it says nothing then, and closes (api-facts.md, HTTP layer: "Header >
/// 8 KiB in all or >= 64 lines").
pub(super) fn is_header_too_large(headers: &HeaderMap) -> bool {
    const LINES: usize = 64;
    const BYTES: usize = 8 * 1024;
    // The line that ends the header is one of them; a name and a value have `: ` between them.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + ": ".len() + value.len()).sum();
    headers.len() + 1 >= LINES || bytes > BYTES
}

/// The path as the log shows it.
pub(super) fn decoded_path(request: &Request<Incoming>) -> String {
    percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned()
}

/// Reads the parameters: of the query, and of a body where the method may have one.
pub(super) async fn read_params(verb: Verb, request: Request<Incoming>) -> Result<Params, Failure> {
    let query = Params::from_form(request.uri().query().unwrap_or_default());
    let length = header(request.headers(), &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    let mut params = match length.unwrap_or_default() {
        0 => query,
        _ if matches!(verb, Verb::Get | Verb::Delete) => {
            return Err(Failure::Http { status: 501, text: format!("Unexpected content for method '{verb}'") });
        }
        length if length > BODY_LIMIT => {
            return Err(Failure::Http { status: 501, text: "for data too large".to_owned() });
        }
        _ => {
            let encoding = Encoding::of(header(request.headers(), &CONTENT_TYPE))?;
            let broken = || Failure::Http { status: 400, text: "bad request".to_owned() };
            let body = Limited::new(request.into_body(), BODY_LIMIT).collect();
            let body = tokio::time::timeout(PATIENCE, body).await.map_err(|_| broken())?.map_err(|_| broken())?;
            let body = body.to_bytes();
            let text = String::from_utf8_lossy(&body);
            let body = match encoding {
                Encoding::Form => Params::from_form(&text),
                Encoding::Json => Params::from_json(&text)?,
            };
            body.overlaid(query)
        }
    };
    params.drop_cache_breaker();
    Ok(params)
}

/// How a body is written.
enum Encoding {
    Form,
    Json,
}

impl Encoding {
    /// By the content type, upper and lower case told apart; none at all is a form.
    fn of(content_type: Option<String>) -> Result<Encoding, Failure> {
        let Some(content_type) = content_type else { return Ok(Encoding::Form) };
        match content_type.split([';', ',']).next().unwrap_or_default().trim_end() {
            "" | "application/x-www-form-urlencoded" => Ok(Encoding::Form),
            "application/json" => Ok(Encoding::Json),
            _ => {
                let text = format!("upload 'Content-Type '{content_type}' not implemented");
                Err(Failure::Http { status: 506, text })
            }
        }
    }
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
