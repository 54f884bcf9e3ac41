//! `users`

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::path::Path;

use super::document::{Declared, Desired, Presence, UserWish, Wish};
use super::expire::expire;
use super::fields::{Fields, State, Vocabulary, declare, is_outdented};
use super::names::{self, Known};
use super::node::{Entry, Node};
use super::notes::Notes;
use super::passwords;
use super::text::{COMMENT, NAME, email, text};
use super::value::{boolean, names as list, repeated};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{Enable, Expire};
use crate::pve::GroupId;

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a user",
    keys: &["enable", "expire", "firstname", "lastname", "email", "comment", "groups", "password", "state"],
    unbuilt: &[],
    unmanaged: &[("keys", "a second factor belongs to the user: remove the key")],
    elsewhere: &[
        ("acl", "what a user may do is said under `acl`"),
        ("permissions", "what a user may do is said under `acl`"),
        ("privileges", "what a user may do is said under `acl`"),
        ("privs", "what a user may do is said under `acl`"),
        ("role", "what a user may do is said under `acl`"),
        ("roles", "what a user may do is said under `acl`"),
        ("disable", "write `enable: false`"),
        ("disabled", "write `enable: false`"),
        ("realm", "the realm is part of the user's id: `ann@pve`"),
        ("token", "a token is declared under `tokens`, by its full id: `ann@pve!deploy`"),
        ("tokens", "a token is declared under `tokens`, by its full id: `ann@pve!deploy`"),
        ("userid", "the id is the key that the attributes stand below"),
    ],
    meant: &[
        ("enabled", "enable"),
        ("expires", "expire"),
        ("expiry", "expire"),
        ("group", "groups"),
        ("first_name", "firstname"),
        ("last_name", "lastname"),
        ("surname", "lastname"),
        ("mail", "email"),
        ("description", "comment"),
        ("passwd", "password"),
    ],
};

/// Reads one user; relative paths start at `folder`.
pub(super) fn read(entry: &Entry<'_>, folder: &Path, desired: &mut Desired, notes: &mut Notes) {
    notes.hide_text(&entry.value);
    if is_outdented(entry, &VOCABULARY, "user id", notes) {
        return;
    }
    if names::is_token(&entry.key) {
        // Its attributes are a token's, not wrong ones of a user.
        notes.hide(&entry.value);
        names::user(&entry.key, entry.span, Known::users(&desired.users), notes);
        return;
    }
    let owner = format!("user `{}`", entry.key);
    let fields = Fields::read(&entry.value, &VOCABULARY, &owner, notes);
    let wish = UserWish {
        enable: fields
            .get("enable")
            .and_then(|node| boolean(node, "enable", notes))
            .map_or(Wish::Leave, |yes| Wish::Set(Enable::from(yes))),
        expire: expire(fields.get("expire"), notes),
        firstname: text(fields.get("firstname"), "firstname", NAME, notes),
        lastname: text(fields.get("lastname"), "lastname", NAME, notes),
        email: email(fields.get("email"), "email", notes),
        comment: text(fields.get("comment"), "comment", COMMENT, notes),
        groups: fields.get("groups").map_or(Wish::Leave, |node| groups(node, notes)),
        password: fields.get("password").and_then(|node| passwords::read(node, folder, notes)),
    };
    let state = fields.state(&owner, &[], notes);
    let Some(user) = names::user(&entry.key, entry.span, Known::users(&desired.users), notes) else { return };
    if let Some(node) = fields.get("password") {
        passwords::check_realm(&user, node.span, notes);
    }
    if user.is_root() {
        spare_root(&fields, &wish, state, entry.span, notes);
    }
    let wish = match state {
        State::Present => Presence::Present(wish),
        State::Absent => Presence::Absent,
    };
    declare(&mut desired.users, "user", user, Declared { wish, span: entry.span }, notes);
}

/// Refuses what would lock root@pam out: the server does all of it (api-facts.md, Authentication).
fn spare_root(fields: &Fields<'_, '_>, wish: &UserWish, state: State, key: Span, notes: &mut Notes) {
    const HELP: &str = "it is the way back in when everything else is lost";
    let mut refuse = |place: &str, done: &str| {
        let span = fields.get(place).map_or(key, |node| node.span);
        notes.push(Diagnostic::error(span, format!("root@pam is never {done}")).help(HELP));
    };
    if state == State::Absent {
        refuse("state", "deleted");
    }
    if wish.enable == Wish::Set(Enable::No) {
        refuse("enable", "disabled");
    }
    if wish.expire.as_set().is_some_and(|expire| *expire != Expire::Never) {
        refuse("expire", "made to expire");
    }
}

fn groups(node: &Node<'_>, notes: &mut Notes) -> Wish<BTreeMap<GroupId, Span>> {
    let Some(items) = list(node, "groups", "group names", notes) else { return Wish::Leave };
    let mut groups = BTreeMap::new();
    for item in items {
        let Some(group) = names::group(item.value, item.span, notes) else { continue };
        match groups.entry(group) {
            Slot::Vacant(slot) => {
                slot.insert(item.span);
            }
            Slot::Occupied(first) => notes.push(repeated("groups", first.key(), *first.get(), item.span)),
        }
    }
    Wish::Set(groups)
}
