//! `tokens`

use std::path::{Component, Path, PathBuf};

use super::document::{Declared, Desired, Format, Presence, Sink, TokenWish, Wish};
use super::expire::expire;
use super::fields::{Fields, State, Vocabulary, declare, is_outdented};
use super::names::{self, Known};
use super::node::{Entry, Excerpt, Node, Value};
use super::notes::Notes;
use super::rotation::rotation;
use super::text::{Limit, text};
use super::value::{boolean, scalar, word};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::Privsep;
use crate::pve::TokenId;

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a token",
    keys: &["comment", "expire", "privsep", "secret", "rotate", "state"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[
        ("acl", "what a token may do is said under `acl`"),
        ("permissions", "what a token may do is said under `acl`"),
        ("privileges", "what a token may do is said under `acl`"),
        ("privs", "what a token may do is said under `acl`"),
        ("role", "what a token may do is said under `acl`"),
        ("roles", "what a token may do is said under `acl`"),
        ("enable", "a token works as long as its user is enabled; to end it alone, write `expire`"),
        ("groups", "a token is in no group: grant to its user's groups, or to the token itself under `acl`"),
        ("user", "the user is part of the token's id: `ann@pve!deploy`"),
    ],
    meant: &[
        ("expires", "expire"),
        ("expiry", "expire"),
        ("rotation", "rotate"),
        ("renew", "rotate"),
        ("description", "comment"),
        ("privilege_separation", "privsep"),
        ("separated", "privsep"),
    ],
};

/// What `secret` may say.
pub(super) const SECRET: Vocabulary = Vocabulary {
    noun: "a secret",
    keys: &["file", "format", "name"],
    unbuilt: &[("command", "write the secret to a file: `file: secrets/homepage.env`")],
    unmanaged: &[],
    elsewhere: &[("env", "a variable in a file is `{file: .., format: env, name: ..}`")],
    meant: &[("path", "file"), ("variable", "name"), ("var", "name"), ("type", "format")],
};

/// A token's sink and where it was written, to find two that are in each other's way.
pub(super) struct Delivery {
    /// Whose secret.
    pub token: TokenId,
    /// Where it goes.
    pub sink: Sink,
    /// Where the file is named.
    pub span: Span,
}

/// Reads one token; relative paths start at `folder`.
pub(super) fn read(
    entry: &Entry<'_>,
    folder: &Path,
    desired: &mut Desired,
    deliveries: &mut Vec<Delivery>,
    notes: &mut Notes,
) {
    notes.hide_text(&entry.value);
    if is_outdented(entry, &VOCABULARY, "token id", notes) {
        return;
    }
    if names::is_user(&entry.key) {
        // Its attributes are a user's, or tokens by their names alone.
        notes.hide(&entry.value);
        names::token(&entry.key, entry.span, Known::users(&desired.users), notes);
        return;
    }
    // What follows a `=` would be the secret.
    let owner = format!("token `{}`", entry.key.split('=').next().unwrap_or_default());
    let fields = Fields::read(&entry.value, &VOCABULARY, &owner, notes);
    let secret = fields.get("secret").and_then(|node| secret(node, folder, notes));
    let rotate = fields.get("rotate").and_then(|node| rotation(node, notes));
    if let (Some(rotate), Some(expire)) = (fields.get("rotate"), fields.get("expire")) {
        notes.push(
            Diagnostic::error(expire.span, format!("{owner} has both `expire` and `rotate`"))
                .label("ends then")
                .and(rotate.span, "never ends, because its secret is renewed before")
                .help("remove one of the two: with `rotate`, each renewal sets a new end"),
        );
    }
    let wish = TokenWish {
        comment: text(fields.get("comment"), "comment", Limit::None, notes),
        expire: expire(fields.get("expire"), notes),
        privsep: fields
            .get("privsep")
            .and_then(|node| boolean(node, "privsep", notes))
            .map_or(Wish::Leave, |yes| Wish::Set(Privsep::from(yes))),
        secret: secret.as_ref().map(|(sink, _)| sink.clone()),
        rotate,
    };
    let wish = match fields.state(&owner, &[], notes) {
        State::Present => Presence::Present(wish),
        State::Absent => Presence::Absent,
    };
    let Some(token) = names::token(&entry.key, entry.span, Known::users(&desired.users), notes) else { return };
    if let (Some((sink, span)), Presence::Present(_), false) = (secret, &wish, desired.tokens.contains_key(&token)) {
        deliveries.push(Delivery { token: token.clone(), sink, span });
    }
    declare(&mut desired.tokens, "token", token, Declared { wish, span: entry.span }, notes);
}

/// A sink, and where its file is named.
fn secret(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Option<(Sink, Span)> {
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
    let fields = Fields::read(node, &SECRET, "`secret`", notes);
    let name = fields.get("name").and_then(|node| variable(node, notes));
    let format = match fields.get("format") {
        None => Some("value"),
        Some(node) => word(node, "format", &["value", "token", "env", "json"], notes),
    };
    let format = match (format?, fields.get("name")) {
        ("env", Some(_)) => Format::Env { name: name? },
        ("env", None) => {
            let place = fields.get("format").map_or(node.span, |node| node.span);
            notes.push(
                Diagnostic::error(place, "`format: env` needs the name of the variable")
                    .help("add it: `name: HOMEPAGE_VAR_PROXMOX_TOKEN`"),
            );
            return None;
        }
        (other, named) => {
            if let Some(named) = named {
                notes.push(
                    Diagnostic::error(named.span, format!("`name` has no meaning with `format: {other}`"))
                        .help("it names the variable of `format: env`: set that, or remove `name`"),
                );
            }
            match other {
                "token" => Format::Token,
                "json" => Format::Json,
                _ => Format::Value,
            }
        }
    };
    let Some(file) = fields.get("file") else {
        if let Value::Mapping(entries) = &node.value
            && entries.iter().all(|entry| !matches!(&*entry.key, "command" | "env"))
        {
            notes.push(
                Diagnostic::error(node.span, "`secret` names no file").help("add it: `file: secrets/homepage.env`"),
            );
        }
        return None;
    };
    let written = &*scalar(file, "file", "the path of a file", notes)?.text;
    let named = Path::new(written).components().next_back().is_some_and(|last| matches!(last, Component::Normal(_)));
    if !named || written.ends_with('/') || written.contains('\0') {
        notes.push(
            Diagnostic::error(file.span, format!("`{}` is not the path of a file", Excerpt(written)))
                .help("a relative path starts at the folder of the file that it stands in"),
        );
        return None;
    }
    if written.starts_with("~/") {
        notes.push(
            Diagnostic::error(file.span, "`~` does not stand for a home folder here")
                .help("a path is taken as it is written: write it out, or relative to the folder of this file"),
        );
        return None;
    }
    if written.contains('$') {
        notes.push(
            Diagnostic::warning(file.span, "`$` does not stand for a variable here")
                .help("a path is taken as it is written, and so the file will be called"),
        );
    }
    Some((Sink { file: tidy(&folder.join(written)), format }, file.span))
}

/// The path without parts that say nothing, so that two spellings of one file are the same.
pub(super) fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
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
