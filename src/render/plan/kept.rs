//! What a plan leaves alone.

use crate::render::document::{Document, Line, Style};
use crate::render::words::{count, listed, visible};
use crate::resolve::Kept;

/// Whether what is live and not declared is listed or only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeclared {
    /// Counted.
    Count,
    /// Listed.
    List,
}

/// What was left alone: counted by kind, or listed.
pub(super) fn kept(kept: &[Kept], undeclared: Undeclared) -> Document {
    let mut document = Document::default();
    if kept.is_empty() {
        return document;
    }
    let of_kind = |is: fn(&Kept) -> bool| kept.iter().filter(|kept| is(kept)).count();
    let counts: Vec<String> = [
        ("role", of_kind(|kept| matches!(kept, Kept::Role(_)))),
        ("group", of_kind(|kept| matches!(kept, Kept::Group(_)))),
        ("user", of_kind(|kept| matches!(kept, Kept::User(_)))),
        ("token", of_kind(|kept| matches!(kept, Kept::Token(_)))),
        ("membership", of_kind(|kept| matches!(kept, Kept::Membership(..)))),
        ("grant", of_kind(|kept| matches!(kept, Kept::Grant(_)))),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(noun, number)| count(number, noun))
    .collect();
    let hint = match undeclared {
        Undeclared::Count => " (--show-undeclared)",
        Undeclared::List => ":",
    };
    document.push(Line::default().with(Style::Dim, format!("Not declared, left alone: {}{hint}", listed(&counts))));
    if undeclared == Undeclared::List {
        for kept in kept {
            document.push(Line::plain(format!("    {}", visible(kept))));
        }
    }
    document
}
