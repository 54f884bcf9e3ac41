//! From a text to a tree of nodes.
//!
//! Knows syntax alone. Whatever copies, anchors and aliases, copies within a limit.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use super::node::{Entry, Excerpt, Node, Scalar, Style, Value};
use super::notes::Notes;
use super::syntax;
use crate::diagnostic::{Diagnostic, SourceId, Span};

/// How deep lists and mappings may nest; the language itself needs five levels.
pub(super) const DEPTH: usize = 32;

/// The one document in `text`; `None` if there is nothing but blanks and comments.
pub(super) fn tree<'a>(
    text: &'a str,
    source: SourceId,
    notes: &mut Notes,
) -> Result<Option<Node<'a>>, Box<Diagnostic>> {
    let options = serde_saphyr::granit_parser::options! {
        disallow_directives: true,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
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
    events: Parser<'a, StrInput<'a>>,
    /// What each anchor stands for; nothing for one that is still being read.
    anchors: BTreeMap<usize, Node<'a>>,
    copied: usize,
    notes: &'n mut Notes,
}

impl<'a> Builder<'a, '_> {
    /// How many nodes anchors and aliases may copy in all.
    const COPIES: usize = 100_000;

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Box<Diagnostic>> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let at = span.byte_range().unwrap_or_default();
                Ok(Some((event, Span { source: self.source, start: at.start, end: at.end })))
            }
            Some(Err(error)) => Err(syntax::error(&error, self.text, self.source).into()),
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
            Value::Scalar(scalar) if scalar.is_null() => {
                self.notes.push(
                    Diagnostic::error(key.span, "expected a name as the key, found nothing")
                        .help("write the name before the colon; one that reads `null` has to be in quotes"),
                );
                None
            }
            Value::Scalar(scalar) => {
                // Where nothing is written there is nothing to point at: then it is the key.
                let span = if value.span.start == value.span.end { key.span } else { value.span };
                Some(Entry { key: scalar.text, span: key.span, value: Node { span, ..value } })
            }
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
                let written = tag.original();
                let before = self.text.get(..span.start).unwrap_or_default();
                let start = before.rfind(&*written).unwrap_or(span.start);
                let span = Span { start, end: start + written.len(), ..span };
                let error = Diagnostic::error(span, format!("the tag `{}` means nothing here", Excerpt(&written)));
                self.notes.push(if written.starts_with("!!") {
                    error.help("remove the tag; what a value is follows from its key")
                } else {
                    error.help("remove it; a text that begins with `!` has to be in quotes")
                });
                !written.starts_with("!!")
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

    /// The span without the line ends that belong to a block of text.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        Span { end: span.start + text.trim_end().len(), ..span }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Source, Sources};

    /// Every scalar and key of the tree, as the text at its place, with its style.
    fn places(text: &str) -> Vec<String> {
        fn walk<'a>(node: &Node<'_>, text: &'a str, found: &mut Vec<&'a str>) {
            match &node.value {
                Value::Scalar(_) => found.push(&text[node.span.start..node.span.end]),
                Value::List(items) => items.iter().for_each(|item| walk(item, text, found)),
                Value::Mapping(entries) => {
                    for entry in entries {
                        found.push(&text[entry.span.start..entry.span.end]);
                        walk(&entry.value, text, found);
                    }
                }
            }
        }
        let source = Sources::default().add(Source { name: String::new(), text: String::new() });
        let mut notes = Notes::default();
        let root = tree(text, source, &mut notes).unwrap().unwrap();
        assert!(notes.findings.is_empty());
        let mut found = Vec::new();
        walk(&root, text, &mut found);
        found.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn places_are_counted_in_bytes() {
        assert_eq!(places("ü: é # ß\nö: \"ä\"\n"), ["ü", "é", "ö", "\"ä\""]);
        assert_eq!(
            places("a: [ü, 'b b']\nc: |\n  one\n  two\n\nd: e"),
            ["a", "ü", "'b b'", "c", "one\n  two", "d", "e"]
        );
    }

    #[test]
    fn an_alias_stands_where_it_is_written() {
        assert_eq!(places("a: &x [b]\nc: *x\nd: &y e\nf: *y"), ["a", "b", "c", "b", "d", "e", "f", "*y"]);
    }

    #[test]
    fn duplicate_keys_are_kept() {
        assert_eq!(places("a: 1\na: 2"), ["a", "1", "a", "2"]);
    }
}
