//! `tokens`

use std::path::Path;

use super::document::{Declared, Desired, Presence, TokenWish, Wish};
use super::expire::expire;
use super::fields::{Fields, State, Vocabulary, declare, is_outdented};
use super::names::{self, Known};
use super::node::Entry;
use super::notes::Notes;
use super::rotation::rotation;
use super::sink::{self, Delivery};
use super::text::{Limit, text};
use super::value::boolean;
use crate::diagnostic::Diagnostic;
use crate::model::Privsep;

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
    let secret = fields.get("secret").and_then(|node| sink::read(node, folder, notes));
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
