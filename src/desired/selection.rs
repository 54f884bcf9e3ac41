//! Which part of a state is meant.

use std::collections::BTreeMap;
use std::fmt;

use crate::diagnostic::nearest;
use crate::model::{AccessState, Against, Origin, Pattern, PatternError, Patterns};

/// The kinds of things that a file declares, in the order of its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Roles, by name.
    Roles,
    /// Groups, by name.
    Groups,
    /// Users, by id; a membership belongs to its user.
    Users,
    /// Tokens, by their full ids.
    Tokens,
    /// Grants, by path.
    Acl,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Roles, Kind::Groups, Kind::Users, Kind::Tokens, Kind::Acl];

    /// The section's key in a file.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Kind::Roles => "roles",
            Kind::Groups => "groups",
            Kind::Users => "users",
            Kind::Tokens => "tokens",
            Kind::Acl => "acl",
        }
    }

    /// What patterns for this kind are held against.
    #[must_use]
    pub const fn against(self) -> Against {
        match self {
            Kind::Roles | Kind::Groups | Kind::Users | Kind::Tokens => Against::Names,
            Kind::Acl => Against::Paths,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Kinds, and of each the names that are meant.
#[derive(Clone, Debug)]
pub struct Selection(BTreeMap<Kind, Chosen>);

#[derive(Clone, Debug)]
enum Chosen {
    All,
    Matching(Patterns),
}

/// Why a text selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// The kind is none that a file declares.
    #[error("there is no kind `{kind}`")]
    Kind {
        /// What was written.
        kind: String,
    },
    /// The kind is part of a cluster and of no file.
    #[error("`{kind}` cannot be selected: files do not manage them")]
    Unmanaged {
        /// The kind.
        kind: String,
    },
    /// The pattern is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl SelectionError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        const KINDS: &str = "the kinds are roles, groups, users, tokens and acl";
        match self {
            SelectionError::Kind { kind } => match kind_near(kind) {
                Some(near) => format!("did you mean `{near}`?"),
                None if kind.contains(['*', '@', '/', '?', '!']) => {
                    format!("every pattern says its kind: `users={kind}`; {KINDS}")
                }
                None => KINDS.to_owned(),
            },
            SelectionError::Unmanaged { .. } => KINDS.to_owned(),
            SelectionError::Pattern(_) => {
                "a pattern is a name or path with `*`, `?`, `[a-z]` or `{a,b}` in it; `!` before it excludes".to_owned()
            }
        }
    }
}

fn kind_near(kind: &str) -> Option<&'static str> {
    let meant = match kind.to_ascii_lowercase().as_str() {
        "acls" | "grants" | "grant" | "permissions" | "paths" | "path" => Some("acl"),
        _ => None,
    };
    meant.or_else(|| nearest(kind, Kind::ALL.map(Kind::key)))
}

impl Default for Selection {
    /// Everything.
    fn default() -> Selection {
        Selection(Kind::ALL.map(|kind| (kind, Chosen::All)).into())
    }
}

impl Selection {
    /// What `items` say together, each of which is `KIND` or `KIND=PATTERN`, or several of them divided by commas.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Selection, SelectionError> {
        let mut chosen: BTreeMap<Kind, Chosen> = BTreeMap::new();
        for item in items.into_iter().flat_map(divided) {
            let (key, pattern) = match item.split_once('=') {
                Some((key, pattern)) => (key.trim(), Some(pattern.trim())),
                None => (item.trim(), None),
            };
            let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.key() == key) else {
                return Err(match key {
                    "realms" | "pools" => SelectionError::Unmanaged { kind: key.to_owned() },
                    _ => SelectionError::Kind { kind: key.to_owned() },
                });
            };
            let Some(text) = pattern else {
                chosen.insert(kind, Chosen::All);
                continue;
            };
            let pattern = Pattern::new(text, kind.against())?;
            let mut patterns = match chosen.remove(&kind) {
                Some(Chosen::Matching(patterns)) => patterns,
                Some(Chosen::All) => Patterns::from(Pattern::new("**", kind.against())?),
                None => Patterns::default(),
            };
            patterns.push(pattern);
            chosen.insert(kind, Chosen::Matching(patterns));
        }
        Ok(Selection(chosen))
    }

    /// Whether everything is meant.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.len() == Kind::ALL.len() && self.0.values().all(|chosen| matches!(chosen, Chosen::All))
    }

    /// Whether `name` is meant, a path for [`Kind::Acl`].
    #[must_use]
    pub fn selects(&self, kind: Kind, name: &str) -> bool {
        match self.0.get(&kind) {
            None => false,
            Some(Chosen::All) => true,
            Some(Chosen::Matching(patterns)) => patterns.select(name),
        }
    }

    /// The patterns that match nothing in `live`: they are probably misspelt.
    #[must_use]
    pub fn idle(&self, live: &AccessState) -> Vec<(Kind, &Pattern)> {
        let mut idle = Vec::new();
        for (kind, chosen) in &self.0 {
            let Chosen::Matching(patterns) = chosen else { continue };
            let names = names(*kind, live);
            let unmatched = patterns.iter().filter(|pattern| !names.iter().any(|name| pattern.matches(name)));
            idle.extend(unmatched.map(|pattern| (*kind, pattern)));
        }
        idle
    }
}

impl fmt::Display for Selection {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.0.iter().flat_map(|(kind, chosen)| match chosen {
            Chosen::All => vec![kind.to_string()],
            Chosen::Matching(patterns) => {
                patterns.iter().map(|pattern| format!("{kind}={}", pattern.as_str())).collect()
            }
        });
        f.write_str(&items.collect::<Vec<_>>().join(","))
    }
}

/// The names of one kind that a file could speak of; a builtin role is none.
fn names(kind: Kind, live: &AccessState) -> Vec<String> {
    match kind {
        Kind::Roles => {
            let custom = live.roles.iter().filter(|(_, role)| role.origin == Origin::Custom);
            custom.map(|(id, _)| id.to_string()).collect()
        }
        Kind::Groups => live.groups.keys().map(ToString::to_string).collect(),
        Kind::Users => live.users.keys().chain(live.memberships.keys()).map(ToString::to_string).collect(),
        Kind::Tokens => live.tokens.keys().map(ToString::to_string).collect(),
        Kind::Acl => live.acl.keys().map(|grant| grant.path.to_string()).collect(),
    }
}

/// The parts between commas; one within `{a,b}` or `[a,b]` divides nothing.
fn divided(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user_cfg;
    use crate::pve::Release;

    fn of(items: &[&str]) -> Selection {
        Selection::of(items.iter().copied()).unwrap()
    }

    #[test]
    fn kinds_and_patterns_are_divided_by_commas() {
        let some = of(&["groups,users={a,b}@pve,users=!b@pve", "acl=/pool/x/**"]);
        assert_eq!(some.to_string(), "groups,users={a,b}@pve,users=!b@pve,acl=/pool/x/**");
        for (kind, name, selected) in [
            (Kind::Groups, "ops", true),
            (Kind::Users, "a@pve", true),
            (Kind::Users, "b@pve", false),
            (Kind::Acl, "/pool/x", true),
            (Kind::Acl, "/", false),
            (Kind::Roles, "R", false),
            (Kind::Tokens, "a@pve!tk", false),
        ] {
            assert_eq!(some.selects(kind, name), selected, "{kind} {name}");
        }
        assert!(!some.is_everything() && Selection::default().is_everything());
        assert!(of(&["roles,groups,users,tokens,acl"]).is_everything());
        assert!(of(&["groups=a*,groups"]).selects(Kind::Groups, "b"), "the last that matches wins");
        let others = of(&["groups,groups=!a*"]);
        assert!(others.selects(Kind::Groups, "b") && !others.selects(Kind::Groups, "a"));
    }

    #[test]
    fn what_selects_nothing_says_what_was_meant() {
        for (item, error, help) in [
            ("group", "there is no kind `group`", "did you mean `groups`?"),
            ("grants=/**", "there is no kind `grants`", "did you mean `acl`?"),
            ("realms", "`realms` cannot be selected: files do not manage them", "the kinds are roles,"),
            ("users=a@pve,b@pve", "there is no kind `b@pve`", "every pattern says its kind: `users=b@pve`;"),
            ("", "there is no kind ``", "the kinds are roles,"),
            ("users=", "`` is not a pattern: it is empty", "a pattern is a name or path"),
        ] {
            let found = Selection::of([item]).unwrap_err();
            assert_eq!(found.to_string(), error);
            assert!(found.help().starts_with(help), "{}", found.help());
        }
    }

    #[test]
    fn patterns_that_match_nothing_are_known() {
        let live = user_cfg::read(b"user:a@pve:1:\ngroup:g:gone@pve:\n", Release::MEASURED).state;
        let some = of(&["roles=PVE*,users=*@pve,users=gone@*,users=!x*,acl"]);
        let idle: Vec<String> = some.idle(&live).iter().map(|(kind, of)| format!("{kind}={}", of.as_str())).collect();
        assert_eq!(idle, ["roles=PVE*", "users=!x*"]);
    }
}
