//! From a state to a file that declares it.
//!
//! Knows how a person would write the file down. Asks the reader about every part of it, and writes as a comment, with
//! what the reader says, whatever it would find fault with: the file asks for what is there, and nothing is said of it.

mod ask;
mod grants;
mod header;
mod layout;
mod objects;
mod scalar;
mod sections;

use std::collections::BTreeMap;

use header::header;
use objects::Draft;
use sections::Page;

use super::selection::{Kind, Selection};
use crate::diagnostic::{Source, Sources, Span};
use crate::model::AccessState;

/// Where a state comes from.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    /// The cluster, its release, and who was reading.
    pub origin: &'a str,
    /// What may be there without having been seen, as a sentence.
    pub unseen: Option<&'a str>,
    /// Whether all users, groups and tokens could be seen.
    pub accounts: Accounts,
}

/// Whether users, groups and tokens are known to be all there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// They are.
    All,
    /// There may be others.
    Some,
}

/// A file, and what stands in it as a comment alone.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub text: String,
    /// How many objects and grants of each kind are not declared.
    pub undeclared: BTreeMap<Kind, usize>,
    /// How many members of groups do not exist.
    pub vanished: usize,
    /// How many attributes of declared objects are not.
    pub unsaid: usize,
}

/// Writes what `selection` means of `live` as a file that finds nothing to change in `live`.
pub fn write(live: &AccessState, selection: &Selection, provenance: Provenance<'_>) -> Written {
    let Provenance { origin: _, unseen: _, accounts } = provenance;
    let source = Sources::default().add(Source { name: String::new(), text: String::new() });
    let draft = Draft { nowhere: Span { source, start: 0, end: 0 } };
    let page = Page { live, selection, accounts, draft };

    let mut lines = header(live, selection, provenance);
    lines.extend([String::new(), "version: 1".to_owned()]);
    let (mut undeclared, mut vanished, mut unsaid) = (BTreeMap::new(), 0, 0);
    for (kind, section) in page.sections() {
        if section.undeclared > 0 {
            undeclared.insert(kind, section.undeclared);
        }
        vanished += section.vanished;
        unsaid += section.unsaid;
        if !section.lines.is_empty() {
            lines.extend([String::new(), format!("{kind}:")]);
            lines.extend(section.lines);
        }
    }
    lines.push(String::new());
    Written { text: lines.join("\n"), undeclared, vanished, unsaid }
}
