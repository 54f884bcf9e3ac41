//! `groups`

use super::document::{Declared, Desired, GroupWish, Presence};
use super::fields::{Fields, State, Vocabulary, declare, is_outdented};
use super::names;
use super::node::Entry;
use super::notes::Notes;
use super::text::{Limit, text};

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a group",
    keys: &["comment", "state"],
    unbuilt: &[("members", "say it with each user: `groups: [..]`")],
    unmanaged: &[],
    elsewhere: &[
        ("acl", "what a group may do is said under `acl`"),
        ("permissions", "what a group may do is said under `acl`"),
        ("privileges", "what a group may do is said under `acl`"),
        ("privs", "what a group may do is said under `acl`"),
        ("role", "what a group may do is said under `acl`"),
        ("roles", "what a group may do is said under `acl`"),
        ("users", "who is in a group is said with each user: `groups: [..]`"),
    ],
    meant: &[("description", "comment")],
};

/// Reads one group.
pub(super) fn read(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
    if is_outdented(entry, &VOCABULARY, "group name", notes) {
        return;
    }
    let owner = format!("group `{}`", entry.key);
    let fields = Fields::read(&entry.value, &VOCABULARY, &owner, notes);
    let wish = GroupWish { comment: text(fields.get("comment"), "comment", Limit::None, notes) };
    let wish = match fields.state(&owner, &[], notes) {
        State::Present => Presence::Present(wish),
        State::Absent => Presence::Absent,
    };
    let Some(group) = names::group(&entry.key, entry.span, notes) else { return };
    declare(&mut desired.groups, "group", group, Declared { wish, span: entry.span }, notes);
}
