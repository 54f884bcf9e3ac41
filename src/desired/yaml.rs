//! YAML as a tree of nodes, each with its place.
//!
//! Knows syntax alone. Scalars keep their spelling, because what `0123` or `yes` means depends on where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use super::notes::Notes;
use crate::diagnostic::{Diagnostic, SourceId, Span};

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

impl std::fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const MOST: usize = 80;
        match self.0.char_indices().nth(MOST) {
            None => f.write_str(self.0),
            Some((end, _)) => write!(f, "{}...", &self.0[..end]),
        }
    }
}

/// The one document in `text`; `None` if there is nothing but blanks and comments.
pub(super) fn tree<'a>(
    text: &'a str,
    source: SourceId,
    notes: &mut Notes,
) -> Result<Option<Node<'a>>, Box<Diagnostic>> {
    let options = granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: Builder::DEPTH,
        block_nesting_limit: Builder::DEPTH,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder { text, source, events, anchors: BTreeMap::new(), copied: 0, notes };
    let mut document = None;
    while let Some((event, span)) = builder.next()? {
        match event {
            Event::DocumentStart(..) if document.is_some() => {
                return Err(Diagnostic::error(span, "a second YAML document begins here")
                    .help("a file holds one document: move the rest into a file of its own, and give both with -f")
                    .into());
            }
            Event::DocumentStart(..) => {
                if let Some((event, span)) = builder.next()? {
                    document = Some(builder.node(event, span)?);
                }
            }
            _ => {}
        }
    }
    Ok(document)
}

struct Builder<'a, 'n> {
    text: &'a str,
    source: SourceId,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    /// What each anchor stands for; nothing for one that is still being read.
    anchors: BTreeMap<usize, Node<'a>>,
    copied: usize,
    notes: &'n mut Notes,
}

impl<'a> Builder<'a, '_> {
    /// How deep lists and mappings nest; the language itself needs five levels.
    const DEPTH: usize = 32;
    /// How many nodes anchors and aliases may copy in all.
    const COPIES: usize = 100_000;

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Box<Diagnostic>> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let at = span.byte_range().unwrap_or_default();
                Ok(Some((event, Span { source: self.source, start: at.start, end: at.end })))
            }
            Some(Err(error)) => Err(self.syntax_error(&error).into()),
        }
    }

    fn inside(&mut self) -> Result<(Event<'a>, Span), Box<Diagnostic>> {
        let end = Span { source: self.source, start: self.text.len(), end: self.text.len() };
        self.next()?.ok_or_else(|| Diagnostic::error(end, "the file ends too early").into())
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node<'a>, Box<Diagnostic>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let mut style = if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
                if self.check_tag(tag.as_deref(), span) {
                    style = Style::Quoted;
                }
                let node = Node { span: self.trimmed(span), value: Value::Scalar(Scalar { text, style }) };
                self.keep(anchor, node)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                let mut items = Vec::new();
                loop {
                    let (event, at) = self.inside()?;
                    if event == Event::SequenceEnd {
                        let first = items.first().map(|item: &Node<'_>| item.span);
                        let node = Node { span: whole(style, span, first, at), value: Value::List(items) };
                        return self.keep(anchor, node);
                    }
                    items.push(self.node(event, at)?);
                }
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                let mut entries = Vec::new();
                loop {
                    let (event, at) = self.inside()?;
                    if event == Event::MappingEnd {
                        let first = entries.first().map(|entry: &Entry<'_>| entry.span);
                        let node = Node { span: whole(style, span, first, at), value: Value::Mapping(entries) };
                        return self.keep(anchor, node);
                    }
                    let key = self.node(event, at)?;
                    let (event, at) = self.inside()?;
                    let value = self.node(event, at)?;
                    entries.extend(self.entry(key, value));
                }
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(Diagnostic::error(span, "an alias stands inside of what it is an alias of").into());
                };
                let node = Node { span, value: node.value.clone() };
                self.count(&node)?;
                Ok(node)
            }
            // The parser puts nothing else where a value belongs; comments are not asked for.
            _ => Err(Diagnostic::error(span, "expected a value").into()),
        }
    }

    fn entry(&mut self, key: Node<'a>, value: Node<'a>) -> Option<Entry<'a>> {
        match key.value {
            Value::Scalar(scalar) if scalar.text == "<<" && scalar.style == Style::Plain => {
                self.notes.push(Diagnostic::error(key.span, "merge keys are not part of this language").help(
                    "write the attributes out where they belong; a whole value may be an alias: `groups: *name`",
                ));
                None
            }
            Value::Scalar(scalar) => Some(Entry { key: scalar.text, span: key.span, value }),
            Value::List(_) | Value::Mapping(_) => {
                self.notes
                    .push(Diagnostic::error(key.span, format!("expected a name as the key, found {}", key.found())));
                None
            }
        }
    }

    /// Whether the tag makes a scalar text; all others are refused.
    fn check_tag(&mut self, tag: Option<&Tag>, span: Span) -> bool {
        match tag {
            None => false,
            Some(tag) if tag.is_yaml_core_schema_tag("str") || tag.original() == "!" => true,
            Some(tag) => {
                self.notes.push(
                    Diagnostic::error(span, format!("the tag `{}` means nothing here", Excerpt(&tag.original())))
                        .help("remove the tag; what a value is follows from its key"),
                );
                false
            }
        }
    }

    /// Remembers what an anchor (0: none) stands for.
    fn keep(&mut self, anchor: usize, node: Node<'a>) -> Result<Node<'a>, Box<Diagnostic>> {
        if anchor != 0 {
            self.count(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn count(&mut self, copy: &Node<'_>) -> Result<(), Box<Diagnostic>> {
        self.copied = self.copied.saturating_add(size(copy, Self::COPIES));
        if self.copied <= Self::COPIES {
            return Ok(());
        }
        Err(Diagnostic::error(copy.span, "anchors and aliases multiply to more than 100,000 values")
            .help("write the values out; files that grow like this are made to exhaust whoever reads them")
            .into())
    }

    /// Scalars that are blocks of text begin with a line of their own; multi-line ones end with a blank.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        Span { end: span.start + text.trim_end().len(), ..span }
    }

    fn syntax_error(&self, error: &ScanError) -> Diagnostic {
        let start = offset(error.marker(), self.text);
        let found = self.text[start..].chars().next();
        let end = start + found.filter(|c| *c != '\n').map_or(0, char::len_utf8);
        let span = Span { source: self.source, start, end };
        match error.kind() {
            ErrorKind::TabInIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart => self.tab(span),
            _ if found == Some('\t') || self.indent(start).contains('\t') => self.tab(span),
            ErrorKind::UnexpectedCharacter { character: '@' } => {
                Diagnostic::error(span, "a value cannot begin with '@'")
                    .help("a group is named without an @; any other text that begins with one has to be in quotes")
            }
            ErrorKind::UnexpectedCharacter { character } if character.is_control() => {
                Diagnostic::error(span, format!("a control character, {character:?}, cannot stand in a file"))
                    .help("remove it; if it is meant, an escape in double quotes stands for it")
            }
            ErrorKind::UnexpectedCharacter { character } => {
                Diagnostic::error(span, format!("a value cannot begin with {character:?}"))
                    .help("put the value in quotes")
            }
            ErrorKind::UnknownAnchor => Diagnostic::error(span, "no anchor of this name stands before this alias")
                .help("a text that begins with `*` has to be in quotes"),
            ErrorKind::RecursionLimitExceeded => {
                Diagnostic::error(span, format!("lists and mappings are nested more than {} levels deep", Self::DEPTH))
            }
            ErrorKind::DirectiveDisallowed => {
                Diagnostic::error(span, "YAML directives are not part of this language").help("remove the line")
            }
            ErrorKind::UnclosedFlowCollection { open } => {
                Diagnostic::error(span, format!("`{open}` is never closed")).help("close it, or check the line above")
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                Diagnostic::error(span, format!("`{open}` is closed by `{close}`"))
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
                Diagnostic::error(span, "this line does not fit the lines above it")
                    .help("keys of one mapping begin at the same column, and each is followed by a colon")
            }
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
                Diagnostic::error(span, "a colon cannot stand here")
                    .help("a text that holds a colon and a blank has to be in quotes")
                    .help("or the line above lacks its colon, its closing bracket or its closing quote")
            }
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                Diagnostic::error(span, "a key without a colon").help("write `key: value`")
            }
            ErrorKind::UnclosedQuotedScalar => Diagnostic::error(span, "a quote is never closed"),
            kind => Diagnostic::error(span, format!("this is not YAML: {kind}"))
                .help("check the indentation, colons and quotes of this line and the line above"),
        }
    }

    fn tab(&self, span: Span) -> Diagnostic {
        let line = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let start = self.text[line..].find('\t').map_or(span.start, |at| line + at);
        Diagnostic::error(
            Span { start, end: (start + 1).min(self.text.len()), ..span },
            "a tab is used for indentation",
        )
        .label("a tab")
        .help("YAML is indented with spaces: replace the tab, two spaces a level")
    }

    fn indent(&self, at: usize) -> &str {
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let rest = &self.text[line..];
        &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
    }
}

fn offset(mark: &Marker, text: &str) -> usize {
    text.floor_char_boundary(mark.byte_offset().unwrap_or(text.len()).min(text.len()))
}

fn whole(style: StructureStyle, start: Span, first: Option<Span>, end: Span) -> Span {
    match (style, first) {
        (StructureStyle::Flow, _) => Span { end: end.end, ..start },
        (StructureStyle::Block, Some(first)) => first,
        (StructureStyle::Block, None) => start,
    }
}

/// How many nodes `node` consists of; counts no further than `most`.
fn size(node: &Node<'_>, most: usize) -> usize {
    let add = |sum: usize, child: &Node<'_>| if sum > most { sum } else { sum + size(child, most - sum.min(most)) };
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(items) => items.iter().fold(1, add),
        Value::Mapping(entries) => entries.iter().map(|entry| &entry.value).fold(1, add),
    }
}
