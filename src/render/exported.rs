//! What is to be said of a file that was written, beside it.

use super::document::{Document, Line};
use super::ignored::warning;
use super::sight::{hidden_kinds, origin, reader_name, remedy};
use super::words::{count, listed};
use crate::desired::{Kind, Written};
use crate::live::Snapshot;
use crate::model::Pattern;

/// Where `snapshot` was read, and as whom.
pub fn origin_of(snapshot: &Snapshot) -> String {
    origin(&snapshot.cluster, snapshot.state.release, snapshot.reader.as_ref())
}

/// What a file of `snapshot` may lack, as a sentence; what no file declares is nothing to lack.
pub fn unseen(snapshot: &Snapshot) -> Option<String> {
    let hidden = snapshot.sight.hidden_declarable();
    let reader = reader_name(snapshot.reader.as_ref());
    (!hidden.is_empty()).then(|| format!("{reader} does not see all {}", hidden_kinds(&hidden)))
}

/// Warns of what was not seen and of patterns that match nothing, and counts what is not declared.
pub fn exported(snapshot: &Snapshot, written: &Written, idle: &[(Kind, &Pattern)]) -> Document {
    let Written { text: _, undeclared, vanished, unsaid } = written;
    let mut notes = Document::default();
    if let Some(unseen) = unseen(snapshot) {
        notes.push(warning(format!("{unseen}, so the file may lack some")));
        notes.extend(remedy(&snapshot.sight.hidden_declarable(), snapshot.reader.as_ref()));
    }
    for (kind, pattern) in idle {
        notes.push(warning(format!("`{kind}={}` matches nothing live", pattern.as_str())));
    }
    let mut left: Vec<String> = undeclared.iter().map(|(kind, number)| count(*number, noun(*kind))).collect();
    if *vanished > 0 {
        left.push(count(*vanished, "vanished member"));
    }
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
