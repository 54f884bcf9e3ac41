//! Patterns that choose objects by their names.

use std::fmt;

use globset::{Glob, GlobBuilder, GlobMatcher};

/// What a pattern is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Names and ids: `*` stands for any text.
    Names,
    /// Paths: `*` stands for any text without a slash, `**` for any text, and `/pool/a/**` for `/pool/a` and everything
    /// below it.
    Paths,
}

/// Whether what matches is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// It is.
    Include,
    /// It is not: the pattern begins with `!`.
    Exclude,
}

/// A glob: `*`, `?`, `[a-z]`, `{a,b}`, and `\` before a character that is meant as it stands.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    sense: Sense,
    glob: GlobMatcher,
    /// What lies above a `/**` at the end.
    top: Option<GlobMatcher>,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a pattern: {reason}")]
pub struct PatternError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Pattern {
    /// The pattern that `text` says.
    pub fn new(text: &str, against: Against) -> Result<Pattern, PatternError> {
        let (sense, glob) = match text.strip_prefix('!') {
            Some(glob) => (Sense::Exclude, glob),
            None => (Sense::Include, text),
        };
        let error = |reason: String| PatternError { text: text.to_owned(), reason };
        if glob.is_empty() {
            return Err(error("it is empty".to_owned()));
        }
        let compile = |glob: &str| -> Result<GlobMatcher, PatternError> {
            GlobBuilder::new(glob)
                .literal_separator(against == Against::Paths)
                .backslash_escape(true)
                .build()
                .map(|glob: Glob| glob.compile_matcher())
                .map_err(|failed| error(failed.kind().to_string()))
        };
        let top = match (against, glob.strip_suffix("/**")) {
            (Against::Paths, Some("")) => Some(compile("/")?),
            (Against::Paths, Some(top)) => Some(compile(top)?),
            _ => None,
        };
        Ok(Pattern { text: text.to_owned(), sense, glob: compile(glob)?, top })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether what matches is meant.
    #[must_use]
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// Whether `name` is one that the glob stands for, the pattern's sense aside.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.glob.is_match(name) || self.top.as_ref().is_some_and(|top| top.is_match(name))
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Several patterns, of which the last that matches decides.
///
/// What none of them matches is meant if the first of them excludes: `!a*` alone is everything else.
#[derive(Clone, Debug, Default)]
pub struct Patterns(Vec<Pattern>);

impl From<Pattern> for Patterns {
    fn from(pattern: Pattern) -> Patterns {
        Patterns(vec![pattern])
    }
}

impl Patterns {
    /// Adds one that wins over those before it.
    pub fn push(&mut self, pattern: Pattern) {
        self.0.push(pattern);
    }

    /// Whether `name` is meant.
    #[must_use]
    pub fn select(&self, name: &str) -> bool {
        let deciding = self.0.iter().rev().find(|pattern| pattern.matches(name)).map(Pattern::sense);
        match deciding {
            Some(sense) => sense == Sense::Include,
            None => self.0.first().is_some_and(|first| first.sense == Sense::Exclude),
        }
    }

    /// Each pattern, in the order of writing.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(patterns: &[&str], against: Against, name: &str) -> bool {
        let mut all = Patterns::default();
        patterns.iter().for_each(|text| all.push(Pattern::new(text, against).unwrap()));
        all.select(name)
    }

    #[test]
    fn a_star_in_a_name_is_any_text() {
        for (pattern, name) in [
            ("*@pve", "a/b@pve"),
            ("*", "a.b"),
            ("svc-?", "svc-1"),
            ("{ann,bob}@*", "bob@pam"),
            ("*@pve!*", "ann@pve!tk"),
            (r"\!a@pve", "!a@pve"),
            ("ops", "ops"),
        ] {
            assert!(select(&[pattern], Against::Names, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*@pve", "ann@pve2"), ("ops", "Ops"), ("ops", "devops")] {
            assert!(!select(&[pattern], Against::Names, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_star_in_a_path_stops_at_a_slash() {
        for (pattern, path) in [
            ("/pool/*", "/pool/a"),
            ("/pool/a/**", "/pool/a"),
            ("/pool/a/**", "/pool/a/b/c"),
            ("/pool/*/**", "/pool/x"),
            ("/**", "/"),
            ("/**", "/vms"),
            ("/**", "/vms/100"),
            ("**", "/vms/100"),
            ("/", "/"),
        ] {
            assert!(select(&[pattern], Against::Paths, path), "{pattern} {path}");
        }
        for (pattern, path) in
            [("/pool/*", "/pool/a/b"), ("/pool/a/**", "/pool/ab"), ("/*", "/vms/100"), ("/pool/*", "/pool")]
        {
            assert!(!select(&[pattern], Against::Paths, path), "{pattern} {path}");
        }
    }

    #[test]
    fn the_last_match_wins() {
        let team = |name| select(&["team-*", "!team-x*", "team-xy"], Against::Names, name);
        assert_eq!([team("team-a"), team("team-x"), team("team-xy"), team("a")], [true, false, true, false]);
        assert!(select(&["!a*"], Against::Names, "b"));
        assert!(!select(&["!a*"], Against::Names, "a"));
        assert!(!select(&["a", "!b"], Against::Names, "c"));
        assert!(!select(&[], Against::Names, "c"));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for text in ["", "!", "[a", "{a", "a\\"] {
            assert!(Pattern::new(text, Against::Names).is_err(), "{text}");
        }
        let error = Pattern::new("[z-a]", Against::Names).unwrap_err().to_string();
        assert!(error.starts_with("`[z-a]` is not a pattern: "), "{error}");
    }
}
