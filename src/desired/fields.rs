//! Mappings whose keys are fixed: the attributes of an object.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fmt::Display;

use super::document::Declared;
use super::node::{Entry, Excerpt, Node, Value};
use super::notes::Notes;
use super::value::{list_of, word};
use crate::diagnostic::{Diagnostic, Span, nearest};

/// The keys that a mapping may have.
pub(super) struct Vocabulary {
    /// What the mapping describes, with its article.
    pub noun: &'static str,
    /// The keys.
    pub keys: &'static [&'static str],
    /// Keys that are part of the language but not of this program yet.
    pub unbuilt: &'static [&'static str],
    /// Keys of the API that this language leaves alone, and why.
    pub unmanaged: &'static [(&'static str, &'static str)],
    /// What people write, and the key they mean.
    pub meant: &'static [(&'static str, &'static str)],
}

/// What a mapping says, by key.
pub(super) struct Fields<'n, 'a> {
    entries: BTreeMap<&'static str, &'n Entry<'a>>,
}

/// Whether an object shall be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It shall.
    Present,
    /// It shall not.
    Absent,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Reads the mapping that describes `owner`; nothing written means no attributes.
    pub fn read(node: &'n Node<'a>, vocabulary: &Vocabulary, owner: &str, notes: &mut Notes) -> Fields<'n, 'a> {
        let mut entries = BTreeMap::new();
        match &node.value {
            Value::Mapping(written) => {
                let mut strangers = Vec::new();
                for entry in written {
                    match vocabulary.keys.iter().find(|key| **key == entry.key) {
                        Some(key) => insert(&mut entries, key, entry, owner, notes),
                        None => strangers.push(entry),
                    }
                }
                // What is misspelt is still read, to find all that is wrong with it.
                for entry in strangers {
                    if let Some(meant) = unknown(entry, vocabulary, owner, notes) {
                        entries.entry(meant).or_insert(entry);
                    }
                }
            }
            _ if node.is_null() => {}
            Value::List(_) | Value::Scalar(_) => {
                let key = vocabulary.keys.first().copied().unwrap_or_default();
                notes.push(
                    Diagnostic::error(node.span, format!("{owner}: expected its attributes, found {}", node.kind()))
                        .help(format!("write them as a mapping: `{{{key}: ..}}`")),
                );
            }
        }
        Fields { entries }
    }

    /// The value of `key`, if it is given.
    pub fn get(&self, key: &str) -> Option<&'n Node<'a>> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// What `state` says; attributes of something that shall be absent are an error.
    pub fn state(&self, owner: &str, identity: &[&str], notes: &mut Notes) -> State {
        let Some(node) = self.get("state") else { return State::Present };
        if word(node, "state", &["present", "absent"], notes) != Some("absent") {
            return State::Present;
        }
        let about = |key: &&str| *key != "state" && !identity.contains(key);
        let mut attributes: Vec<Span> =
            self.entries.iter().filter(|(key, _)| about(key)).map(|(_, entry)| entry.span).collect();
        attributes.sort_unstable();
        if let Some((first, rest)) = attributes.split_first() {
            let error = Diagnostic::error(*first, format!("{owner} shall be absent, and still has attributes"))
                .label("how it should be")
                .and(node.span, "that it should not be")
                .help("remove the attributes, or `state: absent`");
            notes.push(rest.iter().fold(error, |error, span| error.and(*span, "and here")));
        }
        State::Absent
    }
}

fn insert<'n, 'a>(
    entries: &mut BTreeMap<&'static str, &'n Entry<'a>>,
    key: &'static str,
    entry: &'n Entry<'a>,
    owner: &str,
    notes: &mut Notes,
) {
    match entries.entry(key) {
        Slot::Vacant(slot) => {
            slot.insert(entry);
        }
        Slot::Occupied(first) => notes.push(
            Diagnostic::error(entry.span, format!("{owner} has `{key}` twice"))
                .label("again here")
                .and(first.get().span, "first here")
                .help("keep one of the two"),
        ),
    }
}

/// Reports a key that `vocabulary` does not have; gives the one that was probably meant.
pub(super) fn unknown(
    entry: &Entry<'_>,
    vocabulary: &Vocabulary,
    owner: &str,
    notes: &mut Notes,
) -> Option<&'static str> {
    const SENSITIVE: [&str; 5] = ["pass", "secret", "token", "value", "key"];
    let key: &str = &entry.key;
    let lower = key.to_ascii_lowercase();
    let sensitive = SENSITIVE.iter().any(|part| lower.contains(part));
    if sensitive {
        notes.hide(&entry.value);
    }
    if vocabulary.unbuilt.contains(&key) {
        notes.push(Diagnostic::error(entry.span, format!("`{key}` is not built yet")).help("remove it"));
        return None;
    }
    if let Some((_, why)) = vocabulary.unmanaged.iter().find(|(unmanaged, _)| *unmanaged == key) {
        notes.push(Diagnostic::error(entry.span, format!("`{key}` is never managed")).help(*why));
        return None;
    }
    let error = Diagnostic::error(entry.span, format!("{owner} has an unknown key `{}`", Excerpt(key)));
    let meant = vocabulary.meant.iter().find(|(written, _)| *written == lower).map(|(_, meant)| *meant);
    let meant = meant.or_else(|| nearest(key, vocabulary.keys.iter().copied()));
    notes.push(match meant {
        Some(meant) => error.label(format!("did you mean `{meant}`?")),
        None if sensitive => {
            error.help("passwords and secrets never stand in this file; renew this one if others may have seen it")
        }
        None => error.help(format!("the keys of {} are {}", vocabulary.noun, list_of(vocabulary.keys, "and"))),
    });
    meant
}

/// Takes an object in, unless it is declared already.
pub(super) fn declare<K: Ord + Display, T>(
    objects: &mut BTreeMap<K, Declared<T>>,
    noun: &str,
    id: K,
    declared: Declared<T>,
    notes: &mut Notes,
) {
    match objects.entry(id) {
        Slot::Vacant(slot) => {
            slot.insert(declared);
        }
        Slot::Occupied(first) => notes.push(
            Diagnostic::error(declared.span, format!("{noun} `{}` is declared twice", first.key()))
                .label("again here")
                .and(first.get().span, "first here")
                .help("the files are one document: declare each object once"),
        ),
    }
}
