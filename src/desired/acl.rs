//! `acl`

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::document::{Declared, Desired, GrantOrigin, Located, Presence, RoleWish};
use super::fields::{Fields, State, Vocabulary};
use super::names::{self, Known};
use super::node::{Node, Value};
use super::notes::Notes;
use super::paths::path;
use super::roles::misspelt;
use super::value::{boolean, names as list};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{Grant, Propagate};
use crate::pve::{AclPath, RoleId, Subject, lifetime};

/// How many grants the files may multiply to: several times what a cluster can hold (api-facts.md, Limits that matter
/// for size), and few enough to keep in memory.
const MOST: usize = 100_000;

const SUBJECTS: [(&str, &str); 3] = [("users", "user ids"), ("groups", "group names"), ("tokens", "token ids")];

const OWNER: &str = "this `acl` entry";

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "an `acl` entry",
    keys: &["path", "roles", "users", "groups", "tokens", "propagate", "state"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[
        ("privileges", "an entry grants roles: declare one with these privileges under `roles`"),
        ("privs", "an entry grants roles: declare one with these privileges under `roles`"),
    ],
    meant: &[
        ("paths", "path"),
        ("role", "roles"),
        ("roleid", "roles"),
        ("user", "users"),
        ("group", "groups"),
        ("token", "tokens"),
        ("propagates", "propagate"),
        ("recursive", "propagate"),
    ],
};

/// Reads one entry and multiplies it out.
pub(super) fn read(node: &Node<'_>, desired: &mut Desired, notes: &mut Notes) {
    if node.is_null() {
        notes.push(Diagnostic::error(node.span, "an `acl` entry says nothing").help("remove the empty entry"));
        return;
    }
    if !matches!(node.value, Value::Mapping(_)) {
        notes.push(
            Diagnostic::error(node.span, format!("`acl`: expected an entry, found {}", node.found()))
                .help("an entry looks like this: `{path: /, roles: PVEAuditor, groups: auditors}`"),
        );
        return;
    }
    let fields = Fields::read(node, &VOCABULARY, OWNER, notes);
    check_complete(&fields, node, notes);
    let paths = items(&fields, "path", "paths", notes);
    let paths: Vec<Located<AclPath>> = located(paths, |text, span| path(text, span, notes));
    let roles = items(&fields, "roles", "role names", notes);
    let roles: Vec<Located<RoleId>> = located(roles, |text, span| role(text, span, &desired.roles, notes));
    let subjects = subjects(&fields, Known::all(desired), notes);
    let propagate = fields.get("propagate").and_then(|node| boolean(node, "propagate", notes));
    let wish = match fields.state(OWNER, &["path", "roles", "users", "groups", "tokens"], notes) {
        State::Present => Presence::Present(Propagate::from(propagate.unwrap_or(true))),
        State::Absent => Presence::Absent,
    };
    let grants = paths.len().saturating_mul(roles.len()).saturating_mul(subjects.len());
    let total = grants.saturating_add(desired.acl.len());
    if total > MOST {
        notes.push(
            Diagnostic::error(node.span, format!("with this entry `acl` multiplies to {total} grants"))
                .help("a cluster holds some 10,000 in all: grant to a group, or higher up in the tree"),
        );
        return;
    }
    let mut entry = Multiplied { wish, conflict: None, more: 0 };
    for path in &paths {
        for role in &roles {
            for subject in &subjects {
                let grant =
                    Grant { path: path.value.clone(), subject: subject.value.clone(), role: role.value.clone() };
                entry.grant(grant, GrantOrigin { path: path.span, role: role.span, subject: subject.span }, desired);
            }
        }
    }
    entry.report(notes);
}

/// An entry while it is multiplied out.
struct Multiplied {
    wish: Presence<Propagate>,
    /// The first grant that another entry says something else of; it alone is reported.
    conflict: Option<Diagnostic>,
    more: usize,
}

impl Multiplied {
    fn grant(&mut self, grant: Grant, origin: GrantOrigin, desired: &mut Desired) {
        match desired.acl.entry(grant) {
            Slot::Vacant(slot) => {
                slot.insert((self.wish.clone(), origin));
            }
            Slot::Occupied(first) => {
                let (wish, place) = first.get();
                if *wish == self.wish {
                    return;
                }
                if self.conflict.is_some() {
                    self.more += 1;
                    return;
                }
                let Grant { path, subject, role } = first.key();
                self.conflict = Some(
                    Diagnostic::error(
                        origin.subject,
                        format!("`{role}` on `{path}` to `{subject}` is said twice, and differently"),
                    )
                    .label(format!("here with {}", say(&self.wish)))
                    .and(place.subject, format!("here with {}", say(wish)))
                    .help("Proxmox VE keeps one grant of a role to a subject at a path: decide on one"),
                );
            }
        }
    }

    fn report(self, notes: &mut Notes) {
        let Some(conflict) = self.conflict else { return };
        notes.push(match self.more {
            0 => conflict,
            1 => conflict.help("the same goes for another grant of this entry"),
            more => conflict.help(format!("the same goes for {more} more grants of this entry")),
        });
    }
}

fn say(wish: &Presence<Propagate>) -> &'static str {
    match wish {
        Presence::Present(Propagate::Yes) => "`propagate: true`",
        Presence::Present(Propagate::No) => "`propagate: false`",
        Presence::Absent => "`state: absent`",
    }
}

/// Reports what an entry lacks, all of it at once.
fn check_complete(fields: &Fields<'_, '_>, entry: &Node<'_>, notes: &mut Notes) {
    let path = fields.get("path").is_none().then_some("no `path`");
    let roles = fields.get("roles").is_none().then_some("no `roles`");
    let subjects = SUBJECTS.iter().all(|(key, _)| fields.get(key).is_none());
    let subjects = subjects.then_some("neither `users` nor `groups` nor `tokens`");
    let lacking: Vec<&str> = path.into_iter().chain(roles).chain(subjects).collect();
    if lacking.is_empty() {
        return;
    }
    let error = Diagnostic::error(entry.span, format!("an `acl` entry has {}", lacking.join(", and ")))
        .help("an entry says where, what and to whom: `path`, `roles`, and `users`, `groups` or `tokens`");
    // `- path: /` and then `- roles: ..` are two entries.
    let alone = lacking.len() == 2 && matches!(&entry.value, Value::Mapping(entries) if entries.len() == 1);
    notes.push(if alone { error.help("what belongs to one entry stands below one dash") } else { error });
}

/// The texts of a list, which is not to be empty.
fn items<'n>(fields: &Fields<'n, '_>, key: &str, of: &str, notes: &mut Notes) -> Vec<Located<&'n str>> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    if node.is_null() {
        notes
            .push(Diagnostic::error(node.span, format!("`{key}` has no value")).help("name one, or several in a list"));
        return Vec::new();
    }
    let items = list(node, key, of, notes);
    if items.as_ref().is_some_and(Vec::is_empty) && is_empty_list(node) {
        notes.push(
            Diagnostic::error(node.span, format!("an `acl` entry has an empty list of {of}"))
                .help("an entry stands for the product of its lists, and this one for nothing; to take grants away, write `state: absent`"),
        );
    }
    items.unwrap_or_default()
}

fn is_empty_list(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}

fn located<T>(texts: Vec<Located<&str>>, mut read: impl FnMut(&str, Span) -> Option<T>) -> Vec<Located<T>> {
    texts
        .into_iter()
        .filter_map(|text| read(text.value, text.span).map(|value| Located { value, span: text.span }))
        .collect()
}

fn role(text: &str, span: Span, declared: &BTreeMap<RoleId, Declared<RoleWish>>, notes: &mut Notes) -> Option<RoleId> {
    let role = names::role(text, span, notes)?;
    let Some(meant) = misspelt(&role) else {
        if text.parse().is_ok_and(|privilege| lifetime(&privilege).is_some()) && !declared.contains_key(&role) {
            notes.push(
                Diagnostic::warning(span, format!("`{role}` is a privilege, and hardly a role"))
                    .help("declare a role with this privilege under `roles`, and grant that"),
            );
        }
        return Some(role);
    };
    notes.push(
        Diagnostic::error(span, format!("there is no builtin role `{role}`")).label(format!("did you mean `{meant}`?")),
    );
    None
}

fn subjects(fields: &Fields<'_, '_>, known: Known<'_>, notes: &mut Notes) -> Vec<Located<Subject>> {
    let mut subjects = Vec::new();
    for (key, of) in SUBJECTS {
        let texts = items(fields, key, of, notes);
        subjects.extend(located(texts, |text, span| match key {
            "users" => names::user(text, span, known, notes).map(Subject::User),
            "groups" => names::group(text, span, notes).map(Subject::Group),
            _ => names::token(text, span, known, notes).map(Subject::Token),
        }));
    }
    subjects.retain(|subject| {
        let root = matches!(&subject.value, Subject::User(user) if user.is_root());
        if root {
            notes.push(
                Diagnostic::error(subject.span, "nothing can be granted to root@pam")
                    .help("it may do everything already; Proxmox VE accepts such a grant and does not store it"),
            );
        }
        !root
    });
    subjects
}
