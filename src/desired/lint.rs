//! `lint`: which rules of `pve-access lint` the files let pass.

use super::document::{Lint, Located};
use super::fields::{Fields, Vocabulary};
use super::node::Node;
use super::notes::Notes;
use super::value::{names, repeated};

const VOCABULARY: Vocabulary = Vocabulary {
    noun: "`lint`",
    keys: &["allow"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[
        ("deny", "what is an error is said on the command line: pve-access lint --deny RULE"),
        ("warn", "each rule has its severity; --deny RULE makes an error of it"),
    ],
    meant: &[("allowed", "allow"), ("ignore", "allow"), ("disable", "allow"), ("skip", "allow")],
};

/// Reads `lint` of one file; which rules there are is not known here.
pub(super) fn read(node: &Node<'_>, lint: &mut Lint, notes: &mut Notes) {
    let fields = Fields::read(node, &VOCABULARY, "`lint`", notes);
    let Some(allowed) = fields.get("allow") else { return };
    for Located { value, span } in names(allowed, "allow", "rules", notes).unwrap_or_default() {
        match lint.allow.iter().find(|known| known.value == value) {
            Some(first) if first.span.source == span.source => {
                notes.push(repeated("allow", &value, first.span, span));
            }
            // Each file may say what it needs.
            Some(_) => {}
            None => lint.allow.push(Located { value: value.to_owned(), span }),
        }
    }
}
