//! Names that are one word: groups, roles, realms, pools, storages, guests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a piece of text was meant to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// `user@realm`
    User,
    /// `user@realm!name`
    Token,
    /// What follows the `!` of a token id.
    TokenName,
    /// A group.
    Group,
    /// A role.
    Role,
    /// A realm, also called an authentication domain.
    Realm,
    /// A pool, `a`, `a/b` or `a/b/c`.
    Pool,
    /// A storage.
    Storage,
    /// The number of a guest.
    Vm,
    /// A privilege such as `VM.Audit`.
    Privilege,
}

impl fmt::Display for NameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameKind::User => "user id",
            NameKind::Token => "token id",
            NameKind::TokenName => "token name",
            NameKind::Group => "group name",
            NameKind::Role => "role name",
            NameKind::Realm => "realm name",
            NameKind::Pool => "pool name",
            NameKind::Storage => "storage name",
            NameKind::Vm => "guest id",
            NameKind::Privilege => "privilege",
        })
    }
}

/// Why a text is no name of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was written.
    #[error("a {kind} cannot be empty")]
    Empty {
        /// What was to be named.
        kind: NameKind,
    },
    /// A character that the server refuses in such a name.
    #[error("a {kind} cannot contain {}", Shown(*found))]
    Character {
        /// What was to be named.
        kind: NameKind,
        /// The first offending character.
        found: char,
    },
    /// The first character is one that the server allows further on only.
    #[error("a {kind} starts with a letter, not with {}", Shown(*found))]
    Start {
        /// What was to be named.
        kind: NameKind,
        /// The first character.
        found: char,
    },
    /// The last character is one that the server allows further in only.
    #[error("a {kind} ends with a letter or digit, not with {found:?}")]
    End {
        /// What was to be named.
        kind: NameKind,
        /// The last character.
        found: char,
    },
    /// Shorter than the server allows.
    #[error("a {kind} has at least {least} characters")]
    TooShort {
        /// What was to be named.
        kind: NameKind,
        /// The shortest length allowed.
        least: usize,
    },
    /// Longer than the server allows.
    #[error("a {kind} has at most {most} bytes, this one has {found}")]
    TooLong {
        /// What was to be named.
        kind: NameKind,
        /// The greatest length allowed, in bytes.
        most: usize,
        /// The length found, in bytes.
        found: usize,
    },
    /// A user or token id without `@realm`.
    #[error("a {kind} names its realm after an @")]
    NoRealm {
        /// What was to be named.
        kind: NameKind,
    },
    /// A token id without `!name`.
    #[error("a token id is the user's id, a ! and the token's name")]
    NoTokenName,
    /// More levels than the server allows in a pool's name.
    #[error("a pool name has at most {most} levels")]
    TooDeep {
        /// The greatest number of levels.
        most: usize,
    },
    /// Not a whole number of at least 100.
    #[error("a guest id is a whole number from 100 to 999999999")]
    NotAVmId,
}

/// A character as a message shows it: by its number too, if it is not one that everybody sees and knows.
pub(super) struct Shown(pub char);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ' ' => f.write_str("a blank"),
            c if c.is_ascii_graphic() => write!(f, "`{c}`"),
            c if c.is_alphanumeric() => write!(f, "`{c}` (U+{:04X})", u32::from(c)),
            c => write!(f, "U+{:04X}", u32::from(c)),
        }
    }
}

/// Whether the server allows `c` in the names of groups, roles, storages and tokens.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

fn check_word(kind: NameKind, text: &str) -> Result<(), NameError> {
    match text.chars().find(|&c| !is_name_char(c)) {
        Some(found) => Err(NameError::Character { kind, found }),
        None if text.is_empty() => Err(NameError::Empty { kind }),
        None => Ok(()),
    }
}

/// The rule shared by realms, storages and token names: a letter first, two characters at least.
pub(super) fn check_letter_word(kind: NameKind, text: &str) -> Result<(), NameError> {
    check_word(kind, text)?;
    let first = text.chars().next().unwrap_or_default();
    if !first.is_ascii_alphabetic() {
        return Err(NameError::Start { kind, found: first });
    }
    if text.len() < 2 {
        return Err(NameError::TooShort { kind, least: 2 });
    }
    Ok(())
}

fn check_pool(text: &str) -> Result<(), NameError> {
    if text.split('/').count() > PoolId::LEVELS {
        return Err(NameError::TooDeep { most: PoolId::LEVELS });
    }
    text.split('/').try_for_each(|level| check_word(NameKind::Pool, level))
}

fn check_storage(text: &str) -> Result<(), NameError> {
    const KIND: NameKind = NameKind::Storage;
    check_letter_word(KIND, text)?;
    match text.chars().next_back().filter(|last| !last.is_ascii_alphanumeric()) {
        Some(found) => Err(NameError::End { kind: KIND, found }),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                ($check)(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                ($check)(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(super) use text_id;

text_id! {
    /// A group: `[A-Za-z0-9._-]+`, no limit of length (api-facts.md, Objects: names).
    GroupId, |text| check_word(NameKind::Group, text)
}
text_id! {
    /// A role, spelt like a group; whether it may be created is [`RoleId::is_reserved`]'s question.
    RoleId, |text| check_word(NameKind::Role, text)
}
text_id! {
    /// A realm: a letter, then at least one of `[A-Za-z0-9._-]`.
    RealmId, |text| check_letter_word(NameKind::Realm, text)
}
text_id! {
    /// A pool, up to three levels divided by `/`.
    PoolId, check_pool
}
text_id! {
    /// A storage that a pool holds: a letter, then `[A-Za-z0-9._-]*`, then a letter or digit (user-cfg case 0006, `1x`).
    StorageId, check_storage
}

impl PoolId {
    /// How many levels a pool's name has at most.
    pub const LEVELS: usize = 3;
}

impl RoleId {
    /// Whether the server keeps names like this one to itself: `PVE` in any case, since 8.0
    /// (transcript `roles`, `cannot use role ID starting with the (case-insensitive) 'PVE' namespace`).
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        self.0.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("PVE"))
    }
}

/// The number of a guest, 100 at least, but for [`VmId::stored`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct VmId(u32);

impl VmId {
    /// A number as a file holds it: one below 100 is no guest's, but it stays in its pool (user-cfg case-0003).
    #[must_use]
    pub const fn stored(number: u32) -> VmId {
        VmId(number)
    }
}

impl TryFrom<u32> for VmId {
    type Error = NameError;

    fn try_from(number: u32) -> Result<Self, NameError> {
        (100..=999_999_999).contains(&number).then_some(Self(number)).ok_or(NameError::NotAVmId)
    }
}

impl From<VmId> for u32 {
    fn from(id: VmId) -> u32 {
        id.0
    }
}

impl FromStr for VmId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.starts_with(['0', '+']) {
            return Err(NameError::NotAVmId);
        }
        text.parse::<u32>().map_err(|_| NameError::NotAVmId)?.try_into()
    }
}

impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_words() {
        for good in ["ops", "a", ".", "-", "a.b_c-d", "0"] {
            assert_eq!(good.parse::<GroupId>().unwrap().as_str(), good);
        }
        assert_eq!("".parse::<GroupId>(), Err(NameError::Empty { kind: NameKind::Group }));
        for (bad, found) in [("a b", ' '), ("ü", 'ü'), ("a/b", '/'), ("@ops", '@')] {
            assert_eq!(bad.parse::<GroupId>(), Err(NameError::Character { kind: NameKind::Group, found }));
        }
    }

    #[test]
    fn role_names_under_pve_are_reserved() {
        for reserved in ["PVEfoo", "pvefoo", "PVEAuditor"] {
            assert!(reserved.parse::<RoleId>().unwrap().is_reserved());
        }
        for free in ["noaccess", "PV", "MyPVE"] {
            assert!(!free.parse::<RoleId>().unwrap().is_reserved());
        }
    }

    #[test]
    fn pools_nest_three_levels() {
        assert!("a/b/c".parse::<PoolId>().is_ok());
        assert_eq!("a/b/c/d".parse::<PoolId>(), Err(NameError::TooDeep { most: 3 }));
        assert_eq!("a//c".parse::<PoolId>(), Err(NameError::Empty { kind: NameKind::Pool }));
    }

    #[test]
    fn storages_begin_with_a_letter_and_do_not_end_with_a_sign() {
        for good in ["local-lvm", "a1", "A_.b"] {
            assert_eq!(good.parse::<StorageId>().unwrap().as_str(), good);
        }
        for bad in ["", "a", "1x", "nfs-", "a b", "ü1"] {
            assert!(bad.parse::<StorageId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn guests_count_from_100() {
        assert_eq!("100".parse::<VmId>().unwrap().to_string(), "100");
        for bad in ["99", "0100", "x", "", "-1", "+100", "1000000000"] {
            assert_eq!(bad.parse::<VmId>(), Err(NameError::NotAVmId), "{bad}");
        }
    }
}
