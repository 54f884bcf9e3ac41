//! What a file says in vain, as warnings.

use super::document::{Document, Line, Style};
use super::words::{count, visible};
use crate::live::Ignored;

/// A line each, for what a server passes over in its own files.
pub fn ignored(ignored: &[Ignored]) -> Document {
    const TOLD: usize = 50;
    let mut document = Document::default();
    for Ignored { file, line, reason } in ignored.iter().take(TOLD) {
        document.push(warning(format!("{file}:{line}: ignored, as the server does: {reason}")));
    }
    let more = ignored.len().saturating_sub(TOLD);
    if more > 0 {
        document.push(warning(format!("{} ignored like these", count(more, "more place"))));
    }
    document
}

/// A line that warns.
pub(super) fn warning(text: String) -> Line {
    Line::default().with(Style::Change, "warning: ").with(Style::Plain, visible(text))
}
