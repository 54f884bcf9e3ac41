//! What a plan means, as text.

use super::super::document::{Document, Line, Style};
use super::super::sight::{hidden_kinds, reader_name};
use super::super::words::listed;
use super::{Consequence, Consequences, Detail, Tone, consequences};
use crate::plan::Plan;

/// A section of the plan; nothing if there is nothing to do.
pub(in crate::render) fn section(plan: &Plan, detail: Detail) -> Document {
    let mut document = Document::default();
    if plan.is_empty() {
        return document;
    }
    let heading = Line::plain("  ").with(Style::Strong, "Effective permissions");
    if plan.effect.is_empty() {
        document.push(heading.with(Style::Plain, ": nobody gains or loses anything"));
    } else {
        document.push(heading);
        document.extend(lines(&consequences(plan, detail)));
    }
    if !plan.effect.hidden.is_empty() {
        let reader = reader_name(plan.aim.live.reader.as_ref());
        let kinds = hidden_kinds(&plan.effect.hidden);
        document.push(
            Line::plain("    ")
                .with(Style::Change, format!("This may be wrong or not all: {reader} does not see all {kinds}.")),
        );
    }
    document
}

fn lines(Consequences { lines, left_out }: &Consequences) -> Document {
    /// Whoever has a longer name pushes its own line aside, not everybody's.
    const WIDEST: usize = 48;
    let width = |line: &Consequence| line.who.chars().count() + indent(line);
    let widest = lines.iter().map(width).filter(|&width| width <= WIDEST).max().unwrap_or(0);
    let mut document = Document::default();
    for line in lines {
        let style = match line.tone {
            Tone::Loss => Style::Delete,
            Tone::Gain => Style::Create,
            Tone::Same => Style::Dim,
        };
        let rest = line.sentence();
        let rest = rest.strip_prefix(line.verb).unwrap_or_default();
        document.push(
            Line::plain(" ".repeat(4 + indent(line)))
                .with(Style::Strong, &line.who)
                .with(Style::Plain, " ".repeat(widest.saturating_sub(width(line)) + 2))
                .with(style, line.verb)
                .with(Style::Plain, rest),
        );
    }
    if !left_out.is_empty() {
        let left_out: Vec<String> = left_out.iter().map(|(number, kind)| more(*number, kind)).collect();
        document.push(Line::default().with(Style::Dim, format!("    ... and {} (--full)", listed(&left_out))));
    }
    document
}

fn indent(line: &Consequence) -> usize {
    /// Paths can be below one another a thousand times.
    const DEEPEST: usize = 8;
    2 * line.depth.min(DEEPEST)
}

/// `3 more lines of losses`
fn more(number: usize, kind: &str) -> String {
    let lines = if number == 1 { "line" } else { "lines" };
    format!("{number} more {lines} {kind}")
}
