//! The connection to one cluster.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use hyper::ext::ReasonPhrase;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION, SERVER};
use reqwest::{Response, Url};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::answer::{Answer, bounded};
use super::attempts::{Attempts, Next};
use super::credential::{Credential, CredentialError};
use super::endpoint::Endpoint;
use super::endpoints::Endpoints;
use super::error::ApiError;
use super::failure;
use super::login::OwnPassword;
use super::patience::Patience;
use super::request::{Call, Method, Request};
use super::route::{Node, Route};
use super::session::{Session, Shown};
use super::trust::{Trust, TrustError};
use crate::pve::{Principal, TokenId};

/// A client of one cluster's API; cheap to clone, its clones share their connections.
///
/// What cannot have changed anything goes out again, to each node in turn, for as long as the [`Patience`] lasts: reads,
/// writes that were never sent, and writes that the server refused because it could not have the cluster's lock. A write
/// that may have arrived goes out once; again, once, if it was turned away with a ticket that has ended. Proxies from the
/// environment are used for https (they see nothing of it), never
/// to reach this very machine.
#[derive(Clone)]
pub struct Client {
    route: Arc<Route>,
    pub(super) session: Arc<Session>,
    patience: Patience,
}

impl Client {
    /// Far more than the largest access state there can be takes to list.
    const LARGEST: usize = 64 * 1024 * 1024;

    /// A client that shows `credential` to whoever `trust` lets pass for `endpoint`; nothing is sent yet.
    pub fn new(endpoint: Endpoint, credential: Credential, trust: &Trust) -> Result<Client, TrustError> {
        Client::over(&endpoint.into(), credential, trust, Patience::default())
    }

    /// As [`Client::new`], for a cluster whose nodes may stand in for each other.
    pub fn over(
        endpoints: &Endpoints,
        credential: Credential,
        trust: &Trust,
        patience: Patience,
    ) -> Result<Client, TrustError> {
        let route = Arc::new(Route::new(endpoints, trust, &patience)?);
        Ok(Client { route, session: Arc::new(Session::new(credential)), patience })
    }

    /// A client of the same cluster that shows another credential.
    #[must_use]
    pub fn showing(&self, credential: Credential) -> Client {
        Client { session: Arc::new(Session::new(credential)), ..self.clone() }
    }

    /// The endpoint that the cluster is called by, whichever of its nodes answers.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.route.first().endpoint
    }

    /// How long it waits for what.
    #[must_use]
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Ends all waiting for something to get better, now and from now on; its clones do not wait any more either.
    pub fn hurry(&self) {
        self.route.hurry();
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

    /// Whether it can ask for another password of a user: the server lets no API token do that, and wants the own password
    /// of everybody but root@pam (api-facts.md, Authentication).
    #[must_use]
    pub fn can_set_passwords(&self) -> bool {
        match self.session.own_password() {
            OwnPassword::NotAsked | OwnPassword::Known(_) => true,
            OwnPassword::Unknown | OwnPassword::NoneDoes => false,
        }
    }

    pub(super) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        self.persist(&call, Answer::decode, Entitled::Yes).await
    }

    /// As [`Client::send`], for answers that hold a secret.
    pub(super) async fn send_for_secret<T: DeserializeOwned>(&self, call: Call) -> Result<T, ApiError> {
        self.persist(&call, Answer::decode_secret, Entitled::Yes).await
    }

    /// As [`Client::send_for_secret`], without a credential, which this brings: whoever needs one may wait for it.
    pub(super) fn send_bare<T: DeserializeOwned + Send + 'static>(
        &self,
        call: Call,
    ) -> Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send + '_>> {
        Box::pin(async move { self.persist(&call, Answer::decode_secret, Entitled::No).await })
    }

    /// Sends until there is an answer, or nothing more to be hoped for.
    async fn persist<T>(
        &self,
        call: &Call,
        decode: fn(Answer, Request) -> Result<T, ApiError>,
        entitled: Entitled,
    ) -> Result<T, ApiError> {
        let mut attempts = Attempts::new(&self.route, &self.patience);
        loop {
            let answer = self.answer(call, attempts.node(), entitled).await;
            match answer.and_then(|answer| decode(answer, call.request.clone())) {
                Ok(decoded) => {
                    attempts.succeeded();
                    return Ok(decoded);
                }
                Err(error) => match attempts.failed(error).await {
                    Next::Again => {}
                    Next::GiveUp(error) => return Err(error),
                },
            }
        }
    }

    /// A 401 says that nothing was done: what is shown may have ended, and may be had anew.
    async fn answer(&self, call: &Call, node: &Node, entitled: Entitled) -> Result<Answer, ApiError> {
        if let Some(reason) = &call.unsendable {
            return Err(failure::unsendable(&call.request, reason));
        }
        let not_sent = |obstacle| ApiError::NotSent { request: call.request.clone(), obstacle };
        let shown = match entitled {
            Entitled::Yes => self.session.show(self).await.map_err(not_sent)?,
            Entitled::No => return self.exchange(call, node, &Shown::Nothing).await,
        };
        let answer = self.exchange(call, node, &shown).await?;
        if answer.status == 401
            && let Some(shown) = self.session.show_anew(self, &shown).await.map_err(not_sent)?
        {
            return self.exchange(call, node, &shown).await;
        }
        Ok(answer)
    }

    /// Sends a request and reads its answer.
    async fn exchange(&self, call: &Call, node: &Node, shown: &Shown) -> Result<Answer, ApiError> {
        let Request { method, path } = &call.request;
        let started = Instant::now();
        let answer = self.attempt(call, node, shown).await;
        let elapsed = started.elapsed();
        match &answer {
            Ok(answer) => {
                tracing::debug!(method = method.as_str(), %path, status = answer.status, ?elapsed, "answered")
            }
            Err(error) => tracing::debug!(method = method.as_str(), %path, ?elapsed, %error, "not answered"),
        }
        answer
    }

    async fn attempt(&self, call: &Call, node: &Node, shown: &Shown) -> Result<Answer, ApiError> {
        let response = self.build(call, node, shown).send().await;
        let response =
            response.map_err(|error| failure::of_sending(&call.request, &node.endpoint, &self.patience, &error))?;
        let (status, phrase) = (response.status().as_u16(), phrase(&response));
        let (elsewhere, server) = (elsewhere(&response), server(&response));
        let body = read_body(&call.request, &self.patience, response).await?;
        Ok(Answer { status, phrase, elsewhere, server, body })
    }

    fn build(&self, call: &Call, node: &Node, shown: &Shown) -> reqwest::RequestBuilder {
        let url = node.endpoint.url(&call.path);
        let method = match call.request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let request = if call.request.method.has_form() {
            const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
            // The length is said even where it is 0, without which some gateways refuse a form.
            node.http
                .request(method, url)
                .header(CONTENT_TYPE, FORM)
                .header(CONTENT_LENGTH, call.parameters.len())
                .body(call.parameters.clone())
        } else if call.parameters.is_empty() {
            node.http.request(method, url)
        } else {
            node.http.request(method, format!("{url}?{}", call.parameters))
        };
        shown.add_to(call.request.method, request)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, principal) = (self.endpoint(), self.principal());
        f.debug_struct("Client").field("endpoint", endpoint).field("principal", principal).finish_non_exhaustive()
    }
}

/// Whether a request shows the credential.
#[derive(Clone, Copy)]
enum Entitled {
    Yes,
    /// It is on the way to one.
    No,
}

/// The first line of the server's message, which may hold bytes of any encoding (api-facts.md, HTTP layer).
fn phrase(response: &Response) -> String {
    match response.extensions().get::<ReasonPhrase>() {
        Some(phrase) => bounded(String::from_utf8_lossy(phrase.as_bytes()).trim()),
        None => response.status().canonical_reason().unwrap_or_default().to_owned(),
    }
}

/// Scheme, host and port of `Location`; the rest of it may repeat parameters.
fn elsewhere(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let url = Url::parse(location).ok()?;
    Some(url.origin().ascii_serialization())
}

/// What the server calls itself.
fn server(response: &Response) -> Option<String> {
    Some(String::from_utf8_lossy(response.headers().get(SERVER)?.as_bytes()).into_owned())
}

async fn read_body(request: &Request, patience: &Patience, mut response: Response) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(failure::of_reading(request, patience, &error)),
        }
        if body.len() > Client::LARGEST {
            return Err(failure::too_large(request, Client::LARGEST));
        }
    }
}
