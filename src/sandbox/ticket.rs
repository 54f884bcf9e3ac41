//! Tickets and CSRF tokens: who logged in when, signed with the folder's key.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::pve::UserId;

/// How long a ticket lives (api-facts.md, Authentication), in seconds.
const LIFETIME: u64 = 2 * 60 * 60;

/// How far in the future a ticket may have been made, in seconds: clocks differ.
const SKEW: u64 = 300;

/// Where a ticket names the user, one of half a login says this.
const HALF: &str = "!tfa!";

/// What signs and verifies; every process with the same folder has the same.
pub(super) struct Signer(hmac::Key);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    pub(super) fn new(key: &SecretString) -> Signer {
        Signer(hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes()))
    }

    /// `PVE:user@realm:TIME::signature`
    pub(super) fn ticket(&self, user: &UserId, now: u64) -> SecretString {
        let claim = format!("PVE:{user}:{now:08X}");
        SecretString::from(format!("{claim}::{}", self.sign(&claim)))
    }

    /// Whose ticket it is, if it is a ticket at all and still valid.
    pub(super) fn verify_ticket(&self, ticket: &SecretString, now: u64) -> Option<UserId> {
        let (claim, signature) = ticket.expose_secret().rsplit_once("::")?;
        self.verify(claim, signature)?;
        let (user, time) = claim.strip_prefix("PVE:")?.rsplit_once(':')?;
        is_current(time, now)?;
        user.parse().ok()
    }

    /// `PVE:!tfa!CHALLENGE:TIME::signature`, which proves that `user` gave the password and nothing more: the signature is
    /// over the user, too (pve-access-control, `create_ticket_do`).
    pub(super) fn half_ticket(&self, user: &UserId, challenge: &str, now: u64) -> SecretString {
        let challenge = utf8_percent_encode(challenge, NON_ALPHANUMERIC);
        let claim = format!("PVE:{HALF}{challenge}:{now:08X}");
        SecretString::from(format!("{claim}::{}", self.sign(&half_claim(&claim, user))))
    }

    /// Whether `ticket` says that `user` gave the password.
    pub(super) fn verify_half_ticket(&self, ticket: &str, user: &UserId, now: u64) -> bool {
        let verify = || {
            let (claim, signature) = ticket.rsplit_once("::")?;
            self.verify(&half_claim(claim, user), signature)?;
            let (_, time) = claim.strip_prefix("PVE:")?.strip_prefix(HALF)?.rsplit_once(':')?;
            is_current(time, now)
        };
        verify().is_some()
    }

    /// `TIME:signature`, good for every write of `user`.
    pub(super) fn csrf_token(&self, user: &UserId, now: u64) -> SecretString {
        let time = format!("{now:08X}");
        let signature = self.sign(&csrf_claim(&time, user));
        SecretString::from(format!("{time}:{signature}"))
    }

    /// Whether `token` was made for `user` and is still valid.
    pub(super) fn verify_csrf_token(&self, token: &str, user: &UserId, now: u64) -> bool {
        let verify = || {
            let (time, signature) = token.split_once(':')?;
            self.verify(&csrf_claim(time, user), signature)?;
            is_current(time, now)
        };
        verify().is_some()
    }

    fn sign(&self, claim: &str) -> String {
        hex(hmac::sign(&self.0, claim.as_bytes()).as_ref())
    }

    fn verify(&self, claim: &str, signature: &str) -> Option<()> {
        hmac::verify(&self.0, claim.as_bytes(), &unhex(signature)?).ok()
    }
}

fn half_claim(claim: &str, user: &UserId) -> String {
    format!("{claim}:{user}")
}

fn csrf_claim(time: &str, user: &UserId) -> String {
    format!("csrf:{time}:{user}")
}

fn is_current(time: &str, now: u64) -> Option<()> {
    let made = u64::from_str_radix(time, 16).ok()?;
    (made <= now.saturating_add(SKEW) && now <= made.saturating_add(LIFETIME)).then_some(())
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let pairs = digits.chunks_exact(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if digits.len().is_multiple_of(2) { pairs.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(key: &str) -> Signer {
        Signer::new(&SecretString::from(key))
    }

    #[test]
    fn a_ticket_says_who_and_ends_after_two_hours() {
        let ann: UserId = "ann@pve".parse().unwrap();
        let ticket = signer("k").ticket(&ann, 10_000);
        assert!(ticket.expose_secret().starts_with("PVE:ann@pve:00002710::"));
        assert_eq!(signer("k").verify_ticket(&ticket, 10_000 + 7200), Some(ann.clone()));
        assert_eq!(signer("k").verify_ticket(&ticket, 10_000 + 7201), None);
        assert_eq!(signer("other").verify_ticket(&ticket, 10_000), None);
        let forged = SecretString::from(ticket.expose_secret().replace("ann@", "bob@"));
        assert_eq!(signer("k").verify_ticket(&forged, 10_000), None);
    }

    #[test]
    fn half_a_login_is_no_ticket() {
        let (ann, bob): (UserId, UserId) = ("ann@pve".parse().unwrap(), "bob@pve".parse().unwrap());
        let half = signer("k").half_ticket(&ann, r#"{"totp":true}"#, 10_000);
        assert!(half.expose_secret().starts_with("PVE:!tfa!%7B%22totp%22%3Atrue%7D:00002710::"));
        assert_eq!(signer("k").verify_ticket(&half, 10_000), None);
        assert!(signer("k").verify_half_ticket(half.expose_secret(), &ann, 10_000));
        assert!(!signer("k").verify_half_ticket(half.expose_secret(), &bob, 10_000));
        assert!(!signer("other").verify_half_ticket(half.expose_secret(), &ann, 10_000));
        let whole = signer("k").ticket(&ann, 10_000);
        assert!(!signer("k").verify_half_ticket(whole.expose_secret(), &ann, 10_000));
    }

    #[test]
    fn a_csrf_token_belongs_to_one_user() {
        let (ann, bob): (UserId, UserId) = ("ann@pve".parse().unwrap(), "bob@pve".parse().unwrap());
        let token = signer("k").csrf_token(&ann, 10_000);
        assert!(signer("k").verify_csrf_token(token.expose_secret(), &ann, 10_001));
        assert!(!signer("k").verify_csrf_token(token.expose_secret(), &bob, 10_001));
        assert!(!signer("k").verify_csrf_token("", &ann, 10_001));
        assert!(!signer("k").verify_csrf_token("0:é", &ann, 10_001));
    }
}
