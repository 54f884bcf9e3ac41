//! `user@realm!name`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{NameError, NameKind, check_letter_word};
use super::user_id::UserId;

/// An API token by its full id, `user@realm!name`; ordered by user, then by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenId {
    user: UserId,
    name: String,
}

impl TokenId {
    /// The ids that can be managed, but for their length; as a regular expression for the whole text.
    pub const REGEX: &str = "[!-+\\-.0-9<-~]+@[A-Za-z][A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]+";

    /// The token called `name` of `user`; `name` is a letter and at least one of `[A-Za-z0-9._-]`.
    pub fn new(user: UserId, name: &str) -> Result<TokenId, NameError> {
        check_letter_word(NameKind::TokenName, name)?;
        Ok(TokenId { user, name: name.to_owned() })
    }

    /// The user that the token belongs to.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The name after the `!`, which is what Proxmox VE's form asks for as "Token ID".
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for TokenId {
    type Err = NameError;

    /// Divides at the last `!`: a user's name may hold one, a token's may not (transcript `users`, `a!b@pve`).
    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty { kind: NameKind::Token });
        }
        let (user, name) = text.rsplit_once('!').ok_or(NameError::NoTokenName)?;
        if name.is_empty() || name.contains('@') {
            return Err(NameError::NoTokenName);
        }
        if !user.contains('@') {
            return Err(NameError::NoRealm { kind: NameKind::Token });
        }
        let user = user.parse().map_err(|error| match error {
            // `u@pve!a!b`: what follows the first `!` was meant for the name.
            NameError::Character { kind: NameKind::Realm, found: '!' } => {
                NameError::Character { kind: NameKind::TokenName, found: '!' }
            }
            error => error,
        })?;
        TokenId::new(user, name)
    }
}

impl TryFrom<String> for TokenId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<TokenId> for String {
    fn from(id: TokenId) -> String {
        id.to_string()
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.user, self.name)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_at_the_last_bang() {
        let id: TokenId = "a!b@pve!tok".parse().unwrap();
        assert_eq!((id.user().as_str(), id.name()), ("a!b@pve", "tok"));
        assert_eq!(id.to_string(), "a!b@pve!tok");
    }

    #[test]
    fn says_which_part_is_missing() {
        assert_eq!("homepage".parse::<TokenId>(), Err(NameError::NoTokenName));
        assert_eq!("api@pam".parse::<TokenId>(), Err(NameError::NoTokenName));
        assert_eq!("api@pam!".parse::<TokenId>(), Err(NameError::NoTokenName));
        assert_eq!("a!b@pve".parse::<TokenId>(), Err(NameError::NoTokenName));
        assert_eq!("api!homepage".parse::<TokenId>(), Err(NameError::NoRealm { kind: NameKind::Token }));
        assert_eq!("u@pve!a".parse::<TokenId>(), Err(NameError::TooShort { kind: NameKind::TokenName, least: 2 }));
        assert_eq!("u@pve!1a".parse::<TokenId>(), Err(NameError::Start { kind: NameKind::TokenName, found: '1' }));
        assert_eq!(
            "u@pve!ab!cd".parse::<TokenId>(),
            Err(NameError::Character { kind: NameKind::TokenName, found: '!' })
        );
    }
}
