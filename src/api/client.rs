//! The connection to one cluster.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::ext::ReasonPhrase;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Response, Url, redirect};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::credential::{Credential, CredentialError};
use super::endpoint::Endpoint;
use super::error::ApiError;
use super::failure;
use super::patience::Patience;
use super::request::{Call, Method, Request};
use super::session::Session;
use super::trust::{Trust, TrustError};
use crate::pve::{Principal, TokenId};

/// A client of one cluster's API; cheap to clone, its clones share their connections.
///
/// A write goes out once. A read goes out again, once, if its connection broke before the answer. Proxies from the
/// environment are used for https (they see nothing of it), never to reach this very machine.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    session: Arc<Session>,
    patience: Patience,
}

impl Client {
    const CONNECT: Duration = Duration::from_secs(10);
    /// Shorter than the 5 s after which the server closes idle connections under whoever sends just then.
    const IDLE: Duration = Duration::from_secs(3);
    /// Far more than the largest access state there can be takes to list.
    const LARGEST: usize = 64 * 1024 * 1024;

    /// A client that shows `credential` to whoever `trust` lets pass for `endpoint`; nothing is sent yet.
    pub fn new(endpoint: Endpoint, credential: Credential, trust: &Trust) -> Result<Client, TrustError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.tls()?)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Client::CONNECT)
            .pool_idle_timeout(Client::IDLE)
            .user_agent(concat!("pve-access/", env!("CARGO_PKG_VERSION")));
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| TrustError::Tls { reason: failure::root(&error).to_string() })?;
        Ok(Client { http, endpoint, session: Arc::new(Session::new(credential)), patience: Patience::default() })
    }

    /// The same, but waiting this long.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Client {
        Client { patience, ..self }
    }

    /// How long it waits.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// Where it sends to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whom the server takes it for.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        self.session.principal()
    }

    /// Goes on with the new secret of `token`, if that is whom the server takes it for; all its clones do.
    ///
    /// # Errors
    /// If the secret cannot be sent.
    pub fn adopt(&self, token: &TokenId, secret: &SecretString) -> Result<(), CredentialError> {
        self.session.adopt(token, secret)
    }

    pub(super) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        self.answer(&call).await?.decode(call.request)
    }

    /// As [`Client::send`], for answers that hold a secret.
    pub(super) async fn send_for_secret<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        self.answer(&call).await?.decode_secret(call.request)
    }

    async fn answer(&self, call: &Call) -> Result<Answer, ApiError> {
        let Request { method, path } = &call.request;
        let started = Instant::now();
        let answer = self.exchange(call).await;
        let elapsed = started.elapsed();
        match &answer {
            Ok(answer) => {
                tracing::debug!(method = method.as_str(), %path, status = answer.status, ?elapsed, "answered")
            }
            Err(error) => tracing::debug!(method = method.as_str(), %path, ?elapsed, %error, "not answered"),
        }
        answer
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, ApiError> {
        if let Some(reason) = &call.unsendable {
            return Err(failure::unsendable(&call.request, reason));
        }
        let response = match self.build(call).send().await {
            Err(error) if !call.request.method.is_write() && failure::is_broken_connection(&error) => {
                self.build(call).send().await
            }
            first => first,
        };
        let response = response.map_err(|error| failure::of_sending(&call.request, &self.endpoint, &error))?;
        let (status, phrase, elsewhere) = (response.status().as_u16(), phrase(&response), elsewhere(&response));
        let body = read_body(&call.request, response).await?;
        Ok(Answer { status, phrase, elsewhere, body })
    }

    fn build(&self, call: &Call) -> reqwest::RequestBuilder {
        let url = self.endpoint.url(&call.path);
        let shown = self.session.authorization();
        let method = match call.request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let request =
            |url: String| self.http.request(method, url).header(AUTHORIZATION, shown).timeout(self.patience.answer);
        if call.request.method.has_form() {
            const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
            // The length is said even where it is 0, without which some gateways refuse a form.
            request(url)
                .header(CONTENT_TYPE, FORM)
                .header(CONTENT_LENGTH, call.parameters.len())
                .body(call.parameters.clone())
        } else if call.parameters.is_empty() {
            request(url)
        } else {
            request(format!("{url}?{}", call.parameters))
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Client { http: _, endpoint, session, patience: _ } = self;
        let principal = session.principal();
        f.debug_struct("Client").field("endpoint", endpoint).field("principal", principal).finish_non_exhaustive()
    }
}

/// The first line of the server's message, which may hold bytes of any encoding (api-facts.md, HTTP layer).
fn phrase(response: &Response) -> String {
    match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).trim().to_owned(),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

/// Scheme, host and port of `Location`; the rest of it may repeat parameters.
fn elsewhere(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = Url::parse(location).ok()?;
    Some(url.origin().ascii_serialization())
}

async fn read_body(request: &Request, mut response: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(failure::of_reading(request, &error)),
        }
        if body.len() > Client::LARGEST {
            let reason = format!("its answer is larger than {} MiB", Client::LARGEST >> 20);
            return Err(ApiError::Unanswered { request: request.clone(), reason });
        }
    }
}
