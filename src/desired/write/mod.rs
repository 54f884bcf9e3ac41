//! From a state to a file that declares it.
//!
//! Knows how a person would write the file down. Asks the reader about every part of it, and writes as a comment, with
//! what the reader says, whatever it would find fault with: the file asks for what is there, and nothing is said of it.

mod ask;
mod grants;
mod layout;
mod objects;
mod scalar;

use std::collections::BTreeMap;

use ask::{Verdict, judge};
use layout::{commented, item, object, prose};
use objects::Draft;

use super::document::{Declared, Desired, Presence, RoleWish};
use super::node::Entry;
use super::selection::{Kind, Selection};
use crate::diagnostic::{Source, Sources, Span};
use crate::model::{AccessState, Origin, Token};
use crate::pve::{TokenId, UserId};

/// The sentence above what stands as a comment.
fn not_declared(reason: &str) -> String {
    format!("Not declared: {reason}.")
}

/// Where a state comes from.
#[derive(Clone, Debug)]
pub struct Provenance<'a> {
    /// What to call the cluster.
    pub cluster: &'a str,
    /// What may be there without having been seen, in words, each with the reason.
    pub unseen: &'a [String],
    /// Whether all users, groups and tokens could be seen.
    pub accounts: Accounts,
}

/// Whether users, groups and tokens are known to be all there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// They are.
    All,
    /// There may be others.
    Some,
}

/// A file, and what stands in it as a comment alone.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub text: String,
    /// How many objects and grants of each kind are not declared.
    pub undeclared: BTreeMap<Kind, usize>,
    /// How many attributes of declared objects are not.
    pub unsaid: usize,
}

/// Writes what `selection` means of `live` as a file that finds nothing to change in `live`.
pub fn write(live: &AccessState, selection: &Selection, provenance: &Provenance<'_>) -> Written {
    let source = Sources::default().add(Source { name: String::new(), text: String::new() });
    let draft = Draft { nowhere: Span { source, start: 0, end: 0 } };
    let mut desired = Desired::default();
    let mut sections = BTreeMap::new();
    sections.insert(Kind::Roles, roles(live, selection, draft, &mut desired));
    sections.insert(Kind::Groups, groups(live, selection, draft));
    sections.insert(Kind::Users, users(live, selection, provenance.accounts, draft));
    sections.insert(Kind::Tokens, tokens(live, selection, draft));
    sections.insert(Kind::Acl, acl(live, selection, provenance.accounts, draft, &mut desired));

    let mut lines = header(live, selection, provenance);
    lines.extend([String::new(), "version: 1".to_owned()]);
    let (mut undeclared, mut unsaid) = (BTreeMap::new(), 0);
    for (kind, section) in sections {
        if section.undeclared > 0 {
            undeclared.insert(kind, section.undeclared);
        }
        unsaid += section.unsaid;
        if !section.lines.is_empty() {
            lines.extend([String::new(), format!("{kind}:")]);
            lines.extend(section.lines);
        }
    }
    lines.push(String::new());
    Written { text: lines.join("\n"), undeclared, unsaid }
}

fn header(live: &AccessState, selection: &Selection, provenance: &Provenance<'_>) -> Vec<String> {
    let Provenance { cluster, unseen, accounts: _ } = provenance;
    let mut lines = prose(
        0,
        &format!("Access control on {cluster} (Proxmox VE {}), as `pve-access export` found it.", live.release),
    );
    lines.extend(prose(
        0,
        "Planning with this file finds nothing to change. Remove what shall not be managed here, since what no file \
         mentions is left alone; then change, plan, apply.",
    ));
    for what in *unseen {
        lines.push("#".to_owned());
        lines.extend(prose(0, &format!("WARNING: this file may lack some of what is live: {what}.")));
    }
    lines.push("#".to_owned());
    lines.extend(prose(0, &if selection.is_everything() { never(live) } else { part(selection) }));
    lines
}

fn part(selection: &Selection) -> String {
    format!("Only a part: --only '{selection}'.")
}

/// What there is and no file declares.
fn never(live: &AccessState) -> String {
    let some = |number: usize, noun: &str| match number {
        0 => String::new(),
        1 => format!("1 {noun}, "),
        more => format!("{more} {noun}s, "),
    };
    let keys = live.users.values().filter(|user| !user.keys.is_empty()).count();
    let marked = match keys {
        0 => String::new(),
        1 => " (1 user has `keys`)".to_owned(),
        more => format!(" ({more} users have `keys`)"),
    };
    format!(
        "Left alone, because no file declares them: {}{}builtin roles, passwords, and second factors{marked}.",
        some(live.realms.len(), "realm"),
        some(live.pools.len(), "pool"),
    )
}

/// The lines of one section, and what they do not declare.
#[derive(Default)]
struct Section<'a> {
    lines: Vec<String>,
    refused: BTreeMap<String, Vec<Entry<'a>>>,
    undeclared: usize,
    unsaid: usize,
}

impl<'a> Section<'a> {
    /// Takes an object in; says whether it is declared.
    fn take(&mut self, verdict: Verdict<'a>) -> bool {
        match verdict {
            Verdict::Declared(entry, unsaid) => {
                self.lines.extend(object(&entry, &unsaid));
                self.unsaid += unsaid.len();
                true
            }
            Verdict::Refused(entry, reason) => {
                self.refuse(entry, reason);
                false
            }
        }
    }

    fn refuse(&mut self, entry: Entry<'a>, reason: String) {
        self.refused.entry(reason).or_default().push(entry);
        self.undeclared += 1;
    }

    /// Puts what is not declared below what is, each reason once.
    fn end(mut self) -> Section<'a> {
        for (reason, entries) in std::mem::take(&mut self.refused) {
            self.lines.extend(prose(2, &not_declared(&reason)));
            for entry in entries {
                self.lines.extend(commented(2, object(&entry, &[])));
            }
        }
        self
    }
}

fn roles<'a>(live: &'a AccessState, selection: &Selection, draft: Draft, desired: &mut Desired) -> Section<'a> {
    let read = ask::role(live);
    let mut section = Section::default();
    let custom = live.roles.iter().filter(|(_, role)| role.origin == Origin::Custom);
    for (id, role) in custom.filter(|(id, _)| selection.selects(Kind::Roles, id.as_str())) {
        if section.take(judge(draft, draft.role(id.as_str(), role), &read)) {
            let wish = Presence::Present(RoleWish::default());
            desired.roles.insert(id.clone(), Declared { wish, span: draft.nowhere });
        }
    }
    section.end()
}

fn groups<'a>(live: &'a AccessState, selection: &Selection, draft: Draft) -> Section<'a> {
    let mut section = Section::default();
    for (id, group) in live.groups.iter().filter(|(id, _)| selection.selects(Kind::Groups, id.as_str())) {
        section.take(judge(draft, draft.group(id.as_str(), group), ask::group));
    }
    section.end()
}

fn users<'a>(live: &'a AccessState, selection: &Selection, accounts: Accounts, draft: Draft) -> Section<'a> {
    let mut section = Section::default();
    let is_meant = |id: &UserId| selection.selects(Kind::Users, id.as_str());
    for (id, user) in live.users.iter().filter(|(id, _)| is_meant(id)) {
        section.take(judge(draft, draft.user(id.as_str(), user, live.groups_of(id)), ask::user));
    }
    let vanished = live.memberships.iter().filter(|(id, _)| !live.users.contains_key(id));
    for (id, groups) in vanished.filter(|(id, _)| is_meant(id)) {
        let reason = match accounts {
            Accounts::All => "there are no such users; whoever is given such a name is in its groups at once",
            Accounts::Some => "there are no such users, or the credential cannot see them",
        };
        section.refuse(draft.vanished(id.as_str(), groups), reason.to_owned());
    }
    section.end()
}

fn tokens<'a>(live: &'a AccessState, selection: &Selection, draft: Draft) -> Section<'a> {
    let mut section = Section::default();
    let is_meant = |id: &TokenId| selection.selects(Kind::Tokens, &id.to_string());
    let meant: Vec<(&TokenId, &Token)> = live.tokens.iter().filter(|(id, _)| is_meant(id)).collect();
    if !meant.is_empty() {
        section.lines = prose(
            2,
            "Without secrets: Proxmox VE shows them once. With a `secret: {file: ..}`, apply can make a token anew.",
        );
    }
    for (id, token) in meant {
        let entry = draft.token(id.to_string(), token);
        if live.users.contains_key(id.user()) {
            section.take(judge(draft, entry, ask::token));
        } else {
            section.refuse(entry, "there are no such users".to_owned());
        }
    }
    section.end()
}

fn acl<'a>(
    live: &'a AccessState,
    selection: &Selection,
    accounts: Accounts,
    draft: Draft,
    desired: &mut Desired,
) -> Section<'a> {
    let mut section = Section::default();
    let entries = grants::entries(live, |path| selection.selects(Kind::Acl, path.as_str()), accounts, desired, draft);
    for entry in entries.declared {
        section.lines.extend(item(&entry.node(draft)));
    }
    for (reason, entries) in entries.refused {
        section.lines.extend(prose(2, &not_declared(&reason)));
        for entry in entries {
            section.undeclared += entry.count();
            section.lines.extend(commented(2, item(&entry.node(draft))));
        }
    }
    section
}
