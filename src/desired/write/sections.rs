//! What stands below each key.

use std::collections::BTreeMap;

use super::super::document::{Declared, Desired, Presence, RoleWish};
use super::super::node::Entry;
use super::super::selection::{Kind, Selection};
use super::ask::{self, Verdict, judge, mask};
use super::layout::{commented, item, not_declared, object, prose};
use super::objects::Draft;
use super::{Accounts, grants};
use crate::model::{AccessState, Origin};
use crate::pve::AclPath;

const WITHOUT_SECRETS: &str =
    "Without secrets: Proxmox VE shows them once. With a `secret: {file: ..}`, apply can make a token anew.";

/// What is written down.
pub(super) struct Page<'a> {
    pub live: &'a AccessState,
    pub selection: &'a Selection,
    pub accounts: Accounts,
    pub draft: Draft,
}

/// The lines of one section, and what they do not declare.
#[derive(Default)]
pub(super) struct Section<'a> {
    pub lines: Vec<String>,
    refused: BTreeMap<String, Vec<Entry<'a>>>,
    pub undeclared: usize,
    pub vanished: usize,
    pub unsaid: usize,
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
                self.undeclared += 1;
                self.refuse(entry, reason);
                false
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.refused.is_empty()
    }

    fn refuse(&mut self, mut entry: Entry<'a>, reason: String) {
        mask(&mut entry);
        self.refused.entry(reason).or_default().push(entry);
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

impl<'a> Page<'a> {
    /// All of them, in the order of the file.
    pub fn sections(&self) -> BTreeMap<Kind, Section<'a>> {
        // The roles that are declared, by which the reader judges what is granted.
        let mut desired = Desired::default();
        BTreeMap::from([
            (Kind::Roles, self.roles(&mut desired)),
            (Kind::Groups, self.groups()),
            (Kind::Users, self.users()),
            (Kind::Tokens, self.tokens()),
            (Kind::Acl, self.acl(&mut desired)),
        ])
    }

    fn means(&self, kind: Kind, name: &str) -> bool {
        self.selection.selects(kind, name)
    }

    fn roles(&self, desired: &mut Desired) -> Section<'a> {
        let Page { live, draft, .. } = *self;
        let read = ask::role(live);
        let mut section = Section::default();
        let custom = live.roles.iter().filter(|(_, role)| role.origin == Origin::Custom);
        for (id, role) in custom.filter(|(id, _)| self.means(Kind::Roles, id.as_str())) {
            if section.take(judge(draft, draft.role(id.as_str(), role), &read)) {
                let wish = Presence::Present(RoleWish::default());
                desired.roles.insert(id.clone(), Declared { wish, span: draft.nowhere });
            }
        }
        section.end()
    }

    fn groups(&self) -> Section<'a> {
        let Page { live, draft, .. } = *self;
        let mut section = Section::default();
        for (id, group) in live.groups.iter().filter(|(id, _)| self.means(Kind::Groups, id.as_str())) {
            section.take(judge(draft, draft.group(id.as_str(), group), ask::group));
        }
        section.end()
    }

    fn users(&self) -> Section<'a> {
        let Page { live, draft, .. } = *self;
        let mut section = Section::default();
        for (id, user) in live.users.iter().filter(|(id, _)| self.means(Kind::Users, id.as_str())) {
            section.take(judge(draft, draft.user(id.as_str(), user, live.groups_of(id)), ask::user));
        }
        let vanished = live.memberships.iter().filter(|(id, _)| !live.users.contains_key(id));
        for (id, groups) in vanished.filter(|(id, _)| self.means(Kind::Users, id.as_str())) {
            let reason = match self.accounts {
                Accounts::All => "there are no such users; whoever is given such a name is in its groups at once",
                Accounts::Some => "there are no such users, or the credential cannot see them",
            };
            section.vanished += 1;
            section.refuse(draft.vanished(id.as_str(), groups), reason.to_owned());
        }
        section.end()
    }

    fn tokens(&self) -> Section<'a> {
        let Page { live, draft, .. } = *self;
        let mut section = Section::default();
        for (id, token) in &live.tokens {
            let name = id.to_string();
            if !self.means(Kind::Tokens, &name) {
                continue;
            }
            if section.is_empty() {
                section.lines = prose(2, WITHOUT_SECRETS);
            }
            let entry = draft.token(name, token);
            if live.users.contains_key(id.user()) {
                section.take(judge(draft, entry, ask::token));
            } else {
                section.undeclared += 1;
                section.refuse(entry, "there are no such users".to_owned());
            }
        }
        section.end()
    }

    fn acl(&self, desired: &mut Desired) -> Section<'a> {
        let Page { live, accounts, draft, .. } = *self;
        let mut section = Section::default();
        let is_meant = |path: &AclPath| self.means(Kind::Acl, path.as_str());
        let entries = grants::entries(live, is_meant, accounts, desired, draft);
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
}
