//! `password`: where a user's password comes from.
//!
//! The password itself never stands in a file, so whatever stands in the place of a source is taken for one, and hidden.

use std::path::Path;

use super::document::PasswordSource;
use super::fields::{Fields, Vocabulary};
use super::file_path::file_path;
use super::node::{Node, Value};
use super::notes::Notes;
use super::value::scalar;
use crate::diagnostic::{Diagnostic, Span};
use crate::pve::UserId;

/// What `password` may say.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a password",
    keys: &["env", "file", "command"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[],
    meant: &[
        ("path", "file"),
        ("variable", "env"),
        ("var", "env"),
        ("cmd", "command"),
        ("exec", "command"),
        ("program", "command"),
    ],
};

const HELP: &str = "say where it comes from: `password: {env: VARIABLE}`, `{file: PATH}` or `{command: [PROGRAM, ..]}`";

/// A source; relative paths start at `folder`.
pub(super) fn read(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Option<PasswordSource> {
    match &node.value {
        Value::Scalar(written) if written.is_null() => {
            notes.push(Diagnostic::error(node.span, "`password` has no value").help(HELP));
            return None;
        }
        Value::Scalar(_) | Value::List(_) => {
            notes.hide(node);
            notes.push(
                Diagnostic::error(node.span, "`password` says where the password comes from, in a mapping")
                    .help(HELP)
                    .help(
                        "a password itself never stands in this file; choose another if others may have seen this one",
                    ),
            );
            return None;
        }
        Value::Mapping(_) => {}
    }
    let fields = Fields::read(node, &VOCABULARY, "`password`", notes);
    let given: Vec<(&str, &Node<'_>)> =
        VOCABULARY.keys.iter().filter_map(|key| Some((*key, fields.get(key)?))).collect();
    match given.as_slice() {
        [] => {
            if let Value::Mapping(entries) = &node.value
                && entries.is_empty()
            {
                notes.push(Diagnostic::error(node.span, "`password` names no source").help(HELP));
            }
            None
        }
        [("env", node)] => variable(node, notes).map(PasswordSource::Env),
        [("file", node)] => file_path(node, folder, notes).map(PasswordSource::File),
        [(_, node)] => command(node, notes).map(PasswordSource::Command),
        [(_, first), (_, second), ..] => {
            notes.push(
                Diagnostic::error(second.span, "`password` names two sources")
                    .label("the other")
                    .and(first.span, "the one")
                    .help("keep one of them"),
            );
            None
        }
    }
}

/// Refuses a password where Proxmox VE keeps none, or keeps it for the system (api-facts.md, Users).
pub(super) fn check_realm(user: &UserId, place: Span, notes: &mut Notes) {
    let (fault, help) = match user.realm() {
        "pve" => return,
        "pam" => (
            "the password of `{user}` is the system's: users of realm `pam` are accounts of the nodes",
            "remove it; `passwd` on a node sets it",
        ),
        _ => (
            "the password of `{user}` is not kept by Proxmox VE: its realm `{realm}` asks somebody else",
            "remove it, and set it where the realm gets its users from; Proxmox VE keeps passwords of realm `pve` alone",
        ),
    };
    let fault = fault.replace("{user}", user.as_str()).replace("{realm}", user.realm());
    notes.push(Diagnostic::error(place, fault).help(help));
}

/// The name of a variable. What is none may be the password: it is not repeated.
fn variable(node: &Node<'_>, notes: &mut Notes) -> Option<String> {
    let written = &*scalar(node, "env", "the name of a variable", notes)?.text;
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_name = written.starts_with(start) && written.chars().all(|c| start(c) || c.is_ascii_digit());
    if !is_name {
        notes.hide(node);
        notes.push(
            Diagnostic::error(node.span, "`env` names a variable of the environment, and this is no such name").help(
                "letters, digits and `_` are allowed, no digit first, and no `$`: `password: {env: ANN_PASSWORD}`",
            ),
        );
    }
    is_name.then(|| written.to_owned())
}

/// A program and its arguments.
fn command(node: &Node<'_>, notes: &mut Notes) -> Option<Vec<String>> {
    const HELP: &str = "no shell reads it: each argument is an item of the list: `command: [pass, show, ann]`";
    let Value::List(items) = &node.value else {
        notes.push(
            Diagnostic::error(
                node.span,
                format!("`command`: expected a program and its arguments, found {}", node.kind()),
            )
            .help(HELP),
        );
        return None;
    };
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        match &item.value {
            Value::Scalar(word) if !word.is_null() && !word.text.contains('\0') => words.push(word.text.to_string()),
            _ => {
                notes.push(
                    Diagnostic::error(item.span, format!("`command`: expected a text, found {}", item.kind()))
                        .help(HELP),
                );
                return None;
            }
        }
    }
    if words.first().is_none_or(String::is_empty) {
        notes.push(Diagnostic::error(node.span, "`command` names no program").help(HELP));
        return None;
    }
    Some(words)
}
