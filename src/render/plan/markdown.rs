//! A plan as Markdown, for a comment on a pull request.
//!
//! Whatever comes from a file or a server stands in code, where nothing is markup, a link or a mention: names in spans, and
//! lines in fenced blocks. A fence, and the marks around a span, are longer than any row of backticks within.

use std::collections::BTreeSet;

use super::Undeclared;
use super::columns::columns;
use super::rows::Mark;
use super::said::Said;
use crate::plan::Waiver;
use crate::render::document::{Document, Line};
use crate::render::refused::{Refusal, refusal_lines};
use crate::render::words::{count, listed};

/// How many bytes it has at most: GitHub takes 65,536 characters, and a job may add some of its own.
pub(super) const MOST: usize = 60_000;

/// A line longer than this is left out: somebody has put a novel into a comment.
const LONGEST: usize = 4_000;

/// What goes around the lines of a block, what is left out of it included.
const FRAME: usize = 300;

/// A block of lines that can be cut.
struct Block {
    title: String,
    language: &'static str,
    lines: Vec<String>,
    folded: Folded,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Folded {
    No,
    Yes,
}

/// The whole, with what speaks against it.
pub(super) fn markdown(said: &Said, undeclared: Undeclared) -> Document {
    let Said { origin, rows, meaning, summary, policies, kept, uncompared, hidden, refusals, waived } = said;
    let mut head = Vec::new();
    let (begins, rest) = summary.sentence();
    head.push(format!("**{begins}**{rest}"));
    head.push(String::new());
    head.push(span(&shortened(origin)));
    for sentence in policies.sentences() {
        head.extend([String::new(), sentence]);
    }
    if !waived.is_empty() {
        let names: BTreeSet<Waiver> = waived.iter().map(|(waiver, _)| *waiver).collect();
        let names: Vec<String> = names.iter().map(|waiver| format!("`--allow {waiver}`")).collect();
        head.extend([String::new(), format!("Guards object, and are waived with {}.", listed(&names))]);
    }
    let mut blocks = Vec::new();
    if !refusals.is_empty() {
        blocks.push(Block {
            title: "**Refused:** apply would do nothing.".to_owned(),
            language: "text",
            lines: refusals.iter().flat_map(|refusal: &Refusal| refusal_lines(refusal)).collect(),
            folded: Folded::No,
        });
    }
    if !rows.is_empty() {
        blocks.push(Block {
            title: count(rows.len(), "change"),
            language: "diff",
            lines: columns(rows).map(|row| row.line(sign(row.mark))).collect(),
            folded: Folded::Yes,
        });
    }
    if let Some(meaning) = meaning {
        let lines = meaning.marked();
        // There is nothing to unfold where nobody gains or loses anything.
        let folded = if lines.is_empty() { Folded::No } else { Folded::Yes };
        blocks.push(Block { title: meaning.title.to_owned(), language: "diff", lines, folded });
    }
    match kept.sentence() {
        Some(title) if undeclared == Undeclared::List => {
            let lines = kept.names.clone();
            blocks.push(Block { title, language: "text", lines, folded: Folded::Yes });
        }
        Some(sentence) => head.extend([String::new(), format!("{sentence}.")]),
        None => {}
    }
    if let Some(sentence) = uncompared {
        head.extend([String::new(), format!("{sentence}.")]);
    }
    if let Some(hidden) = hidden {
        blocks.push(Block {
            title: "**Not everything is visible:**".to_owned(),
            language: "text",
            lines: vec![hidden.clone()],
            folded: Folded::No,
        });
    }
    let mut left = MOST - blocks.len() * FRAME - size(&head);
    let mut lines = head;
    for block in &blocks {
        let written = block.write(left);
        left = left.saturating_sub(size(&written).saturating_sub(FRAME));
        lines.extend(written);
    }
    let mut document = Document::default();
    lines.into_iter().for_each(|line| document.push(Line::plain(line)));
    document
}

impl Block {
    /// The block in about `most` bytes, beside its frame.
    fn write(&self, most: usize) -> Vec<String> {
        let Block { title, language, lines, folded } = self;
        let fits: Vec<&String> = lines.iter().filter(|line| line.len() <= LONGEST).collect();
        let fence = "`".repeat(3.max(1 + fits.iter().map(|line| backticks(line)).max().unwrap_or(0)));
        let mut room = most.saturating_sub(2 * fence.len());
        let shown: Vec<&String> = fits
            .into_iter()
            .take_while(|line| {
                let fits = line.len() < room;
                room = room.saturating_sub(line.len() + 1);
                fits
            })
            .collect();
        let out = lines.len() - shown.len();
        let mut written = vec![String::new()];
        match folded {
            Folded::Yes => written.push(format!("<details><summary>{title}</summary>")),
            Folded::No => written.push(title.clone()),
        }
        if !shown.is_empty() {
            written.extend([String::new(), format!("{fence}{language}")]);
            written.extend(shown.into_iter().cloned());
            written.push(fence);
        }
        if out > 0 {
            let what = count(out, "line");
            written.extend([
                String::new(),
                format!("**Left out: {what}, for which there is no room here.** See the job's own output."),
            ]);
        }
        if *folded == Folded::Yes {
            written.extend([String::new(), "</details>".to_owned()]);
        }
        written
    }
}

/// As forges colour differences: they know `!` and not `~`.
fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Create => "+",
        Mark::Change => "!",
        Mark::Delete => "-",
    }
}

fn size(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

/// The longest row of backticks.
fn backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// `text` as code within a line.
fn span(text: &str) -> String {
    let marks = "`".repeat(1 + backticks(text));
    // One blank at each end is taken away again, where there is one at both and something between.
    let margin = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{marks}{margin}{text}{margin}{marks}")
}

fn shortened(text: &str) -> String {
    const MOST: usize = 500;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['.'; 3]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_where_it_should() {
        for (text, written) in [("a", "`a`"), ("a`b", "``a`b``"), ("``", "``` `` ```"), ("a `", "`` a ` ``")] {
            assert_eq!(span(text), written);
        }
    }

    fn block(lines: Vec<String>) -> Block {
        Block { title: "Lines".to_owned(), language: "text", lines, folded: Folded::Yes }
    }

    #[test]
    fn a_fence_is_longer_than_what_is_in_it() {
        let written = block(vec!["+ ````".to_owned()]).write(1_000);
        assert_eq!(
            written,
            ["", "<details><summary>Lines</summary>", "", "`````text", "+ ````", "`````", "", "</details>"]
        );
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let lines: Vec<String> =
            (0..100).map(|number| format!("+ line {number:02}")).chain(["x".repeat(LONGEST + 1)]).collect();
        let written = block(lines).write(110);
        assert_eq!(written.iter().filter(|line| line.starts_with('+')).count(), 10);
        assert!(written.iter().any(|line| line.starts_with("**Left out: 91 lines")), "{written:?}");
        let none = block(vec!["x".repeat(LONGEST + 1)]).write(MOST);
        assert!(!none.iter().any(|line| line.starts_with("```")), "{none:?}");
    }
}
