//! Mappings whose keys are fixed: the attributes of an object.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::fmt::Display;

use super::document::Declared;
use super::look_alike::{plain, strange};
use super::node::{Entry, Excerpt, Node, Value};
use super::notes::Notes;
use super::secrets::is_sensitive;
use super::value::{list_of, word};
use crate::diagnostic::{Diagnostic, Span, nearest};

/// The keys that a mapping may have.
pub(super) struct Vocabulary {
    /// What the mapping describes, with its article.
    pub noun: &'static str,
    /// The keys.
    pub keys: &'static [&'static str],
    /// Keys that are part of the language but not of this program yet, and what to do without them.
    pub unbuilt: &'static [(&'static str, &'static str)],
    /// Keys of the API that this language leaves alone, and why.
    pub unmanaged: &'static [(&'static str, &'static str)],
    /// What people look for here, and where it is said instead.
    pub elsewhere: &'static [(&'static str, &'static str)],
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
            Value::List(_) | Value::Scalar(_) => notes.push(no_mapping(node, vocabulary, owner)),
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

fn no_mapping(node: &Node<'_>, vocabulary: &Vocabulary, owner: &str) -> Diagnostic {
    let error = Diagnostic::error(node.span, format!("{owner}: expected its attributes, found {}", node.kind()));
    let key = vocabulary.keys.first().copied().unwrap_or_default();
    match &node.value {
        Value::Scalar(text) if text.text == "absent" && vocabulary.keys.contains(&"state") => {
            error.label("did you mean `{state: absent}`?")
        }
        Value::Scalar(text) if strange(&text.text).is_some() => error.help(strange(&text.text).unwrap_or_default()),
        _ => error.help(format!("write them as a mapping: `{{{key}: ..}}`")),
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

/// Reports a key that `vocabulary` does not have; gives the one that was probably meant, if its value can be read.
pub(super) fn unknown(
    entry: &Entry<'_>,
    vocabulary: &Vocabulary,
    owner: &str,
    notes: &mut Notes,
) -> Option<&'static str> {
    let key: &str = &entry.key;
    let sensitive = is_sensitive(key);
    if sensitive {
        notes.hide(&entry.value);
    }
    let listed = |list: &[(&str, &'static str)]| {
        list.iter().find(|(listed, _)| key.eq_ignore_ascii_case(listed)).map(|(_, help)| *help)
    };
    if let Some(help) = listed(vocabulary.unbuilt) {
        notes.push(Diagnostic::error(entry.span, format!("`{key}` is not built yet")).help(help));
        return None;
    }
    if let Some(why) = listed(vocabulary.unmanaged) {
        notes.push(Diagnostic::error(entry.span, format!("`{key}` is never managed")).help(why));
        return None;
    }
    let meant =
        |word: &str| listed_key(word, vocabulary.meant).or_else(|| nearest(word, vocabulary.keys.iter().copied()));
    // `enable:true` or `enable=true` is one word to YAML.
    if let Some((word, value)) = key.split_once([':', '=']).filter(|_| entry.value.is_null()) {
        if sensitive {
            notes.secrets.push(entry.span);
        }
        let error = Diagnostic::error(entry.span, format!("`{}` is not divided from its value", Excerpt(word)))
            .help("a colon and a blank stand between a key and its value, and neither in quotes");
        notes.push(match meant(word).filter(|_| !sensitive && !value.is_empty()) {
            Some(meant) => error.label(format!("did you mean `{meant}: {}`?", Excerpt(value.trim()))),
            None => error,
        });
        return None;
    }
    let error = Diagnostic::error(entry.span, format!("{owner} has an unknown key `{}`", Excerpt(key)));
    let error = match strange(key) {
        Some(help) => error.help(help),
        None => error,
    };
    if let Some(help) = listed(vocabulary.elsewhere) {
        notes.push(error.help(help));
        return None;
    }
    let meant = meant(&plain(key));
    notes.push(match meant {
        Some(meant) => error.label(format!("did you mean `{meant}`?")),
        None if sensitive => {
            error.help("passwords and secrets never stand in this file; renew this one if others may have seen it")
        }
        None => error.help(format!("the keys of {} are {}", vocabulary.noun, list_of(vocabulary.keys, "and"))),
    });
    meant
}

fn listed_key(word: &str, meant: &[(&str, &'static str)]) -> Option<&'static str> {
    meant.iter().find(|(written, _)| word.eq_ignore_ascii_case(written)).map(|(_, meant)| *meant)
}

/// Reports an attribute that stands at the column of the names it should be indented below.
pub(super) fn is_outdented(entry: &Entry<'_>, vocabulary: &Vocabulary, id: &str, notes: &mut Notes) -> bool {
    let outdented = vocabulary.keys.contains(&&*entry.key)
        && !entry.value.is_null()
        && !matches!(entry.value.value, Value::Mapping(_));
    if outdented {
        notes.push(
            Diagnostic::error(entry.span, format!("`{}` stands where a {id} belongs", entry.key))
                .help(format!("it is an attribute: indent it further than the {id} that it belongs to")),
        );
    }
    outdented
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
