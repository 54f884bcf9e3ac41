//! What the files say in one place and take back in another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::document::{Declared, Desired, Destination, Format, Presence};
use super::file_path::tidy;
use super::notes::Notes;
use super::sink::Delivery;
use crate::diagnostic::{Diagnostic, Span};
use crate::pve::Subject;

/// Finds them all.
pub(super) fn check(desired: &Desired, notes: &mut Notes) {
    check_grants(desired, notes);
    check_memberships(desired, notes);
    check_tokens(desired, notes);
}

/// Where something is declared absent.
fn absent<K: Ord, T>(objects: &BTreeMap<K, Declared<T>>, id: &K) -> Option<Span> {
    let declared = objects.get(id)?;
    match declared.wish {
        Presence::Absent => Some(declared.span),
        Presence::Present(_) => None,
    }
}

fn contradiction(place: Span, message: String, declared: Span) -> Diagnostic {
    Diagnostic::error(place, message).and(declared, "declared absent here").help("remove one of the two")
}

/// Grants that share a place in the text get one finding together.
fn check_grants(desired: &Desired, notes: &mut Notes) {
    let mut found: BTreeMap<Span, Diagnostic> = BTreeMap::new();
    for (grant, (wish, origin)) in &desired.acl {
        if *wish == Presence::Absent {
            continue;
        }
        if let Some(declared) = absent(&desired.roles, &grant.role) {
            let message = || format!("the role `{}` is granted and shall be absent", grant.role);
            found.entry(origin.role).or_insert_with(|| contradiction(origin.role, message(), declared));
        }
        let subject = match &grant.subject {
            Subject::User(user) => absent(&desired.users, user).map(|span| (span, format!("the user `{user}`"))),
            Subject::Group(group) => absent(&desired.groups, group).map(|span| (span, format!("the group `{group}`"))),
            Subject::Token(token) => absent(&desired.tokens, token)
                .map(|span| (span, format!("the token `{token}`")))
                .or_else(|| absent(&desired.users, token.user()).map(|span| (span, format!("the user of `{token}`")))),
        };
        if let Some((declared, who)) = subject {
            let message = || format!("{who} is granted a role and shall be absent");
            found.entry(origin.subject).or_insert_with(|| contradiction(origin.subject, message(), declared));
        }
    }
    found.into_values().for_each(|finding| notes.push(finding));
}

fn check_memberships(desired: &Desired, notes: &mut Notes) {
    for (user, declared) in &desired.users {
        let Presence::Present(wish) = &declared.wish else { continue };
        for (group, place) in wish.groups.as_set().into_iter().flatten() {
            if let Some(declared) = absent(&desired.groups, group) {
                let message = format!("the user `{user}` is in the group `{group}`, which shall be absent");
                notes.push(contradiction(*place, message, declared));
            }
        }
    }
}

fn check_tokens(desired: &Desired, notes: &mut Notes) {
    for (token, declared) in &desired.tokens {
        if declared.wish != Presence::Absent
            && let Some(user) = absent(&desired.users, token.user())
        {
            let message = format!("the token `{token}` belongs to a user that shall be absent");
            notes.push(contradiction(declared.span, message, user));
        }
    }
}

/// Finds secrets that would replace one another, or one of the `sources` themselves.
pub(super) fn check_deliveries(deliveries: &[Delivery], sources: &[PathBuf], notes: &mut Notes) {
    let sources: BTreeSet<PathBuf> = sources.iter().map(|path| tidy(path)).collect();
    let is_source = |delivery: &&Delivery| delivery.sink.to.as_file().is_some_and(|file| sources.contains(file));
    for delivery in deliveries.iter().filter(is_source) {
        notes.push(
            Diagnostic::error(delivery.span, "this is a desired-state file itself")
                .help("a secret goes to a file of its own, outside of what is checked in"),
        );
    }
    let mut places: BTreeMap<&Destination, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        places.entry(&delivery.sink.to).or_default().push(delivery);
    }
    for (to, deliveries) in places {
        let whole = deliveries.iter().find(|delivery| to.is_filled_by(&delivery.sink.format));
        let mut variables: BTreeMap<&str, &Delivery> = BTreeMap::new();
        for delivery in &deliveries {
            let first = match (&delivery.sink.format, whole) {
                (_, Some(whole)) => *whole,
                (Format::Env { name }, None) => *variables.entry(name).or_insert(delivery),
                // It says whose secret it is.
                (Format::Value | Format::Token | Format::Json, None) => continue,
            };
            if first.token != delivery.token {
                notes.push(overwritten(first, delivery));
            }
        }
    }
}

fn overwritten(first: &Delivery, second: &Delivery) -> Diagnostic {
    let (label, help) = match (&second.sink.to, &first.sink.format, &second.sink.format) {
        (Destination::File(_), Format::Env { name }, Format::Env { .. }) => (
            format!("the variable `{name}` of this file would be overwritten"),
            "give each token a variable of its own",
        ),
        (Destination::File(_), _, _) => (
            "this file would be overwritten".to_owned(),
            "give each token a file of its own, or use `format: env` for all of them",
        ),
        (Destination::Command(_), Format::Env { name }, Format::Env { .. }) => (
            format!("this program would be given the variable `{name}` again"),
            "give each token a variable of its own, or say in the arguments which one it is",
        ),
        (Destination::Command(_), _, _) => (
            "this program could not tell them apart".to_owned(),
            "say in the arguments which one it is, or use `format: token` for all of them",
        ),
    };
    Diagnostic::error(
        second.span,
        format!("the secrets of `{}` and `{}` go to the same place", first.token, second.token),
    )
    .label(label)
    .and(first.span, "also written here")
    .help(help)
}
