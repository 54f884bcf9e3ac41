//! What is to be said of a file that was written, beside it.

use super::document::{Document, Line};
use super::ignored::warning;
use super::words::{count, listed};
use crate::desired::{Kind, Written};
use crate::model::Pattern;

/// Warns of what was not seen and of patterns that match nothing, and counts what is not declared.
pub fn exported(written: &Written, unseen: &[String], idle: &[(Kind, &Pattern)]) -> Document {
    let Written { text: _, undeclared, unsaid } = written;
    let mut notes = Document::default();
    for what in unseen {
        notes.push(warning(format!("the file may lack some of what is live: {what}")));
    }
    for (kind, pattern) in idle {
        notes.push(warning(format!("`{kind}={}` matches nothing live", pattern.as_str())));
    }
    let mut left: Vec<String> = undeclared.iter().map(|(kind, number)| count(*number, noun(*kind))).collect();
    if *unsaid > 0 {
        left.push(count(*unsaid, "attribute"));
    }
    if !left.is_empty() {
        let left = listed(&left);
        notes.push(Line::plain(format!("Live and not declared: {left}; the comments in the file say why.")));
    }
    notes
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Roles => "role",
        Kind::Groups => "group",
        Kind::Users => "user",
        Kind::Tokens => "token",
        Kind::Acl => "grant",
    }
}
