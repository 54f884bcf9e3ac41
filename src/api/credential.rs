//! What a client proves with who it is.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::pve::TokenId;

/// An API token with its secret.
#[derive(Clone)]
pub struct Credential {
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
}

impl Credential {
    /// The secret of `token`, from wherever it was kept.
    pub fn new(token: TokenId, secret: SecretString) -> Result<Credential, CredentialError> {
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(CredentialError::NoSecret);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialError::Character);
        }
        Ok(Credential { token, secret })
    }

    /// Whose secret it is.
    #[must_use]
    pub fn token(&self) -> &TokenId {
        &self.token
    }

    /// The value of `Authorization`, marked so that nothing prints it.
    ///
    /// The server percent-decodes it and cuts it at `;` (api-facts.md, Authentication).
    pub(super) fn header(&self) -> HeaderValue {
        const MEANT_LITERALLY: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b';').add(b',').add(b'"');
        let token = self.token.to_string();
        let text = format!(
            "PVEAPIToken={}={}",
            utf8_percent_encode(&token, MEANT_LITERALLY),
            utf8_percent_encode(self.secret.expose_secret(), MEANT_LITERALLY)
        );
        // Encoding leaves visible ASCII alone, all of which a header may hold.
        let mut value = HeaderValue::from_str(&text).expect("visible ASCII");
        value.set_sensitive(true);
        value
    }
}

impl FromStr for Credential {
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
        Credential::new(token, SecretString::from(secret))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("token", &self.token).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "01234567-89ab-cdef-0123-456789abcdef";

    fn header(credential: &str) -> String {
        credential.parse::<Credential>().unwrap().header().to_str().unwrap().to_owned()
    }

    #[test]
    fn goes_out_as_it_is_written() {
        let text = format!("ci@pve!sync={SECRET}");
        for written in [text.clone(), format!("PVEAPIToken={text}"), format!(" {text}\n")] {
            let credential: Credential = written.parse().unwrap();
            assert_eq!(credential.token().to_string(), "ci@pve!sync");
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
    fn nothing_prints_the_secret() {
        let credential: Credential = format!("ci@pve!sync={SECRET}").parse().unwrap();
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
