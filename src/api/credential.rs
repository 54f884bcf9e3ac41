//! What a client proves with who it is.
//!
//! Knows what each credential consists of and that nothing prints it. Does not know when it is shown, nor what becomes of
//! it on the way.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::login::Login;
use crate::pve::{Principal, TokenId};

/// What proves who asks.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API token, shown with every request.
    Token(ApiToken),
    /// A user who logs in, and shows the ticket from then on.
    Login(Login),
}

/// An API token with its secret.
#[derive(Clone)]
pub struct ApiToken {
    token: TokenId,
    secret: SecretString,
}

/// Why a text is no credential; never what it says, for that may be the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Not a token id, a `=` and a secret.
    #[error("the API token is not of the form `user@realm!name=secret`")]
    Form,
    /// Nothing after the `=`.
    #[error("the API token ends before its secret")]
    NoSecret,
    /// A blank, a line end or something else that no secret holds.
    #[error("the API token's secret holds a character that no secret holds")]
    Character,
    /// A login by no password at all.
    #[error("the password is empty")]
    NoPassword,
    /// Not what a login is answered with.
    #[error("it is no ticket, which looks like `PVE:user@realm:65E1F2A0::...`")]
    NoTicket,
    /// What a login is answered with as long as the second factor is not given.
    #[error("it is the ticket of a login whose second factor is still to be given")]
    HalfTicket,
}

impl Credential {
    /// The secret of `token`, from wherever it was kept.
    pub fn new(token: TokenId, secret: SecretString) -> Result<Credential, CredentialError> {
        ApiToken::new(token, secret).map(Credential::Token)
    }

    /// Whom the server takes for the caller.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match self {
            Credential::Token(token) => Principal::Token(token.id().clone()),
            Credential::Login(login) => Principal::User(login.user().clone()),
        }
    }
}

impl ApiToken {
    /// The secret of `token`, from wherever it was kept.
    pub fn new(token: TokenId, secret: SecretString) -> Result<ApiToken, CredentialError> {
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(CredentialError::NoSecret);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::Character);
        }
        Ok(ApiToken { token, secret })
    }

    /// Whose secret it is.
    #[must_use]
    pub fn id(&self) -> &TokenId {
        &self.token
    }

    /// The value of `Authorization`, marked so that nothing prints it.
    pub(super) fn header(&self) -> HeaderValue {
        let token = self.token.to_string();
        let text = format!(
            "PVEAPIToken={}={}",
            utf8_percent_encode(&token, MEANT_LITERALLY),
            utf8_percent_encode(self.secret.expose_secret(), MEANT_LITERALLY)
        );
        sensitive(&text)
    }
}

/// What a header's value must not hold as it is: the server percent-decodes it and cuts it at `;` (api-facts.md,
/// Authentication), a gateway may divide it at the others.
const MEANT_LITERALLY: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b';').add(b',').add(b'"');

/// A cookie with a ticket, marked so that nothing prints it.
pub(super) fn ticket_cookie(ticket: &SecretString) -> HeaderValue {
    sensitive(&format!("PVEAuthCookie={}", utf8_percent_encode(ticket.expose_secret(), MEANT_LITERALLY)))
}

fn sensitive(encoded: &str) -> HeaderValue {
    // Encoding leaves visible ASCII alone, all of which a header may hold.
    let mut value = HeaderValue::from_str(encoded).expect("visible ASCII");
    value.set_sensitive(true);
    value
}

impl FromStr for Credential {
    type Err = CredentialError;

    /// Reads a token, as [`ApiToken`] does.
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        text.parse().map(Credential::Token)
    }
}

impl FromStr for ApiToken {
    type Err = CredentialError;

    /// Reads `user@realm!name=secret`, also after `PVEAPIToken=`; blanks and line ends around it do not count.
    fn from_str(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        let text = text.strip_prefix("PVEAPIToken=").unwrap_or(text);
        // A user's name may hold `=` itself, a token's may not.
        let (token, secret) = text
            .match_indices('=')
            .find_map(|(at, _)| Some((text[..at].parse::<TokenId>().ok()?, &text[at + 1..])))
            .ok_or(CredentialError::Form)?;
        ApiToken::new(token, SecretString::from(secret))
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiToken").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";

    fn header(credential: &str) -> String {
        credential.parse::<ApiToken>().unwrap().header().to_str().unwrap().to_owned()
    }

    #[test]
    fn goes_out_as_it_is_written() {
        let text = format!("ci@pve!sync={SECRET}");
        for written in [text.clone(), format!("PVEAPIToken={text}"), format!(" {text}\n")] {
            let credential: ApiToken = written.parse().unwrap();
            assert_eq!(credential.id().to_string(), "ci@pve!sync");
            assert_eq!(header(&written), format!("PVEAPIToken={text}"));
        }
    }

    #[test]
    fn what_the_server_would_decode_or_cut_is_encoded() {
        assert_eq!(header("a%41;b@pve!tok=s"), "PVEAPIToken=a%2541%3Bb@pve!tok=s");
        assert_eq!(header("a=b@pve!tok=s=t"), "PVEAPIToken=a=b@pve!tok=s=t");
        assert_eq!(header("ü@pve!tok=s"), "PVEAPIToken=%C3%BC@pve!tok=s");
    }

    #[test]
    fn a_ticket_goes_out_whole() {
        let cookie = ticket_cookie(&SecretString::from("PVE:a%;b@pve:65E1F2A0::ab+/cd=="));
        assert_eq!(cookie.to_str().unwrap(), "PVEAuthCookie=PVE:a%25%3Bb@pve:65E1F2A0::ab+/cd==");
        assert!(!format!("{cookie:?}").contains("65E1F2A0"));
    }

    #[test]
    fn nothing_prints_the_secret() {
        let credential: ApiToken = format!("ci@pve!sync={SECRET}").parse().unwrap();
        let shown = format!("{credential:?} {:?}", credential.header());
        assert!(!shown.contains(SECRET), "{shown}");
    }

    #[test]
    fn errors_do_not_repeat_what_was_written() {
        for (written, error) in [
            ("", CredentialError::Form),
            ("hunter2", CredentialError::Form),
            ("hunter2=x", CredentialError::Form),
            ("ci@pve=hunter2", CredentialError::Form),
            ("ci!sync=hunter2", CredentialError::Form),
            ("ci@pve!sync", CredentialError::Form),
            ("ci@pve!sync=", CredentialError::NoSecret),
            ("ci@pve!sync=hunter2 hunter2", CredentialError::Character),
        ] {
            let found = written.parse::<Credential>().unwrap_err();
            assert_eq!(found, error, "{written}");
            assert!(!format!("{found} {found:?}").contains("hunter2"));
        }
    }
}
