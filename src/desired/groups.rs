//! `groups`

use super::document::{Declared, Desired, GroupWish, Presence};
use super::fields::{Fields, State, Vocabulary, declare};
use super::names;
use super::node::Entry;
use super::notes::Notes;
use super::text::{Limit, text};

const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a group",
    keys: &["comment", "state"],
    unbuilt: &["members"],
    unmanaged: &[],
    meant: &[("description", "comment")],
};

/// Reads one group.
pub(super) fn read(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
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
