//! Where in the files something stands, for programs.

use std::collections::BTreeMap;

use super::super::diagnostics::Lines;
use crate::diagnostic::{SourceId, Sources, Span};

/// Lines and columns of the texts, each text looked through once.
pub(super) struct Places<'s> {
    sources: &'s Sources,
    lines: BTreeMap<SourceId, Lines>,
}

/// A line and a character in it, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl<'s> Places<'s> {
    pub(super) fn new(sources: &'s Sources) -> Places<'s> {
        Places { sources, lines: BTreeMap::new() }
    }

    /// What the file is called.
    pub(super) fn file(&self, span: Span) -> &'s str {
        &self.sources.get(span.source).name
    }

    /// Where it begins and ends.
    pub(super) fn range(&mut self, span: Span) -> [Position; 2] {
        let text = &self.sources.get(span.source).text;
        let lines = self.lines.entry(span.source).or_insert_with(|| Lines::of(text));
        [span.start, span.end.max(span.start)].map(|offset| {
            let at = text.floor_char_boundary(offset);
            let line = lines.at(at);
            Position { line: line + 1, column: text[lines.start(line)..at].chars().count() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn characters_are_counted_not_bytes() {
        let mut sources = Sources::default();
        let source = sources.add(Source { name: "a.yaml".to_owned(), text: "a: b\nü: cd\n".to_owned() });
        let mut places = Places::new(&sources);
        let span = |start, end| Span { source, start, end };
        let at = |line, column| Position { line, column };
        assert_eq!(places.range(span(0, 1)), [at(1, 1), at(1, 2)]);
        assert_eq!(places.range(span(9, 11)), [at(2, 4), at(2, 6)]);
        assert_eq!(places.range(span(100, 3)), [at(3, 1), at(3, 1)]);
    }
}
