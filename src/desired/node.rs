//! YAML as a tree of nodes, each with its place.
//!
//! Scalars keep their spelling, because what `0123` or `yes` means depends on where it stands.

use std::borrow::Cow;
use std::fmt;

use crate::diagnostic::Span;

/// A value and where it stands; of a block of lines, where its first part stands.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    /// Where.
    pub span: Span,
    /// What.
    pub value: Value<'a>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    /// A single value.
    Scalar(Scalar<'a>),
    /// `[a, b]` or lines that begin with `-`.
    List(Vec<Node<'a>>),
    /// `{a: b}` or lines of `key: value`, duplicates included.
    Mapping(Vec<Entry<'a>>),
}

/// A single value as it was spelt.
#[derive(Clone, Debug)]
pub(super) struct Scalar<'a> {
    /// Its text, quotes and escapes undone.
    pub text: Cow<'a, str>,
    /// Whether it can be anything but text.
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Bare: `true` may be a boolean, `12` a number.
    Plain,
    /// In quotes, as a block of text, or tagged `!!str`: text whatever it looks like.
    Quoted,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// The key's text.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub span: Span,
    /// What it is the key of.
    pub value: Node<'a>,
}

impl Scalar<'_> {
    /// Whether this says that there is nothing: `~`, `null`, or no value at all.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Node<'_> {
    /// Whether this says that there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// What this is, for "expected .., found ..".
    pub fn found(&self) -> String {
        match &self.value {
            Value::Scalar(scalar) if scalar.text.is_empty() && !scalar.is_null() => "an empty text".to_owned(),
            Value::Scalar(scalar) if !scalar.is_null() => format!("`{}`", Excerpt(&scalar.text)),
            _ => self.kind().to_owned(),
        }
    }

    /// What kind of thing this is, without repeating a text that may be secret.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => "nothing",
            Value::Scalar(_) => "a text",
            Value::List(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

/// The beginning of a text that may be long.
pub(super) struct Excerpt<'a>(pub &'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 80;
        match self.0.char_indices().nth(MOST) {
            None => f.write_str(self.0),
            Some((end, _)) => write!(f, "{}...", &self.0[..end]),
        }
    }
}
