//! Who asks: what the credentials of a request prove.

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::Node;
use super::answer::Failure;
use crate::model::AccessState;
use crate::pve::{Principal, TokenId, UserId};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Nobody; or anybody where no credential is asked for.
    Nobody,
    /// A user or token whose credential was checked.
    Known(Principal),
}

impl Caller {
    /// Whether it is `root@pam` itself, who may do everything; its tokens are identities of their own.
    pub(super) fn is_root(&self) -> bool {
        matches!(self, Caller::Known(Principal::User(user)) if user.is_root())
    }

    /// Whether it is `user` itself, not one of its tokens.
    pub(super) fn is_user(&self, user: &UserId) -> bool {
        matches!(self, Caller::Known(Principal::User(known)) if known == user)
    }

    pub(super) fn principal(&self) -> Option<&Principal> {
        match self {
            Caller::Nobody => None,
            Caller::Known(principal) => Some(principal),
        }
    }
}

/// What a request carries to prove who asks. A cookie, even a bad one, wins over a token.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// Nothing.
    Nothing,
    /// A ticket, and the token against forged requests that came along.
    Ticket {
        /// The ticket.
        ticket: SecretString,
        /// `CSRFPreventionToken`, empty if there was none.
        csrf: SecretString,
    },
    /// An API token, `user@realm!name=secret`.
    Token(SecretString),
}

impl Credential {
    /// Reads the headers' values (api-facts.md, Authentication: "Token header").
    pub(super) fn from_headers(cookie: Option<&str>, authorization: Option<&str>, csrf: Option<&str>) -> Credential {
        let ticket = cookie
            .and_then(|cookie| value_of(cookie, "PVEAuthCookie"))
            .or_else(|| authorization.and_then(|header| value_of(header, "PVEAuthCookie")));
        match ticket {
            Some(ticket) => Credential::Ticket { ticket, csrf: SecretString::from(csrf.unwrap_or_default()) },
            None => authorization
                .and_then(|header| value_of(header, "PVEAPIToken"))
                .map_or(Credential::Nothing, Credential::Token),
        }
    }

    /// Whether it is an API token, which some calls refuse before they look at it.
    pub(super) fn is_token(&self) -> bool {
        matches!(self, Credential::Token(_))
    }
}

/// The value after `key` and `=` or a blank, up to a `;`, percent-decoded.
fn value_of(header: &str, key: &str) -> Option<SecretString> {
    header.match_indices(key).find_map(|(at, _)| {
        let starts_a_word = header[..at].chars().next_back().is_none_or(char::is_whitespace);
        let value = header[at + key.len()..].strip_prefix(['=', ' '])?.split(';').next()?;
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        (starts_a_word && !decoded.is_empty()).then(|| SecretString::from(decoded.as_ref()))
    })
}

/// Whether a request is a write, which a ticket alone does not authorise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    /// GET.
    Read,
    /// Every other method.
    Write,
}

/// Checks a credential (api-facts.md, Authentication; transcript `auth`).
pub(super) fn authenticate(
    node: &Node,
    state: &AccessState,
    credential: &Credential,
    intent: Intent,
) -> Result<Caller, Failure> {
    const FAILED: Failure = Failure::Unauthenticated("Authentication failed!");
    let now = node.options.clock.now();
    match credential {
        Credential::Nothing => Err(Failure::Unauthenticated("No ticket")),
        Credential::Ticket { ticket, csrf } => {
            let signer = node.folder.signer()?;
            let user = signer.verify_ticket(ticket, now).filter(|user| may_log_in(state, user, now)).ok_or(FAILED)?;
            if intent == Intent::Write && !signer.verify_csrf_token(csrf.expose_secret(), &user, now) {
                return Err(Failure::Unauthenticated("Permission denied - invalid csrf token"));
            }
            Ok(Caller::Known(Principal::User(user)))
        }
        Credential::Token(text) => {
            let token = verify_token(node, state, text, now)?.ok_or(FAILED)?;
            Ok(Caller::Known(Principal::Token(token)))
        }
    }
}

fn verify_token(node: &Node, state: &AccessState, text: &SecretString, now: u64) -> Result<Option<TokenId>, Failure> {
    let Some((id, secret)) = text.expose_secret().rsplit_once('=') else { return Ok(None) };
    let Ok(id) = id.parse::<TokenId>() else { return Ok(None) };
    if !state.tokens.contains_key(&id) {
        return Ok(None);
    }
    let secrets = node.folder.token_secrets()?;
    let proven = secrets.get(&id.to_string()).is_some_and(|known| known.expose_secret() == secret);
    let is_let_in = may_log_in(state, id.user(), now) && state.refusals(&Principal::Token(id.clone()), now).is_empty();
    Ok((proven && is_let_in).then_some(id))
}

/// Whether a user exists, is enabled and has not expired.
pub(super) fn may_log_in(state: &AccessState, user: &UserId, now: u64) -> bool {
    state.users.contains_key(user) && state.refusals(&Principal::User(user.clone()), now).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(authorization: &str) -> Option<String> {
        match Credential::from_headers(None, Some(authorization), None) {
            Credential::Token(text) => Some(text.expose_secret().to_owned()),
            Credential::Nothing | Credential::Ticket { .. } => None,
        }
    }

    #[test]
    fn token_headers_are_read_as_the_server_reads_them() {
        assert_eq!(token("PVEAPIToken=u@pve!t=s").as_deref(), Some("u@pve!t=s"));
        assert_eq!(token("PVEAPIToken u@pve!t=s").as_deref(), Some("u@pve!t=s"), "a blank does too");
        assert_eq!(token("PVEAPIToken=a%3Bb@pve!t=s;rest").as_deref(), Some("a;b@pve!t=s"));
        assert_eq!(token("pveapitoken=u@pve!t=s"), None, "case matters");
    }

    #[test]
    fn a_cookie_wins_over_a_token() {
        let both = Credential::from_headers(Some("a=b; PVEAuthCookie=bad"), Some("PVEAPIToken=u@pve!t=s"), None);
        assert!(matches!(both, Credential::Ticket { ticket, .. } if ticket.expose_secret() == "bad"));
        let header = Credential::from_headers(None, Some("PVEAuthCookie=PVE%3Ax"), None);
        assert!(matches!(header, Credential::Ticket { ticket, .. } if ticket.expose_secret() == "PVE:x"));
    }

    #[test]
    fn debug_shows_no_credential() {
        let token = Credential::from_headers(None, Some("PVEAPIToken=u@pve!t=canary"), None);
        assert!(!format!("{token:?}").contains("canary"));
    }
}
