//! `secret`: where a token's secret goes.

use std::path::Path;

use super::command;
use super::document::{Destination, Format, Sink};
use super::fields::{Fields, Vocabulary};
use super::file_path::file_path;
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::value::{scalar, word};
use crate::diagnostic::{Diagnostic, Span};
use crate::pve::TokenId;

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a secret",
    keys: &["command", "file", "format", "name"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[("env", "a variable in a file is `{file: .., format: env, name: ..}`")],
    meant: &[
        ("path", "file"),
        ("variable", "name"),
        ("var", "name"),
        ("type", "format"),
        ("cmd", "command"),
        ("exec", "command"),
        ("program", "command"),
        ("run", "command"),
    ],
};

/// A token's sink and where it was written, to find two that are in each other's way.
pub(super) struct Delivery {
    /// Whose secret.
    pub token: TokenId,
    /// Where it goes.
    pub sink: Sink,
    /// Where the file or the command is named.
    pub span: Span,
}

/// A sink, and where its file or command is named; relative paths start at `folder`.
pub(super) fn read(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Option<(Sink, Span)> {
    if node.is_null() {
        notes.push(
            Diagnostic::error(node.span, "`secret` has no value")
                .help("say where the secret goes when the token is made: `secret: {file: secrets/homepage.txt}`"),
        );
        return None;
    }
    if let Value::Scalar(_) = node.value {
        notes.hide(node);
        notes.push(
            Diagnostic::error(node.span, "`secret` says where the secret goes, in a mapping")
                .help("write the path as `secret: {file: ..}`; a secret itself never stands in this file"),
        );
        return None;
    }
    let fields = Fields::read(node, &VOCABULARY, "`secret`", notes);
    let format = format(node, &fields, notes);
    let (to, span) = destination(node, &fields, folder, notes)?;
    Some((Sink { to, format: format? }, span))
}

fn format(node: &Node<'_>, fields: &Fields<'_, '_>, notes: &mut Notes) -> Option<Format> {
    let name = fields.get("name").and_then(|node| variable(node, notes));
    let format = match fields.get("format") {
        None => Some("value"),
        Some(node) => word(node, "format", &["value", "token", "env", "json"], notes),
    };
    match (format?, fields.get("name")) {
        ("env", Some(_)) => Some(Format::Env { name: name? }),
        ("env", None) => {
            let place = fields.get("format").map_or(node.span, |node| node.span);
            notes.push(
                Diagnostic::error(place, "`format: env` needs the name of the variable")
                    .help("add it: `name: HOMEPAGE_VAR_PROXMOX_TOKEN`"),
            );
            None
        }
        (other, named) => {
            if let Some(named) = named {
                notes.push(
                    Diagnostic::error(named.span, format!("`name` has no meaning with `format: {other}`"))
                        .help("it names the variable of `format: env`: set that, or remove `name`"),
                );
            }
            Some(match other {
                "token" => Format::Token,
                "json" => Format::Json,
                _ => Format::Value,
            })
        }
    }
}

/// The file or the command, one of which there has to be.
fn destination(
    node: &Node<'_>,
    fields: &Fields<'_, '_>,
    folder: &Path,
    notes: &mut Notes,
) -> Option<(Destination, Span)> {
    match (fields.get("file"), fields.get("command")) {
        (Some(named), None) => Some((Destination::File(file_path(named, folder, notes)?), named.span)),
        (None, Some(named)) => Some((Destination::Command(command::read(named, folder, notes)?), named.span)),
        (Some(file), Some(command)) => {
            notes.push(
                Diagnostic::error(command.span, "`secret` names a file and a command")
                    .label("to this command")
                    .and(file.span, "and to this file")
                    .help("a secret goes to one place: remove one of the two"),
            );
            None
        }
        (None, None) => {
            if let Value::Mapping(entries) = &node.value
                && entries.iter().all(|entry| &*entry.key != "env")
            {
                notes.push(
                    Diagnostic::error(node.span, "`secret` names neither a file nor a command")
                        .help("add the one that it goes to: `file: secrets/homepage.env`")
                        .help("or, for a secret manager: `command: [pass, insert, --multiline, homepage]`"),
                );
            }
            None
        }
    }
}

fn variable(node: &Node<'_>, notes: &mut Notes) -> Option<String> {
    let written = &*scalar(node, "name", "the name of a variable", notes)?.text;
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let good = written.starts_with(start) && written.chars().all(|c| start(c) || c.is_ascii_digit());
    if !good {
        notes.push(
            Diagnostic::error(node.span, format!("`{}` is not the name of a variable", Excerpt(written)))
                .help("letters, digits and `_` are allowed, and no digit first"),
        );
    }
    good.then(|| written.to_owned())
}
