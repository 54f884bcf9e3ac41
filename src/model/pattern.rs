//! Patterns that choose objects by their names.

use std::fmt;

use globset::{Glob, GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

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
    against: Against,
    sense: Sense,
    /// What the glob says, as a regular expression over bytes.
    regex: String,
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
        let build = |glob: &str| -> Result<Glob, PatternError> {
            GlobBuilder::new(glob)
                .literal_separator(against == Against::Paths)
                .backslash_escape(true)
                .build()
                .map_err(|failed| error(failed.kind().to_string()))
        };
        let top = match (against, glob.strip_suffix("/**")) {
            (Against::Paths, Some("")) => Some(build("/")?),
            (Against::Paths, Some(top)) => Some(build(top)?),
            _ => None,
        };
        let glob = build(glob)?;
        let regexes: Vec<String> = top.iter().chain([&glob]).map(|glob| format!("(?:{})", glob.regex())).collect();
        Ok(Pattern {
            text: text.to_owned(),
            against,
            sense,
            regex: regexes.join("|"),
            glob: glob.compile_matcher(),
            top: top.as_ref().map(Glob::compile_matcher),
        })
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

    /// The name or path, if the glob stands for one alone.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        let glob = self.text.strip_prefix('!').unwrap_or(&self.text);
        (!glob.contains(['*', '?', '[', ']', '{', '}', '\\'])).then_some(glob)
    }

    /// What the glob stands for, as a regular expression over bytes.
    pub(super) fn regex(&self) -> &str {
        &self.regex
    }

    /// Whether `name` is one that the glob stands for, the pattern's sense aside.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.glob.is_match(name) || self.top.as_ref().is_some_and(|top| top.is_match(name))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        (&self.text, self.against) == (&other.text, other.against)
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Several patterns, of which the last that matches decides.
///
/// What none of them matches is meant if the first of them excludes: `!a*` alone is everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Texts", into = "Texts")]
pub struct Patterns(Vec<Pattern>);

/// Patterns as they are stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Texts {
    Names(Vec<String>),
    Paths(Vec<String>),
}

impl TryFrom<Texts> for Patterns {
    type Error = PatternError;

    fn try_from(texts: Texts) -> Result<Patterns, PatternError> {
        let (texts, against) = match texts {
            Texts::Names(texts) => (texts, Against::Names),
            Texts::Paths(texts) => (texts, Against::Paths),
        };
        Patterns::new(texts.iter().map(String::as_str), against)
    }
}

impl From<Patterns> for Texts {
    fn from(patterns: Patterns) -> Texts {
        let against = patterns.0.first().map_or(Against::Names, |first| first.against);
        let texts = patterns.0.into_iter().map(|pattern| pattern.text).collect();
        match against {
            Against::Names => Texts::Names(texts),
            Against::Paths => Texts::Paths(texts),
        }
    }
}

impl From<Pattern> for Patterns {
    fn from(pattern: Pattern) -> Patterns {
        Patterns(vec![pattern])
    }
}

impl Patterns {
    /// The patterns that `texts` say, all held against the same.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>, against: Against) -> Result<Patterns, PatternError> {
        texts.into_iter().map(|text| Pattern::new(text, against)).collect::<Result<_, _>>().map(Patterns)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one that wins over those before it.
    pub fn push(&mut self, pattern: Pattern) {
        self.0.push(pattern);
    }

    /// Whether `name` is meant.
    #[must_use]
    pub fn select(&self, name: &str) -> bool {
        self.decide(|at| self.0[at].matches(name))
    }

    /// What the patterns come to, of which those match whose number `is_match`.
    pub(super) fn decide(&self, is_match: impl Fn(usize) -> bool) -> bool {
        let deciding = (0..self.0.len()).rev().find(|&at| is_match(at)).map(|at| self.0[at].sense);
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
    fn stored_patterns_are_the_same_patterns() {
        for (patterns, stored) in [
            (Patterns::new(["a*", "!ab"], Against::Names).unwrap(), r#"{"names":["a*","!ab"]}"#),
            (Patterns::new(["/pool/*/**"], Against::Paths).unwrap(), r#"{"paths":["/pool/*/**"]}"#),
            (Patterns::default(), r#"{"names":[]}"#),
        ] {
            assert_eq!(serde_json::to_string(&patterns).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Patterns>(stored).unwrap(), patterns);
        }
        assert!(serde_json::from_str::<Patterns>(r#"{"names":["[a"]}"#).is_err());
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
