//! Whom a grant names, and who can act.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{GroupId, NameError, NameKind};
use super::token_id::TokenId;
use super::user_id::UserId;

/// Whom a grant names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// One user.
    User(UserId),
    /// Every member of a group.
    Group(GroupId),
    /// One API token.
    Token(TokenId),
}

impl fmt::Display for Subject {
    /// As Proxmox VE writes it: a group with an `@` before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::User(user) => user.fmt(f),
            Subject::Group(group) => write!(f, "@{group}"),
            Subject::Token(token) => token.fmt(f),
        }
    }
}

/// Who can act: a group cannot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Principal {
    /// A user, by password and ticket.
    User(UserId),
    /// An API token, an identity of its own: it is not "self" for its user.
    Token(TokenId),
}

impl Principal {
    /// The user that acts, or that the acting token belongs to.
    #[must_use]
    pub fn user(&self) -> &UserId {
        match self {
            Principal::User(user) => user,
            Principal::Token(token) => token.user(),
        }
    }
}

impl FromStr for Principal {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.parse::<TokenId>() {
            Ok(token) => Ok(Principal::Token(token)),
            Err(NameError::NoTokenName | NameError::NoRealm { kind: NameKind::Token }) => {
                text.parse().map(Principal::User)
            }
            Err(other) => text.parse().map(Principal::User).map_err(|_| other),
        }
    }
}

impl TryFrom<String> for Principal {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> String {
        principal.to_string()
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::User(user) => user.fmt(f),
            Principal::Token(token) => token.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bang_in_the_users_name_makes_no_token() {
        assert!(matches!("a!b@pve".parse(), Ok(Principal::User(_))));
        assert!(matches!("a!b@pve!tok".parse(), Ok(Principal::Token(_))));
        assert!(matches!("api@pam".parse(), Ok(Principal::User(_))));
        assert!("homepage".parse::<Principal>().is_err());
    }
}
