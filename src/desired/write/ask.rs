//! What the reader of files would say: nothing is written that it finds fault with.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use super::super::document::Desired;
use super::super::node::{Entry, Value};
use super::super::notes::Notes;
use super::super::secrets::{masked, token_secrets};
use super::super::{groups, names, roles, tokens, users};
use super::layout::Unsaid;
use super::objects::Draft;
use crate::model::AccessState;
use crate::pve::Privilege;

/// What becomes of an object.
pub(super) enum Verdict<'a> {
    /// It is declared, but for some of its attributes.
    Declared(Entry<'a>, Vec<Unsaid<'a>>),
    /// It is not.
    Refused(Entry<'a>, String),
}

/// Judges `entry` by what `read` finds wrong with all of it, with its name, and with each attribute.
///
/// A text with a token's secret in it is not repeated: who reads the file may be anybody.
pub(super) fn judge<'a>(
    draft: Draft,
    mut entry: Entry<'a>,
    read: impl Fn(&Entry<'_>, &mut Desired, &mut Notes),
) -> Verdict<'a> {
    let fault = |entry: &Entry<'_>| fault(|notes| read(entry, &mut Desired::default(), notes));
    let hidden = mask(&mut entry);
    if hidden.is_empty() && fault(&entry).is_none() {
        return Verdict::Declared(entry, Vec::new());
    }
    if let Some(reason) = fault(&draft.entry(&*entry.key, draft.mapping(Vec::new()))) {
        return Verdict::Refused(entry, reason);
    }
    let Value::Mapping(attributes) = entry.value.value else { return Verdict::Declared(entry, Vec::new()) };
    let (mut said, mut unsaid) = (Vec::new(), Vec::new());
    for attribute in attributes {
        let reason = if hidden.contains(&attribute.key) {
            Some(format!("`{}` holds what looks like a token's secret", attribute.key))
        } else {
            fault(&draft.entry(&*entry.key, draft.mapping(vec![attribute.clone()])))
        };
        match reason {
            None => said.push(attribute),
            Some(reason) => unsaid.push(Unsaid { entry: attribute, reason }),
        }
    }
    Verdict::Declared(Entry { value: draft.mapping(said), ..entry }, unsaid)
}

/// Blots out every token's secret in the attributes, and gives the keys of those that held one.
pub(super) fn mask<'a>(entry: &mut Entry<'a>) -> BTreeSet<Cow<'a, str>> {
    let mut keys = BTreeSet::new();
    let Value::Mapping(attributes) = &mut entry.value.value else { return keys };
    for Entry { key, span: _, value } in attributes {
        if let Value::Scalar(scalar) = &mut value.value
            && !token_secrets(&scalar.text).is_empty()
        {
            scalar.text = masked(scalar.text.to_string()).into();
            keys.insert(key.clone());
        }
    }
    keys
}

/// The first fault that `read` finds.
pub(super) fn fault(read: impl FnOnce(&mut Notes)) -> Option<String> {
    let mut notes = Notes::default();
    read(&mut notes);
    notes.findings.iter().next().map(|finding| finding.message.clone())
}

/// Reads a role as the files' reader does, and then as the cluster that has it would have it.
pub(super) fn role(live: &AccessState) -> impl Fn(&Entry<'_>, &mut Desired, &mut Notes) {
    let known: BTreeSet<Privilege> = live.known_privileges();
    move |entry, desired, notes| {
        roles::read(entry, desired, notes);
        notes.findings.extend(super::super::check_privileges(desired, &known, live.release));
        names::unaddressable(&entry.key, entry.span).into_iter().for_each(|finding| notes.push(finding));
    }
}

/// Reads a group, and asks whether it could be found again.
pub(super) fn group(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
    groups::read(entry, desired, notes);
    names::unaddressable(&entry.key, entry.span).into_iter().for_each(|finding| notes.push(finding));
}

/// Reads a user; there is no folder that its password could come from.
pub(super) fn user(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
    users::read(entry, Path::new(""), desired, notes);
}

/// Reads a token; there is no folder that its secret could go to.
pub(super) fn token(entry: &Entry<'_>, desired: &mut Desired, notes: &mut Notes) {
    tokens::read(entry, Path::new(""), desired, &mut Vec::new(), notes);
}
