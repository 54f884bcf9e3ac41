//! What a plan means, as lines of text: for the terminal, and for a block of a comment.

use super::super::document::{Document, Line, Style};
use super::super::sight::{hidden_kinds, reader_name};
use super::super::words::{count, listed};
use super::{Consequence, Consequences, Detail, Tone, consequences};
use crate::plan::Plan;

/// What is said of a plan's effect.
pub(in crate::render) struct Meaning {
    /// What the lines are about, or that there are none.
    pub(in crate::render) title: &'static str,
    consequences: Consequences,
    /// Why it may be wrong.
    caveat: Option<String>,
}

impl Meaning {
    /// What `plan` means; nothing if there is nothing to do.
    pub(in crate::render) fn of(plan: &Plan, detail: Detail) -> Option<Meaning> {
        let reader = reader_name(plan.aim.live.reader.as_ref());
        let hidden = &plan.effect.hidden;
        (!plan.is_empty()).then(|| Meaning {
            title: if plan.effect.is_empty() {
                "Effective permissions: nobody gains or loses anything"
            } else {
                "Effective permissions"
            },
            consequences: consequences(plan, detail),
            caveat: (!hidden.is_empty())
                .then(|| format!("This may be wrong or not all: {reader} does not see all {}.", hidden_kinds(hidden))),
        })
    }

    /// A section of a plan on a terminal.
    pub(in crate::render) fn section(&self) -> Document {
        let Meaning { title, consequences, caveat } = self;
        let mut document = Document::default();
        document.push(Line::plain("  ").with(Style::Strong, *title));
        document.extend(lines(consequences));
        if let Some(caveat) = caveat {
            document.push(Line::plain("    ").with(Style::Change, caveat));
        }
        document
    }

    /// Lines of a difference, as forges colour them.
    pub(in crate::render) fn marked(&self) -> Vec<String> {
        let Meaning { title: _, consequences: Consequences { lines, left_out }, caveat } = self;
        let line = |line: &Consequence| {
            let sign = match line.tone {
                Tone::Loss => "-",
                Tone::Gain => "+",
                Tone::Same => " ",
            };
            format!("{sign} {}{} {}", " ".repeat(indent(line)), line.who, line.sentence())
        };
        let mut marked: Vec<String> = lines.iter().map(line).collect();
        marked.extend(more_lines(left_out).map(|more| format!("  ... and {more} (--full)")));
        marked.extend(caveat.iter().map(|caveat| format!("! {caveat}")));
        marked
    }
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
    if let Some(more) = more_lines(left_out) {
        document.push(Line::default().with(Style::Dim, format!("    ... and {more} (--full)")));
    }
    document
}

fn indent(line: &Consequence) -> usize {
    /// Paths can be below one another a thousand times.
    const DEEPEST: usize = 8;
    2 * line.depth.min(DEEPEST)
}

/// `3 more lines of losses and 1 more line of gains`
fn more_lines(left_out: &[(usize, &str)]) -> Option<String> {
    let more = |(number, kind): &(usize, &str)| format!("{} {kind}", count(*number, "more line"));
    let left_out: Vec<String> = left_out.iter().map(more).collect();
    (!left_out.is_empty()).then(|| listed(&left_out))
}
