//! Single values and lists of names, with what is said when something else stands there.

use super::document::Located;
use super::look_alike::strange;
use super::node::{Excerpt, Node, Scalar, Style, Value};
use super::notes::Notes;
use crate::diagnostic::{Diagnostic, Span, nearest};

/// The scalar that belongs here; `expected` completes "expected ..".
pub(super) fn scalar<'n, 'a>(
    node: &'n Node<'a>,
    key: &str,
    expected: &str,
    notes: &mut Notes,
) -> Option<&'n Scalar<'a>> {
    match &node.value {
        Value::Scalar(scalar) if scalar.is_null() => {
            notes.push(nothing(node.span, key));
            None
        }
        Value::Scalar(scalar) => Some(scalar),
        Value::List(_) | Value::Mapping(_) => {
            notes.push(mismatch(node, key, expected));
            None
        }
    }
}

/// A boolean: `true` or `false`, bare, and nothing else.
pub(super) fn boolean(node: &Node<'_>, key: &str, notes: &mut Notes) -> Option<bool> {
    const EXPECTED: &str = "true or false";
    let scalar = scalar(node, key, EXPECTED, notes)?;
    let meant = match scalar.text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "0" => Some(false),
        _ => None,
    };
    match (&*scalar.text, scalar.style) {
        ("true", Style::Plain) => return Some(true),
        ("false", Style::Plain) => return Some(false),
        ("true" | "false", Style::Quoted) => notes.push(
            Diagnostic::error(node.span, format!("`{key}`: expected {EXPECTED}, found a text in quotes"))
                .help(format!("remove the quotes: `{key}: {}`", scalar.text)),
        ),
        _ => {
            let error = mismatch(node, key, EXPECTED);
            notes.push(match meant {
                Some(meant) => error.help(format!("write `{key}: {meant}`")),
                None => error,
            });
        }
    }
    None
}

/// One of a few words; says which there are.
pub(super) fn word<'w>(node: &Node<'_>, key: &str, words: &[&'w str], notes: &mut Notes) -> Option<&'w str> {
    let list = list_of(words, "or");
    let scalar = scalar(node, key, &list, notes)?;
    if let Some(word) = words.iter().find(|word| **word == scalar.text) {
        return Some(word);
    }
    let error = mismatch(node, key, &list);
    let gone = ["delete", "deleted", "gone", "remove", "removed"].contains(&&*scalar.text.to_ascii_lowercase());
    let meant = words.iter().copied().find(|word| gone && *word == "absent");
    notes.push(match meant.or_else(|| nearest(&scalar.text, words.iter().copied())) {
        Some(word) => error.label(format!("did you mean `{word}`?")),
        None => error,
    });
    None
}

/// A name or a list of names, each with its place; `of` completes "a list of ..".
pub(super) fn names<'n>(node: &'n Node<'_>, key: &str, of: &str, notes: &mut Notes) -> Option<Vec<Located<&'n str>>> {
    let expected = format!("a list of {of}");
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        Value::Mapping(entries) => {
            let names: Vec<&str> = entries.iter().map(|entry| &*entry.key).collect();
            let error = mismatch(node, key, &expected);
            notes.push(if names.is_empty() {
                error.help(format!("an empty list is `{key}: []`"))
            } else {
                error.help(format!("names stand in a list, without colons: `{key}: [{}]`", Excerpt(&names.join(", "))))
            });
            return None;
        }
        Value::Scalar(scalar) if scalar.is_null() => {
            notes.push(nothing(node.span, key));
            return None;
        }
        Value::Scalar(_) => std::slice::from_ref(node),
    };
    let mut names: Vec<Located<&str>> = Vec::with_capacity(items.len());
    for item in items {
        match &item.value {
            Value::Scalar(scalar) if !scalar.is_null() => {
                names.push(Located { value: &*scalar.text, span: item.span });
            }
            _ => notes.push(Diagnostic::error(
                item.span,
                format!("`{key}`: expected {expected}, found {} in the list", item.found()),
            )),
        }
    }
    Some(names)
}

/// The finding that one name stands twice in a list.
pub(super) fn repeated(key: &str, name: &impl std::fmt::Display, first: Span, again: Span) -> Diagnostic {
    Diagnostic::hint(again, format!("`{name}` stands in `{key}` twice")).label("again here").and(first, "first here")
}

/// The finding that something of the wrong kind stands at `node`.
pub(super) fn mismatch(node: &Node<'_>, key: &str, expected: &str) -> Diagnostic {
    let error = Diagnostic::error(node.span, format!("`{key}`: expected {expected}, found {}", node.found()));
    match &node.value {
        Value::Scalar(scalar) => strange(&scalar.text).into_iter().fold(error, Diagnostic::help),
        Value::List(_) | Value::Mapping(_) => error,
    }
}

fn nothing(span: Span, key: &str) -> Diagnostic {
    let error = Diagnostic::error(span, format!("`{key}` has no value"));
    let empty = match key {
        "comment" | "firstname" | "lastname" | "email" => {
            return error
                .help(format!(
                    "leave the key out to leave the attribute as it is; to make it empty, write `{key}: \"\"`"
                ))
                .help("a text that begins with # has to be in quotes");
        }
        "groups" | "privs" => "[]",
        "expire" => "never",
        _ => return error.help("give it one, or remove the key"),
    };
    error.help(format!("leave the key out to leave the attribute as it is; to make it empty, write `{key}: {empty}`"))
}

/// `a`, `b` or `c`
pub(super) fn list_of(words: &[&str], conjunction: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", Excerpt(word))).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {conjunction} {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
