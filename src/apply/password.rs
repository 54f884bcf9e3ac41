//! The passwords that a plan sets.
//!
//! They are taken from their places before anything is sent, and live here and nowhere else: no plan holds one.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::secret_source::{self, SourceError};
use crate::api::{ApiError, Method, Obstacle, Request};
use crate::desired::PasswordSource;
use crate::plan::{Aim, Op};
use crate::pve::UserId;

/// How long a program may take to print a password: somebody may have to unlock something.
const LIMIT: Duration = Duration::from_secs(60);

/// How many characters a password has (api-facts.md, Authentication).
const FEWEST: usize = 8;
const MOST: usize = 64;

/// A password that cannot be set, and why.
#[derive(Debug, thiserror::Error)]
#[error("the password of `{user}` cannot be set from {}", Place(source))]
pub struct PasswordError {
    /// Whose.
    pub user: UserId,
    /// Where it should come from.
    pub source: PasswordSource,
    /// Why not.
    #[source]
    pub fault: PasswordFault,
}

/// Why a password cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFault {
    /// There is none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Proxmox VE refuses one of this length.
    #[error("it has {characters} characters; Proxmox VE takes {FEWEST} to {MOST}")]
    Length {
        /// How many it has.
        characters: usize,
    },
    /// Nobody could type it.
    #[error("it holds a line end, a tab or another control character, which nobody can type when logging in")]
    Control,
}

impl PasswordError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match &self.fault {
            PasswordFault::Source(error) => error.help(),
            PasswordFault::Length { .. } => "choose another one",
            PasswordFault::Control => "of a file and of what a program prints, one line end is cut off, no more",
        }
    }
}

/// A source in a few words.
struct Place<'a>(&'a PasswordSource);

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            PasswordSource::Env(name) => write!(f, "the variable {name}"),
            PasswordSource::File(path) => write!(f, "`{}`", path.display()),
            PasswordSource::Command(words) => {
                write!(f, "the program `{}`", words.first().map(String::as_str).unwrap_or_default())
            }
        }
    }
}

/// Passwords by whom they are of. There is no way to show one.
#[derive(Default)]
pub struct Passwords(BTreeMap<UserId, SecretString>);

impl Passwords {
    /// None at all, for plans that set none.
    #[must_use]
    pub fn none() -> Passwords {
        Passwords::default()
    }

    /// Takes each from its source; programs run one after the other.
    ///
    /// # Errors
    /// The first that is not there, or that Proxmox VE would refuse.
    pub async fn read(sources: &BTreeMap<UserId, PasswordSource>) -> Result<Passwords, PasswordError> {
        let mut passwords = BTreeMap::new();
        for (user, source) in sources {
            let error = |fault| PasswordError { user: user.clone(), source: source.clone(), fault };
            let password = secret_source::read(source, LIMIT).await.map_err(|fault| error(fault.into()))?;
            check(&password).map_err(error)?;
            passwords.insert(user.clone(), password);
        }
        Ok(Passwords(passwords))
    }

    /// What is wrong with `sources`, as far as that can be told without a look at a password.
    #[must_use]
    pub fn missing(sources: &BTreeMap<UserId, PasswordSource>) -> Vec<PasswordError> {
        let missing = |(user, source): (&UserId, &PasswordSource)| {
            let fault = secret_source::check(source).err()?.into();
            Some(PasswordError { user: user.clone(), source: source.clone(), fault })
        };
        sources.iter().filter_map(missing).collect()
    }

    /// The password that `op` needs, if `aim` says that it sets one.
    ///
    /// # Errors
    /// If it does and there is none: then nothing may be sent.
    pub(super) fn of(&self, op: &Op, aim: &Aim) -> Result<Option<&SecretString>, ApiError> {
        let (Op::CreateUser { user, account: _ } | Op::SetPassword { user }) = op else { return Ok(None) };
        match self.0.get(user) {
            None if aim.passwords.contains_key(user) => Err(unknown(op)),
            password => Ok(password),
        }
    }
}

/// That `op` was not sent, because it needs a password that nobody has read.
pub(super) fn unknown(op: &Op) -> ApiError {
    let (method, path) = match op {
        Op::CreateUser { .. } => (Method::Post, "/access/users"),
        _ => (Method::Put, "/access/password"),
    };
    let obstacle = Obstacle::Unsendable { reason: "its password is not known".to_owned() };
    ApiError::NotSent { request: Request { method, path: path.to_owned() }, obstacle }
}

fn check(password: &SecretString) -> Result<(), PasswordFault> {
    let text = password.expose_secret();
    let characters = text.chars().count();
    if text.chars().any(char::is_control) {
        Err(PasswordFault::Control)
    } else if (FEWEST..=MOST).contains(&characters) {
        Ok(())
    } else {
        Err(PasswordFault::Length { characters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), PasswordFault> {
        check(&SecretString::from(text))
    }

    #[test]
    fn characters_count_and_bytes_do_not() {
        for good in ["password".to_owned(), "p ssw rd".to_owned(), "ü".repeat(8), "ü".repeat(64), "x".repeat(64)] {
            assert!(checked(&good).is_ok(), "{good}");
        }
        for bad in ["passwor".to_owned(), "ü".repeat(7), "x".repeat(65)] {
            assert!(matches!(checked(&bad), Err(PasswordFault::Length { .. })), "{bad}");
        }
        for bad in ["pass\nword", "password\t", "pass\0word"] {
            assert!(matches!(checked(bad), Err(PasswordFault::Control)), "{bad:?}");
        }
    }
}
