//! Tickets: how a login brings one, and how it is shown.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{COOKIE, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::client::Client;
use super::credential::ticket_cookie;
use super::error::{ApiError, Obstacle};
use super::login::{Login, ProofKind};
use super::loose;
use super::refusal::LoginError;
use super::request::{Call, Method, Request};
use super::second_factor::{Challenge, CodeKind};
use crate::pve::UserId;

/// What stands beside the cookie of a write.
const CSRF: HeaderName = HeaderName::from_static("csrfpreventiontoken");

/// What a login is answered with, in use.
pub(super) struct Ticket {
    value: SecretString,
    cookie: HeaderValue,
    csrf: HeaderValue,
    made: Instant,
}

/// The answer to a login; without `Debug`, so that it cannot be printed.
#[derive(Deserialize)]
struct Issued {
    ticket: SecretString,
    #[serde(rename = "CSRFPreventionToken")]
    csrf: SecretString,
    username: String,
    #[serde(rename = "NeedTFA", default, deserialize_with = "loose::flag")]
    is_half: bool,
}

impl Ticket {
    /// A ticket lives for two hours (api-facts.md, Authentication): time enough to try again.
    const RENEWED_AFTER: Duration = Duration::from_secs(60 * 60);

    pub(super) fn is_due(&self) -> bool {
        self.made.elapsed() >= Ticket::RENEWED_AFTER
    }

    /// A cookie, as browsers send it, which every release and every gateway passes on; the token against forged requests
    /// where something is written.
    pub(super) fn show(&self, method: Method, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(COOKIE, self.cookie.clone());
        if method.is_write() { request.header(CSRF, self.csrf.clone()) } else { request }
    }

    fn new(issued: Issued, made: Instant, asked: &Request) -> Result<Ticket, Box<ApiError>> {
        let Issued { ticket, csrf, username: _, is_half: _ } = issued;
        let mut header = HeaderValue::from_str(csrf.expose_secret()).map_err(|_| {
            let reason = "its CSRFPreventionToken cannot be sent".to_owned();
            Box::new(ApiError::Unintelligible { request: asked.clone(), reason })
        })?;
        header.set_sensitive(true);
        Ok(Ticket { cookie: ticket_cookie(&ticket), csrf: header, value: ticket, made })
    }
}

impl Client {
    /// Logs in, with a second factor where the server asks for one (pve-access-control, `create_ticket`).
    pub(super) async fn log_in(&self, login: &Login) -> Result<Ticket, Obstacle> {
        let user = login.user();
        let refused = || LoginError::Refused { user: user.clone(), proof: login.proof_kind() };
        let (call, made) = (ask(user, login.password()), Instant::now());
        let asked = call.request.clone();
        let issued = self.issue(call, refused).await?;
        let issued = if issued.is_half { self.answer_challenge(login, issued.ticket).await? } else { issued };
        if issued.username != user.as_str() {
            return Err(LoginError::OtherName { asked: user.clone(), known: issued.username }.into());
        }
        tracing::info!(%user, "logged in");
        Ticket::new(issued, made, &asked).map_err(|error| LoginError::Failed(error).into())
    }

    /// A new ticket for one that is still good.
    pub(super) async fn renew(&self, login: &Login, former: &Ticket) -> Result<Ticket, Obstacle> {
        let user = login.user();
        let refused = || LoginError::Refused { user: user.clone(), proof: ProofKind::Ticket };
        let (call, made) = (ask(user, &former.value), Instant::now());
        let asked = call.request.clone();
        let issued = self.issue(call, refused).await?;
        if issued.is_half {
            return Err(refused().into());
        }
        tracing::info!(%user, "the ticket was renewed");
        Ticket::new(issued, made, &asked).map_err(|error| LoginError::Failed(error).into())
    }

    /// Answers with one code after the other, as long as there are any.
    async fn answer_challenge(&self, login: &Login, half: SecretString) -> Result<Issued, Obstacle> {
        let user = login.user();
        let Some(challenge) = Challenge::of_ticket(user, &half) else {
            return Err(LoginError::OldForm { user: user.clone() }.into());
        };
        if !challenge.takes_codes() {
            return Err(LoginError::NoWay { challenge }.into());
        }
        let mut refused: Vec<CodeKind> = Vec::new();
        loop {
            let (codes, asked, before) = (login.codes(), challenge.clone(), refused.len());
            // Somebody may have to look for the phone first.
            let code = tokio::task::spawn_blocking(move || codes.code(&asked, before)).await.unwrap_or(None);
            let Some(code) = code else {
                return Err(match refused.last() {
                    None => LoginError::NoCode { challenge },
                    Some(&given) => LoginError::CodeRefused { user: user.clone(), given },
                }
                .into());
            };
            let given = code.kind();
            if !challenge.takes(given) {
                return Err(LoginError::OtherKind { challenge, given }.into());
            }
            let call = ask(user, &code.response()).with("tfa-challenge", half.expose_secret());
            match self.issue(call, || LoginError::CodeRefused { user: user.clone(), given }).await {
                Err(Obstacle::Login(LoginError::CodeRefused { .. })) => refused.push(given),
                Ok(issued) if issued.is_half => return Err(LoginError::OldForm { user: user.clone() }.into()),
                other => return other,
            }
        }
    }

    /// Sends a login; a 401 is what `refused` says.
    async fn issue(&self, call: Call, refused: impl Fn() -> LoginError) -> Result<Issued, Obstacle> {
        match self.send_bare(call).await {
            Ok(issued) => Ok(issued),
            Err(ApiError::Refused { status: 401, .. }) => Err(refused().into()),
            // What kept the login from leaving keeps the rest from it, too.
            Err(ApiError::NotSent { request: _, obstacle }) => Err(obstacle),
            Err(error) => Err(LoginError::Failed(Box::new(error)).into()),
        }
    }
}

fn ask(user: &UserId, password: &SecretString) -> Call {
    let call = Call::new(Method::Post, &["access", "ticket"]);
    call.with("username", user).with("password", password.expose_secret())
}

impl From<LoginError> for Obstacle {
    fn from(error: LoginError) -> Obstacle {
        Obstacle::Login(error)
    }
}
