//! What a file says in vain, as warnings.

use super::document::{Document, Line, Style};
use super::words::{count, visible};
use crate::live::Snapshot;

/// How many are told one by one.
const TOLD: usize = 50;

/// A line each, for lines of a user.cfg that a server passes over.
pub fn ignored(snapshot: &Snapshot) -> Document {
    let mut document = Document::default();
    for ignored in snapshot.ignored.iter().take(TOLD) {
        let place = format!("{}:{}", snapshot.cluster, ignored.line);
        document.push(warning(format!("{place}: ignored, as the server does: {}", ignored.reason)));
    }
    let more = snapshot.ignored.len().saturating_sub(TOLD);
    if more > 0 {
        document.push(warning(format!(
            "{}: ignored for such reasons: {}",
            snapshot.cluster,
            count(more, "more place")
        )));
    }
    document
}

/// A line that warns.
pub(super) fn warning(text: String) -> Line {
    Line::default().with(Style::Change, "warning: ").with(Style::Plain, visible(text))
}
