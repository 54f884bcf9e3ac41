//! What is shown to the server, request by request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::Client;
use super::credential::{ApiToken, Credential, CredentialError};
use super::error::Obstacle;
use super::login::{Login, OwnPassword};
use super::request::Method;
use super::ticket::Ticket;
use crate::pve::{Principal, TokenId};

/// A credential in use: whom it makes of the client stays, its secret may be renewed on the way.
pub(super) struct Session {
    principal: Principal,
    means: Means,
}

enum Means {
    Token(RwLock<ApiToken>),
    Login(Entry),
}

/// A login, made when it is needed first and shared by all who need it.
struct Entry {
    login: RwLock<Login>,
    /// How many logins came to an end.
    ended: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ticket: Option<Arc<Ticket>>,
    /// When it could not be renewed.
    kept: Option<Instant>,
    /// Why the last login brought none, and which one it was.
    failed: Option<(u64, Obstacle)>,
}

/// What one request shows.
pub(super) enum Shown {
    /// Nothing: it is a login.
    Nothing,
    /// An API token.
    Token(HeaderValue),
    /// A ticket.
    Ticket(Arc<Ticket>),
}

impl Shown {
    /// Adds it to a request.
    pub(super) fn add_to(&self, method: Method, request: RequestBuilder) -> RequestBuilder {
        match self {
            Shown::Nothing => request,
            Shown::Token(value) => request.header(AUTHORIZATION, value.clone()),
            Shown::Ticket(ticket) => ticket.show(method, request),
        }
    }
}

impl Session {
    pub(super) fn new(credential: Credential) -> Session {
        let principal = credential.principal();
        let means = match credential {
            Credential::Token(token) => Means::Token(RwLock::new(token)),
            Credential::Login(login) => {
                Means::Login(Entry { login: RwLock::new(login), ended: AtomicU64::new(0), state: Mutex::default() })
            }
        };
        Session { principal, means }
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What the server wants to see once more before it sets a password.
    pub(super) fn own_password(&self) -> OwnPassword {
        match &self.means {
            Means::Token(_) => OwnPassword::NoneDoes,
            Means::Login(entry) => entry.login().own_password(),
        }
    }

    /// Goes on with a new password of whoever logs in here.
    pub(super) fn learn(&self, password: &SecretString) {
        if let Means::Login(entry) = &self.means {
            let mut login = entry.login.write().unwrap_or_else(PoisonError::into_inner);
            *login = login.clone().with_new_password(password);
        }
    }

    /// What the next request shows; `client` logs in where there is no ticket yet.
    pub(super) async fn show(&self, client: &Client) -> Result<Shown, Obstacle> {
        match &self.means {
            // Nobody panics while it is written: the value is made before.
            Means::Token(token) => Ok(Shown::Token(token.read().unwrap_or_else(PoisonError::into_inner).header())),
            Means::Login(entry) => entry.ticket(client, None).await.map(Shown::Ticket),
        }
    }

    /// What to show in place of what was answered with 401, which says that nothing was done: another ticket. None where
    /// there is nothing else to show.
    pub(super) async fn show_anew(&self, client: &Client, former: &Shown) -> Result<Option<Shown>, Obstacle> {
        match (&self.means, former) {
            (Means::Login(entry), Shown::Ticket(former)) => {
                entry.ticket(client, Some(former)).await.map(|ticket| Some(Shown::Ticket(ticket)))
            }
            (Means::Login(_), Shown::Nothing | Shown::Token(_)) | (Means::Token(_), _) => Ok(None),
        }
    }

    /// Goes on with a new secret, if it is the one that is shown here.
    pub(super) fn adopt(&self, token: &TokenId, secret: &SecretString) -> Result<(), CredentialError> {
        if let Means::Token(current) = &self.means
            && self.principal == Principal::Token(token.clone())
        {
            let renewed = ApiToken::new(token.clone(), secret.clone())?;
            *current.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        }
        Ok(())
    }
}

impl Entry {
    /// How long a renewal that failed is not tried again.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn login(&self) -> Login {
        self.login.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A ticket, another than `refused`. Whoever comes while somebody else is logging in waits for what becomes of it.
    async fn ticket(&self, client: &Client, refused: Option<&Arc<Ticket>>) -> Result<Arc<Ticket>, Obstacle> {
        let ended = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(ticket) = state.ticket.clone()
            && !refused.is_some_and(|refused| Arc::ptr_eq(refused, &ticket))
        {
            let is_put_off = state.kept.is_some_and(|kept| kept.elapsed() < Entry::PATIENCE);
            let is_due = ticket.is_due() && !is_put_off;
            return Ok(if is_due { self.renewed(client, &mut state, ticket).await } else { ticket });
        }
        // A refusal counts for all who waited for it, and for good if it is about the credential: the server may lock
        // those out who knock too often.
        if let Some((which, obstacle)) = &state.failed
            && (*which > ended || is_final(obstacle))
        {
            return Err(obstacle.clone());
        }
        let outcome = client.log_in(&self.login()).await.map(Arc::new);
        let which = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(ticket) => {
                *state = State { ticket: Some(Arc::clone(&ticket)), kept: None, failed: None };
                Ok(ticket)
            }
            Err(obstacle) => {
                *state = State { ticket: None, kept: None, failed: Some((which, obstacle.clone())) };
                Err(obstacle)
            }
        }
    }

    /// A new ticket for one that is good for a while yet; that one, if there is none now.
    async fn renewed(&self, client: &Client, state: &mut State, ticket: Arc<Ticket>) -> Arc<Ticket> {
        match client.renew(&self.login(), &ticket).await.map(Arc::new) {
            Ok(renewed) => {
                *state = State { ticket: Some(Arc::clone(&renewed)), kept: None, failed: None };
                renewed
            }
            Err(obstacle) => {
                tracing::warn!(%obstacle, "the ticket could not be renewed");
                state.kept = Some(Instant::now());
                ticket
            }
        }
    }
}

fn is_final(obstacle: &Obstacle) -> bool {
    matches!(obstacle, Obstacle::Login(error) if error.is_final())
}
