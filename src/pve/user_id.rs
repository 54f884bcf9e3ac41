//! `user@realm`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{NameError, NameKind, check_letter_word};

/// A user, `name@realm`, in the one spelling that the server knows it by (case matters).
///
/// Accepts whatever the server stores (`[^\s:/]+@realm`, 3 to 64; transcript `users`), which is more than can be
/// used without trouble: see [`UserId::oddity`]. The realm need not exist.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId {
    text: String,
    at: usize,
}

/// Why a user id that the server stores cannot be managed by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserIdOddity {
    /// The server divides lists at this character, so such a user can neither join groups nor hold grants.
    Separator(char),
    /// Found again by bytes or by characters depending on what else the file holds.
    NotAscii(char),
    /// A control character.
    Control(char),
}

impl UserId {
    /// The ids that can be managed by their names, but for their length; as a regular expression for the whole text.
    pub const REGEX: &str = "[!-+\\-.0-9<-~]+@[A-Za-z][A-Za-z0-9._-]+";

    const LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

    /// The user that the server itself treats as all-powerful, and that it always brings back.
    #[must_use]
    pub fn root() -> UserId {
        UserId { text: "root@pam".to_owned(), at: 4 }
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@` of the realm.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[..self.at]
    }

    /// The realm's name; no promise that there is such a realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// Whether this is `root@pam`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.text == "root@pam"
    }

    /// What makes this id unmanageable, if anything does (api-facts.md, Objects: names, "Traps").
    #[must_use]
    pub fn oddity(&self) -> Option<UserIdOddity> {
        self.text.chars().find_map(|c| match c {
            ',' | ';' | '\0' => Some(UserIdOddity::Separator(c)),
            _ if !c.is_ascii() => Some(UserIdOddity::NotAscii(c)),
            _ if c.is_ascii_control() => Some(UserIdOddity::Control(c)),
            _ => None,
        })
    }

    fn split(text: &str) -> Result<usize, NameError> {
        const KIND: NameKind = NameKind::User;
        if text.is_empty() {
            return Err(NameError::Empty { kind: KIND });
        }
        if text.len() > *Self::LENGTH.end() {
            return Err(NameError::TooLong { kind: KIND, most: *Self::LENGTH.end(), found: text.len() });
        }
        let at = text.rfind('@').ok_or(NameError::NoRealm { kind: KIND })?;
        let (name, realm) = (&text[..at], &text[at + 1..]);
        if let Some(found) = name.chars().find(|&c| c.is_whitespace() || matches!(c, ':' | '/')) {
            return Err(NameError::Character { kind: KIND, found });
        }
        if name.is_empty() {
            return Err(NameError::TooShort { kind: KIND, least: *Self::LENGTH.start() });
        }
        if realm.is_empty() {
            return Err(NameError::NoRealm { kind: KIND });
        }
        check_letter_word(NameKind::Realm, realm)?;
        Ok(at)
    }
}

impl FromStr for UserId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Ok(UserId { at: UserId::split(text)?, text: text.to_owned() })
    }
}

impl TryFrom<String> for UserId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Ok(UserId { at: UserId::split(&text)?, text })
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> String {
        id.text
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for UserId {}

impl PartialOrd for UserId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UserId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_at_divides() {
        for (text, name, realm) in
            [("api@pam", "api", "pam"), ("a@b@pve", "a@b", "pve"), ("@x@pve", "@x", "pve"), ("a!b@pve", "a!b", "pve")]
        {
            let id: UserId = text.parse().unwrap();
            assert_eq!((id.name(), id.realm(), id.as_str()), (name, realm, text));
        }
    }

    #[test]
    fn what_the_server_refuses_is_refused() {
        let long = format!("{}@pve", "x".repeat(61));
        assert!(matches!(long.parse::<UserId>(), Err(NameError::TooLong { found: 65, most: 64, .. })));
        assert!(format!("{}@pve", "x".repeat(60)).parse::<UserId>().is_ok());
        for bad in ["", "bad", "a b@pve", "a/b@pve", "a:b@pve", "a@p", "@pve", "a@", "a@9x"] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn odd_names_are_known_as_such() {
        let oddity = |text: &str| text.parse::<UserId>().unwrap().oddity();
        assert_eq!(oddity("a,b@pve"), Some(UserIdOddity::Separator(',')));
        assert_eq!(oddity("a;b@pve"), Some(UserIdOddity::Separator(';')));
        assert_eq!(oddity("ü@pve"), Some(UserIdOddity::NotAscii('ü')));
        assert_eq!(oddity("a!b@pve"), None);
    }
}
