//! The second factor that the server may ask for, and the codes that answer it.
//!
//! Both are as pve-access-control (`authenticate_2nd_new`) and proxmox-tfa (`TfaChallenge`, `TfaResponse`) have them. Does
//! not know where a code comes from.

use std::fmt::{self, Display};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::pve::UserId;

/// Who knows the codes of a second factor.
pub trait Codes: Send + Sync {
    /// A code that answers `challenge`, after `refused` others were not accepted; none if there is none any more. It may
    /// wait for a person.
    fn code(&self, challenge: &Challenge, refused: usize) -> Option<Code>;
}

/// Nobody knows any.
pub(super) struct NoCodes;

impl Codes for NoCodes {
    fn code(&self, _: &Challenge, _: usize) -> Option<Code> {
        None
    }
}

/// What the server asks of a user whose password it has accepted: any one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Who.
    pub user: UserId,
    /// A code of an authenticator app.
    pub totp: bool,
    /// A recovery key; how many are left.
    pub recovery: usize,
    /// A one-time password of a YubiKey.
    pub yubico: bool,
    /// A security key that answers a browser (WebAuthn, U2F).
    pub security_key: bool,
}

/// As proxmox-tfa writes it.
#[derive(Deserialize)]
struct RawChallenge {
    #[serde(default)]
    totp: bool,
    #[serde(default)]
    recovery: Option<Vec<Value>>,
    #[serde(default)]
    yubico: bool,
    #[serde(default)]
    webauthn: Option<Value>,
    #[serde(default)]
    u2f: Option<Value>,
}

impl Challenge {
    /// Takes it out of the ticket that the server answers in place of one that is good for anything:
    /// `PVE:!tfa!` with JSON, percent-encoded, up to the next `:`. None for a ticket of another form.
    pub(super) fn of_ticket(user: &UserId, ticket: &SecretString) -> Option<Challenge> {
        let text = ticket.expose_secret().strip_prefix("PVE:!tfa!")?;
        let (encoded, _) = text.split_once(':')?;
        let json = percent_decode_str(encoded).decode_utf8().ok()?;
        let RawChallenge { totp, recovery, yubico, webauthn, u2f } = serde_json::from_str(&json).ok()?;
        Some(Challenge {
            user: user.clone(),
            totp,
            recovery: recovery.map_or(0, |keys| keys.len()),
            yubico,
            security_key: webauthn.is_some() || u2f.is_some(),
        })
    }

    /// Whether any of it is something that can be typed.
    #[must_use]
    pub fn takes_codes(&self) -> bool {
        self.totp || self.recovery > 0 || self.yubico
    }

    /// Whether a code of this kind answers it.
    #[must_use]
    pub fn takes(&self, kind: CodeKind) -> bool {
        match kind {
            CodeKind::Totp => self.totp,
            CodeKind::Recovery => self.recovery > 0,
            CodeKind::Yubico => self.yubico,
        }
    }
}

impl Display for Challenge {
    /// What answers it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [CodeKind::Totp, CodeKind::Yubico, CodeKind::Recovery].into_iter().filter(|kind| self.takes(*kind));
        let mut ways: Vec<String> = kinds.map(|kind| kind.to_string()).collect();
        if self.security_key {
            ways.push("a security key (WebAuthn)".to_owned());
        }
        f.write_str(&ways.join(" or "))
    }
}

/// What a code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// An authenticator app.
    Totp,
    /// The list of recovery keys.
    Recovery,
    /// A YubiKey.
    Yubico,
}

impl CodeKind {
    /// What stands before the code on the wire.
    fn prefix(self) -> &'static str {
        match self {
            CodeKind::Totp => "totp:",
            CodeKind::Recovery => "recovery:",
            CodeKind::Yubico => "yubico:",
        }
    }
}

impl Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CodeKind::Totp => "a code of an authenticator app",
            CodeKind::Recovery => "a recovery key",
            CodeKind::Yubico => "a one-time password of a YubiKey",
        })
    }
}

/// A code that somebody read off or typed.
#[derive(Clone)]
pub struct Code {
    kind: CodeKind,
    value: SecretString,
}

/// Why a text is no code; never what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is neither six to eight digits, nor a recovery key, nor what a YubiKey types")]
pub struct CodeError;

impl Code {
    /// What it comes from.
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        self.kind
    }

    /// As the server takes it in a password's place.
    pub(super) fn response(&self) -> SecretString {
        SecretString::from(format!("{}{}", self.kind.prefix(), self.value.expose_secret()))
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// Reads a code as it is shown, also after its kind: `123456`, `123 456`, `totp:123456`,
    /// `recovery:0123-4567-89ab-cdef`.
    fn from_str(text: &str) -> Result<Code, CodeError> {
        let text = text.trim();
        let kinds = [CodeKind::Totp, CodeKind::Recovery, CodeKind::Yubico];
        let (named, rest) = kinds
            .into_iter()
            .find_map(|kind| Some((Some(kind), text.strip_prefix(kind.prefix())?)))
            .unwrap_or((None, text));
        let value: String = rest.chars().filter(|c| *c != ' ').collect();
        let kind = kind_of(&value).filter(|kind| named.is_none_or(|named| named == *kind)).ok_or(CodeError)?;
        Ok(Code { kind, value: SecretString::from(value) })
    }
}

/// What a code must come from, as they look different: digits; four groups of four hexadecimal digits; 44 of the letters
/// that a YubiKey types.
fn kind_of(value: &str) -> Option<CodeKind> {
    let groups: Vec<&str> = value.split('-').collect();
    let is_hex = |group: &&str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    if (6..=8).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(CodeKind::Totp)
    } else if groups.len() == 4 && groups.iter().all(is_hex) {
        Some(CodeKind::Recovery)
    } else if value.len() == 44 && value.bytes().all(|byte| b"cbdefghijklnrtuv".contains(&byte)) {
        Some(CodeKind::Yubico)
    } else {
        None
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> UserId {
        "ann@pve".parse().unwrap()
    }

    #[test]
    fn a_challenge_is_read_out_of_its_ticket() {
        let read = |json: &str| {
            let encoded = percent_encoding::utf8_percent_encode(json, percent_encoding::NON_ALPHANUMERIC);
            Challenge::of_ticket(&ann(), &SecretString::from(format!("PVE:!tfa!{encoded}:65E1F2A0::c2ln")))
        };
        let challenge = read(r#"{"totp":true,"recovery":[0,2,9],"webauthn":{"publicKey":{}}}"#).unwrap();
        assert_eq!((challenge.totp, challenge.recovery, challenge.yubico), (true, 3, false));
        assert_eq!(
            challenge.to_string(),
            "a code of an authenticator app or a recovery key or a security key (WebAuthn)"
        );
        let challenge = read(r#"{"webauthn":{"publicKey":{}},"later":7}"#).unwrap();
        assert!(!challenge.takes_codes() && challenge.security_key);
        assert_eq!(read("nonsense"), None);
        // Releases before 8 asked in another form.
        assert_eq!(Challenge::of_ticket(&ann(), &SecretString::from("PVE:tfa!ann@pve:65E1F2A0::c2ln")), None);
    }

    #[test]
    fn codes_are_known_by_their_looks() {
        for (text, response) in [
            ("123456", "totp:123456"),
            (" 123 456\n", "totp:123456"),
            ("totp:12345678", "totp:12345678"),
            ("0123-4567-89ab-cdef", "recovery:0123-4567-89ab-cdef"),
            ("recovery:0123-4567-89ab-cdef", "recovery:0123-4567-89ab-cdef"),
            ("cccccclkjhgfdebrgrtvncbdefghijklnrtuvcbdefghi", ""),
            ("cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj", "yubico:cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj"),
            ("12345", ""),
            ("123456789", ""),
            ("recovery:123456", ""),
            ("", ""),
        ] {
            let code = text.parse::<Code>();
            let found = code.as_ref().map(|code| code.response().expose_secret().to_owned()).unwrap_or_default();
            assert_eq!(found, response, "{text}");
            assert!(!format!("{code:?}").contains("123456"));
        }
    }
}
