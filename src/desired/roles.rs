//! `roles`

use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::document::{Declared, Desired, Presence, RoleWish, Wish};
use super::fields::{Fields, State, Vocabulary, declare, is_outdented};
use super::names;
use super::node::{Entry, Node};
use super::notes::Notes;
use super::privileges::privilege;
use super::value::{names as list, repeated};
use crate::diagnostic::{Diagnostic, Span, is_slip};
use crate::pve::{Privilege, RoleId, builtin_roles};

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a role",
    keys: &["privs", "state"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[("comment", "roles have no comment in Proxmox VE; a comment in this file begins with #")],
    meant: &[("privileges", "privs"), ("priv", "privs"), ("permissions", "privs")],
};

/// Reads one role.
pub(super) fn read(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
    if is_outdented(entry, &VOCABULARY, "role name", notes) {
        return;
    }
    let owner = format!("role `{}`", entry.key);
    let fields = Fields::read(&entry.value, &VOCABULARY, &owner, notes);
    let wish = RoleWish { privs: fields.get("privs").map_or(Wish::Leave, |node| privs(node, notes)) };
    let wish = match fields.state(&owner, &[], notes) {
        State::Present => Presence::Present(wish),
        State::Absent => Presence::Absent,
    };
    let Some(role) = names::role(&entry.key, entry.span, notes) else { return };
    if let Some(error) = taken(&role, entry.span) {
        notes.push(error);
        return;
    }
    declare(&mut desired.roles, "role", role, Declared { wish, span: entry.span }, notes);
}

static BUILTIN: LazyLock<BTreeSet<RoleId>> = LazyLock::new(|| builtin_roles().into_keys().collect());

/// The builtin role that is meant by a name that is reserved for them and is none.
pub(super) fn misspelt(role: &RoleId) -> Option<&'static RoleId> {
    let strange = role.is_reserved() && !BUILTIN.contains(role);
    BUILTIN.iter().find(|builtin| strange && is_slip(role.as_str(), builtin.as_str()))
}

/// The finding that a role's name belongs to the server.
fn taken(role: &RoleId, span: Span) -> Option<Diagnostic> {
    if BUILTIN.contains(role) {
        return Some(
            Diagnostic::error(span, format!("`{role}` is a builtin role")).label("cannot be declared").help(
                "a builtin role can be granted under `acl` as it is; to change it, declare a role of another name",
            ),
        );
    }
    role.is_reserved().then(|| {
        Diagnostic::error(span, format!("the role name `{role}` is reserved"))
            .label("begins with PVE")
            .help("Proxmox VE keeps names that begin with PVE, in any case, for its builtin roles")
    })
}

fn privs(node: &Node<'_>, notes: &mut Notes) -> Wish<BTreeMap<Privilege, Span>> {
    let Some(items) = list(node, "privs", "privileges", notes) else { return Wish::Leave };
    let mut privs = BTreeMap::new();
    for item in items {
        let Some(privilege) = privilege(item.value, item.span, notes) else { continue };
        match privs.entry(privilege) {
            Slot::Vacant(slot) => {
                slot.insert(item.span);
            }
            Slot::Occupied(first) => notes.push(repeated("privs", first.key(), *first.get(), item.span)),
        }
    }
    Wish::Set(privs)
}
