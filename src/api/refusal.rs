//! Why nobody could be logged in, and what to do about it.

use super::error::ApiError;
use super::login::ProofKind;
use super::second_factor::{Challenge, CodeKind};
use crate::pve::UserId;

/// Why there is no ticket. Whatever it was to be shown with has not been sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The server says no, and never why.
    #[error("the server does not let `{user}` in")]
    Refused {
        /// Who.
        user: UserId,
        /// What was shown.
        proof: ProofKind,
    },
    /// It asks for a second factor, and there is no code for it.
    #[error("the server asks for the second factor of `{}`, {challenge}, and there is no code for it", challenge.user)]
    NoCode {
        /// What it asks for.
        challenge: Challenge,
    },
    /// It asks for a second factor that cannot be typed.
    #[error("the second factor of `{}` is a security key (WebAuthn), which only a browser can ask", challenge.user)]
    NoWay {
        /// What it asks for.
        challenge: Challenge,
    },
    /// It asks for another kind of second factor.
    #[error("the second factor of `{}` is {challenge}, and {given} was given", challenge.user)]
    OtherKind {
        /// What it asks for.
        challenge: Challenge,
        /// What was given.
        given: CodeKind,
    },
    /// It does not accept the code.
    #[error("the server does not accept {given} that was given for `{user}`")]
    CodeRefused {
        /// Who.
        user: UserId,
        /// What was given.
        given: CodeKind,
    },
    /// It asks for the second factor as releases before 8 did.
    #[error("the server asks for the second factor of `{user}` in the form of releases before 8")]
    OldForm {
        /// Who.
        user: UserId,
    },
    /// It knows the user by another name: upper case and lower case are one in its realm.
    #[error("the server knows `{asked}` as `{known}`")]
    OtherName {
        /// The name that was given.
        asked: UserId,
        /// The name that it answers.
        known: String,
    },
    /// No answer came that says anything about it.
    #[error("the login failed: {0}")]
    Failed(Box<ApiError>),
}

impl LoginError {
    /// Whether trying again with the same credential brings the same.
    pub(super) fn is_final(&self) -> bool {
        match self {
            LoginError::Refused { .. }
            | LoginError::NoCode { .. }
            | LoginError::NoWay { .. }
            | LoginError::OtherKind { .. }
            | LoginError::CodeRefused { .. }
            | LoginError::OldForm { .. }
            | LoginError::OtherName { .. } => true,
            LoginError::Failed(_) => false,
        }
    }

    /// Remedies, the likeliest first.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        const TOKEN: &str = "an API token needs no second factor: set PROXMOX_VE_API_TOKEN, or give --token-file";
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        match self {
            LoginError::Refused { user, proof: ProofKind::Password } => vec![
                "perhaps the password is wrong".to_owned(),
                format!("perhaps there is no such user, or its realm is another than `{}`", user.realm()),
                "perhaps the user is disabled or has expired".to_owned(),
                "on the node, `journalctl -u pvedaemon` says which".to_owned(),
            ],
            LoginError::Refused { user: _, proof: ProofKind::Ticket } => lines(&[
                "a ticket lives for two hours: log in for a new one",
                "perhaps the user is disabled or has expired",
            ]),
            LoginError::NoCode { .. } => lines(&[
                "set PROXMOX_VE_OTP to a code, or run it on a terminal, where it is asked for; a code can be used once",
                TOKEN,
            ]),
            LoginError::NoWay { .. } | LoginError::OldForm { .. } => lines(&[TOKEN]),
            LoginError::OtherKind { .. } => lines(&["give that one in PROXMOX_VE_OTP", TOKEN]),
            LoginError::CodeRefused { user, given: CodeKind::Totp } => vec![
                "a code is good for 30 seconds and once: try the next one".to_owned(),
                "the clocks of the node and of what shows the codes must agree".to_owned(),
                format!("too many wrong codes lock the second factor: `pveum user tfa unlock {user}`"),
            ],
            LoginError::CodeRefused { user: _, given: CodeKind::Recovery } => {
                lines(&["each recovery key can be used once: try the next one"])
            }
            LoginError::CodeRefused { user: _, given: CodeKind::Yubico } => {
                lines(&["each one-time password can be used once: touch the key again"])
            }
            LoginError::OtherName { asked: _, known } => {
                vec![format!("give the user name as the server has it: {known}")]
            }
            LoginError::Failed(error) => error.help(),
        }
    }
}
