//! A plan as text on a terminal.

use super::Undeclared;
use super::columns::{Columns, columns};
use super::rows::Row;
use super::said::{Rest, Said};
use crate::render::document::{Document, Line, Style};

/// The whole but what stands against it, which is no result.
pub(super) fn text(said: &Said, undeclared: Undeclared) -> Document {
    let Said { origin, rows, meaning, summary, policies, kept, uncompared, hidden, refusals: _, waived } = said;
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, origin));
    if !rows.is_empty() {
        document.gap();
        document.extend(table(rows));
    }
    if let Some(meaning) = meaning {
        document.gap();
        document.extend(meaning.section());
    }
    document.gap();
    let (begins, rest) = summary.sentence();
    let style = match (summary.requests, summary.rest) {
        (0, Rest::InSync | Rest::Unknown) => Style::Good,
        (0, Rest::Visible | Rest::Broken) => Style::Change,
        _ => Style::Strong,
    };
    document.push(Line::default().with(style, begins).with(Style::Plain, rest));
    let style = if policies.broken > 0 { Style::Bad } else { Style::Plain };
    policies.sentences().into_iter().for_each(|sentence| document.push(Line::default().with(style, sentence)));
    for (waiver, fault) in waived {
        document.push(
            Line::default().with(Style::Change, format!("Waived with --allow {waiver}: ")).with(Style::Plain, fault),
        );
    }
    if let Some(sentence) = kept.sentence() {
        let hint = match undeclared {
            Undeclared::Count => " (--show-undeclared)",
            Undeclared::List => ":",
        };
        document.push(Line::default().with(Style::Dim, format!("{sentence}{hint}")));
        if undeclared == Undeclared::List {
            kept.names.iter().for_each(|name| document.push(Line::plain(format!("    {name}"))));
        }
    }
    if let Some(sentence) = uncompared {
        document.push(Line::default().with(Style::Dim, format!("{sentence} (--set-passwords)")));
    }
    if let Some(hidden) = hidden {
        document.push(Line::plain(format!("Not everything is visible: {hidden}")));
    }
    document
}

fn table(rows: &[Row]) -> Document {
    let mut document = Document::default();
    for Columns { mark, kind, name, details } in columns(rows) {
        let (style, sign) = mark.sign();
        let line = Line::plain("  ")
            .with(style, sign)
            .with(Style::Plain, kind)
            .with(Style::Strong, name)
            .with(Style::Plain, details);
        document.push(line);
    }
    document
}
