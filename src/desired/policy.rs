//! What must hold, as a value.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Span;
use crate::model::{Against, Pattern, PatternError, Patterns, Sense};
use crate::pve::{GroupId, Principal, Privilege};

/// What somebody never or always holds, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What it is called; no other policy is called so.
    pub name: String,
    /// Whom it is about.
    pub who: Who,
    /// What they never hold; may be empty.
    pub never: Patterns,
    /// What they always hold; may be empty.
    pub always: Patterns,
    /// Where.
    pub on: Patterns,
    /// Where the policy itself stands.
    pub written: WrittenAt,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WrittenAt {
    /// The file's path as the user gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for WrittenAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A policy and the places of its parts, each in the order of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// The policy.
    pub policy: Policy,
    /// Its name.
    pub span: Span,
    /// Of each pattern of `who`.
    pub who: Vec<Span>,
    /// Of each pattern of `never`.
    pub never: Vec<Span>,
    /// Of each pattern of `always`.
    pub always: Vec<Span>,
}

/// Users and tokens, as patterns of which the last that matches decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Who(Vec<Whom>);

/// One pattern of [`Who`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whom {
    /// Whether it leaves out whom it matches.
    pub sense: Sense,
    /// Whom it matches.
    pub among: Among,
}

/// What a pattern of [`Who`] is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Among {
    /// The ids of users and tokens.
    Ids(Pattern),
    /// The names of the groups that a user is in: `@NAME`.
    Groups(Pattern),
}

impl Whom {
    /// The pattern that `text` says.
    pub fn new(text: &str) -> Result<Whom, PatternError> {
        let (sense, rest) = match text.strip_prefix('!') {
            Some(rest) => (Sense::Exclude, rest),
            None => (Sense::Include, text),
        };
        // A second `!` would be one of the pattern's own.
        let glob = rest.strip_prefix('@').unwrap_or(rest);
        if glob.starts_with('!') {
            return Err(PatternError {
                text: text.to_owned(),
                reason: "a `!` stands at its beginning alone".to_owned(),
            });
        }
        let pattern = Pattern::new(glob, Against::Names);
        let pattern = pattern.map_err(|error| PatternError { text: text.to_owned(), ..error })?;
        let among = if rest.starts_with('@') { Among::Groups(pattern) } else { Among::Ids(pattern) };
        Ok(Whom { sense, among })
    }

    /// Whether `who`, whose user is in `groups`, is one of those; members of a group are users, not their tokens.
    #[must_use]
    pub fn matches(&self, who: &Principal, groups: &BTreeSet<GroupId>) -> bool {
        match (&self.among, who) {
            (Among::Ids(pattern), _) => pattern.matches(&who.to_string()),
            (Among::Groups(pattern), Principal::User(_)) => groups.iter().any(|group| pattern.matches(group.as_str())),
            (Among::Groups(_), Principal::Token(_)) => false,
        }
    }

    /// Whether it is about the members of groups.
    #[must_use]
    pub fn is_group(&self) -> bool {
        matches!(self.among, Among::Groups(_))
    }

    /// The one user or token that is meant by its full id.
    #[must_use]
    pub fn named(&self) -> Option<Principal> {
        match (&self.among, self.sense) {
            (Among::Ids(pattern), Sense::Include) => pattern.literal()?.parse().ok(),
            (Among::Ids(_) | Among::Groups(_), _) => None,
        }
    }
}

impl fmt::Display for Whom {
    /// As it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.sense == Sense::Exclude { "!" } else { "" };
        match &self.among {
            Among::Ids(pattern) => write!(f, "{not}{}", pattern.as_str()),
            Among::Groups(pattern) => write!(f, "{not}@{}", pattern.as_str()),
        }
    }
}

impl Who {
    /// Those whom `patterns` mean together.
    #[must_use]
    pub fn new(patterns: Vec<Whom>) -> Who {
        Who(patterns)
    }

    /// Each pattern, in the order of writing.
    pub fn iter(&self) -> impl Iterator<Item = &Whom> {
        self.0.iter()
    }

    /// Whether `who`, whose user is in `groups`, is meant.
    #[must_use]
    pub fn selects(&self, who: &Principal, groups: &BTreeSet<GroupId>) -> bool {
        let deciding = self.0.iter().rev().find(|whom| whom.matches(who, groups));
        deciding.is_some_and(|whom| whom.sense == Sense::Include)
    }

    /// Those who are named by their full ids, and not left out by a later pattern of ids.
    pub fn named(&self) -> impl Iterator<Item = Principal> {
        self.0.iter().enumerate().filter_map(|(at, whom)| {
            let named = whom.named()?;
            let none = BTreeSet::new();
            let later = self.0[at + 1..].iter().rev().find(|whom| whom.matches(&named, &none));
            later.is_none_or(|whom| whom.sense == Sense::Include).then_some(named)
        })
    }
}

impl TryFrom<Vec<String>> for Who {
    type Error = PatternError;

    fn try_from(texts: Vec<String>) -> Result<Who, PatternError> {
        texts.iter().map(|text| Whom::new(text)).collect::<Result<_, _>>().map(Who)
    }
}

impl From<Who> for Vec<String> {
    fn from(who: Who) -> Vec<String> {
        who.0.iter().map(ToString::to_string).collect()
    }
}

/// Those of `known` that `patterns` select.
pub fn selected<'k>(patterns: &Patterns, known: &'k BTreeSet<Privilege>) -> impl Iterator<Item = &'k Privilege> {
    known.iter().filter(|privilege| patterns.select(privilege.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(texts: &[&str]) -> Who {
        texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().try_into().unwrap()
    }

    #[test]
    fn the_last_match_wins_among_ids_and_groups() {
        let ops = BTreeSet::from(["ops".parse().unwrap()]);
        let selects = |texts: &[&str], principal: &str| who(texts).selects(&principal.parse().unwrap(), &ops);
        assert!(selects(&["@ops"], "ann@pve") && selects(&["@o*"], "ann@pve"));
        assert!(!selects(&["@ops"], "ann@pve!ci"), "members are users");
        assert!(!selects(&["@ops", "!ann@*"], "ann@pve") && selects(&["*", "!@ops", "ann@pve"], "ann@pve"));
        assert!(selects(&["*", "!@ops"], "ann@pve!ci") && !selects(&["*", "!@ops"], "ann@pve"));
        assert!(!selects(&["api@pam!*"], "api@pam") && selects(&["api@pam!*"], "api@pam!homepage"));
    }

    #[test]
    fn who_is_named_in_full() {
        let named = |texts: &[&str]| who(texts).named().map(|who| who.to_string()).collect::<Vec<_>>();
        assert_eq!(named(&["ann@pve", "@ops", "*@pam", "api@pam!ci"]), ["ann@pve", "api@pam!ci"]);
        assert!(named(&["ann@pve", "!ann@*"]).is_empty());
    }

    #[test]
    fn stored_as_it_is_written() {
        let stored = r#"["*","!@ops","a@pve!ci"]"#;
        let who: Who = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&who).unwrap(), stored);
        for text in ["", "!", "@", "!@", "!!a@pve", "@!a", "[a"] {
            assert!(Whom::new(text).is_err(), "{text}");
        }
    }
}
