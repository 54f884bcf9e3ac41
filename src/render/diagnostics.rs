//! Findings as text: what is wrong, the line of the file it is in, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use super::document::Colour;
use crate::diagnostic::{Diagnostic, Findings, Label, Severity, SourceId, Sources};

/// How many columns a finding may take; longer lines are cut around the place.
const WIDTH: usize = 120;
/// How far apart, in lines, two places of one finding still share an excerpt.
const NEAR: usize = 4;
/// How many findings are shown: nobody reads more, and each one costs as much as the line that it is in is long.
const MOST: usize = 500;

/// The findings, in the order of the files, and a last line that counts them; nothing if there are none.
///
/// Of more than 500, errors come before all others, and the rest is only counted.
#[must_use]
pub fn text(findings: &Findings, sources: &Sources, colour: Colour) -> String {
    let renderer = match colour {
        Colour::No => Renderer::plain(),
        Colour::Yes => Renderer::styled(),
    }
    .term_width(WIDTH);
    let mut lines = BTreeMap::new();
    let mut out = String::new();
    for finding in shown(findings) {
        out.push_str(&renderer.render(&[group(finding, sources, &mut lines)]));
        out.push_str("\n\n");
    }
    if !findings.is_empty() {
        out.push_str(&count(findings));
        if findings.iter().nth(MOST).is_some() {
            let _ = write!(out, "; {MOST} of them are shown");
        }
        out.push('\n');
    }
    out
}

fn shown(findings: &Findings) -> Vec<&Diagnostic> {
    let mut shown: Vec<&Diagnostic> = findings.iter().collect();
    if shown.len() > MOST {
        shown.sort_by_key(|finding| finding.severity);
        shown.truncate(MOST);
    }
    shown
}

fn group(finding: &Diagnostic, sources: &Sources, lines: &mut BTreeMap<SourceId, Lines>) -> Group<'static> {
    let Diagnostic { severity, message, primary, related, help } = finding;
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::NOTE.with_name("hint"),
    };
    let mut group = Group::with_title(level.primary_title(printable(message)));
    for excerpt in excerpts(primary.as_ref(), related, sources, lines) {
        group = group.element(excerpt);
    }
    help.iter().fold(group, |group, help| group.element(Level::HELP.message(printable(help))))
}

/// The pieces of text that a finding shows: first the one with its own place.
fn excerpts(
    primary: Option<&Label>,
    related: &[Label],
    sources: &Sources,
    lines: &mut BTreeMap<SourceId, Lines>,
) -> Vec<Snippet<'static, Annotation<'static>>> {
    let places = primary.map(|label| (label, AnnotationKind::Primary)).into_iter();
    let places = places.chain(related.iter().map(|label| (label, AnnotationKind::Context)));
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for (label, kind) in places {
        let id = label.span.source;
        let lines = lines.entry(id).or_insert_with(|| Lines::of(&sources.get(id).text));
        let line = lines.at(label.span.start);
        let near = |excerpt: &&mut Excerpt<'_>| {
            excerpt.source == id && line + NEAR >= excerpt.lines.start && line < excerpt.lines.end + NEAR
        };
        match excerpts.iter_mut().find(near) {
            Some(excerpt) => {
                excerpt.lines = excerpt.lines.start.min(line)..excerpt.lines.end.max(line + 1);
                excerpt.labels.push((label, kind));
            }
            None => excerpts.push(Excerpt { source: id, lines: line..line + 1, labels: vec![(label, kind)] }),
        }
    }
    excerpts.iter().filter_map(|excerpt| Some(excerpt.snippet(sources, lines.get(&excerpt.source)?))).collect()
}

/// Some lines of one file and what is to be said in them.
struct Excerpt<'a> {
    source: SourceId,
    lines: Range<usize>,
    labels: Vec<(&'a Label, AnnotationKind)>,
}

impl Excerpt<'_> {
    fn snippet(&self, sources: &Sources, lines: &Lines) -> Snippet<'static, Annotation<'static>> {
        let source = sources.get(self.source);
        let start = lines.starts[self.lines.start];
        let end = lines.starts.get(self.lines.end).copied().unwrap_or(source.text.len());
        let last = self.labels.iter().map(|(label, _)| label.span.start.max(label.span.end)).max().unwrap_or(start);
        let cut = source.text.ceil_char_boundary(end.min(last.saturating_add(2 * WIDTH)).max(start));
        let text = source.text[start..cut].trim_end_matches(['\n', '\r']);
        let annotations = self.labels.iter().map(|(label, kind)| {
            let from = text.floor_char_boundary((label.span.start - start).min(text.len()));
            let line_end = text[from..].find('\n').map_or(text.len(), |at| from + at);
            let to = text.ceil_char_boundary((label.span.end.max(label.span.start) - start).min(line_end).max(from));
            let annotation = kind.span(from..to.min(line_end));
            if label.text.is_empty() { annotation } else { annotation.label(printable(&label.text)) }
        });
        Snippet::source(without_controls(text))
            .path(printable(&source.name))
            .line_start(self.lines.start + 1)
            .annotations(annotations.collect::<Vec<_>>())
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line that the byte at `offset` is in, the first being 0.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The first byte of a line.
    pub(super) fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or_default()
    }
}

/// A message as one line without anything that a terminal would obey.
fn printable(text: &str) -> String {
    normalize_untrusted_str(&without_controls(text)).replace('\n', "\u{240a}")
}

/// The text with the control characters that the snippet writer does not know replaced, each by as many bytes.
fn without_controls(text: &str) -> String {
    text.chars().map(|c| if ('\u{80}'..='\u{9f}').contains(&c) { '\u{b7}' } else { c }).collect()
}

/// `3 errors, 1 warning in 2 files`; without the files if some of it is about none that could be read.
fn count(findings: &Findings) -> String {
    let mut out = String::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Hint, "hint")] {
        let number = findings.iter().filter(|finding| finding.severity == severity).count();
        if number > 0 {
            let comma = if out.is_empty() { "" } else { ", " };
            let _ = write!(out, "{comma}{}", plural(number, word));
        }
    }
    let files: Option<BTreeSet<SourceId>> =
        findings.iter().map(|finding| finding.primary.as_ref().map(|label| label.span.source)).collect();
    if let Some(files) = files {
        let _ = write!(out, " in {}", plural(files.len(), "file"));
    }
    out
}

fn plural(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Source, Span};

    fn sources(text: &str) -> (Sources, SourceId) {
        let mut sources = Sources::default();
        let id = sources.add(Source { name: "a.yaml".to_owned(), text: text.to_owned() });
        (sources, id)
    }

    fn rendered(text_: &str, range: Range<usize>, message: &str) -> String {
        let (sources, source) = sources(text_);
        let mut findings = Findings::default();
        findings.push(Diagnostic::error(Span { source, start: range.start, end: range.end }, message));
        text(&findings, &sources, Colour::No)
    }

    #[test]
    fn no_findings_are_no_text() {
        assert_eq!(text(&Findings::default(), &Sources::default(), Colour::No), "");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("comment: {}", "x".repeat(100_000));
        let shown = rendered(&line, 9..line.len(), "too long");
        assert!(shown.len() < 2_000, "{} bytes", shown.len());
        let line = format!("groups: [{}, b@d]", "abc, ".repeat(50_000));
        let shown = rendered(&line, line.len() - 4..line.len() - 1, "an @");
        assert!(shown.len() < 2_000 && shown.contains("b@d"), "{shown}");
    }

    #[test]
    fn of_very_many_findings_the_errors_are_shown_first() {
        let (sources, source) = sources(&"x ".repeat(2_000));
        let mut findings = Findings::default();
        for at in 0..MOST + 10 {
            findings.push(Diagnostic::hint(Span { source, start: at, end: at + 1 }, "odd"));
        }
        findings.push(Diagnostic::error(Span { source, start: 3_999, end: 4_000 }, "wrong"));
        let shown = text(&findings, &sources, Colour::No);
        assert!(shown.starts_with("error: wrong"), "{shown}");
        assert_eq!(shown.matches("hint: odd").count(), MOST - 1);
        assert!(shown.ends_with("1 error, 510 hints in 1 file; 500 of them are shown\n"), "{shown}");
    }

    #[test]
    fn nothing_reaches_a_terminal_that_it_would_obey() {
        let hostile = "a: \u{1b}[31m\u{9b}2J\u{7}\r\u{202e}b\n";
        let shown = rendered(hostile, 3..6, &format!("`{hostile}`"));
        let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!shown.contains(bad), "{shown:?}");
        assert!(shown.starts_with("error: `a: ") && shown.lines().next().is_some_and(|line| line.ends_with('`')));
    }

    #[test]
    fn places_outside_of_the_text_do_no_harm() {
        for (start, end) in [(0, 0), (4, 4), (2, 100), (100, 200), (3, 2)] {
            let range = Range { start, end };
            let _ = rendered("ü: x", range.clone(), "odd");
            let _ = rendered("", range, "odd");
        }
    }
}
