//! Live grants as entries of `acl`, grouped as a person would.

use std::collections::{BTreeMap, BTreeSet};

use super::super::acl;
use super::super::document::Desired;
use super::super::node::Node;
use super::Accounts;
use super::ask::fault;
use super::objects::Draft;
use crate::model::{AccessState, Grant, Propagate};
use crate::pve::{AclPath, RoleId, Subject};

/// Entries that are declared, and those that are not under the reason why.
#[derive(Default)]
pub(super) struct Entries<'a> {
    pub declared: Vec<Entry<'a>>,
    pub refused: BTreeMap<String, Vec<Entry<'a>>>,
}

/// An entry: every combination of its paths, roles and subjects is a grant.
pub(super) struct Entry<'a> {
    pub paths: Vec<&'a AclPath>,
    pub roles: Vec<&'a RoleId>,
    pub subjects: Vec<&'a Subject>,
    pub propagate: Propagate,
}

impl Entry<'_> {
    pub fn count(&self) -> usize {
        self.paths.len() * self.roles.len() * self.subjects.len()
    }

    pub fn node<'n>(&self, draft: Draft) -> Node<'n> {
        let Entry { paths, roles, subjects, propagate } = self;
        let (mut users, mut groups, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        for subject in subjects {
            match subject {
                Subject::User(user) => users.push(user.to_string()),
                Subject::Group(group) => groups.push(group.to_string()),
                Subject::Token(token) => tokens.push(token.to_string()),
            }
        }
        let mut attributes =
            vec![draft.entry("path", draft.name_or_names(paths)), draft.entry("roles", draft.name_or_names(roles))];
        for (key, names) in [("groups", groups), ("users", users), ("tokens", tokens)] {
            if !names.is_empty() {
                attributes.push(draft.entry(key, draft.name_or_names(&names)));
            }
        }
        if *propagate == Propagate::No {
            attributes.push(draft.entry("propagate", draft.boolean(false)));
        }
        draft.mapping(attributes)
    }
}

/// Groups those of `live`'s grants whose path is meant; `desired` holds the roles that the file declares.
pub(super) fn entries<'a>(
    live: &'a AccessState,
    is_meant: impl Fn(&AclPath) -> bool,
    accounts: Accounts,
    desired: &mut Desired,
    draft: Draft,
) -> Entries<'a> {
    let mut declarable: Vec<(&Grant, Propagate)> = Vec::new();
    let mut refused: BTreeMap<String, Vec<(&Grant, Propagate)>> = BTreeMap::new();
    let mut judge = Judge { live, accounts, draft, desired: &mut *desired, told: BTreeMap::new() };
    for (grant, &propagate) in live.acl.iter().filter(|(grant, _)| is_meant(&grant.path)) {
        match judge.refuses(grant) {
            None => declarable.push((grant, propagate)),
            Some(reason) => refused.entry(reason).or_default().push((grant, propagate)),
        }
    }
    let mut entries = Entries {
        declared: Vec::new(),
        refused: refused.into_iter().map(|(reason, grants)| (reason, grouped(&grants))).collect(),
    };
    for entry in grouped(&declarable) {
        // Too many grants together are found here alone.
        match fault(|notes| acl::read(&entry.node(draft), desired, notes)) {
            None => entries.declared.push(entry),
            Some(reason) => entries.refused.entry(reason).or_default().push(entry),
        }
    }
    entries
}

/// Says of each part of a grant once whether it can be written.
struct Judge<'a, 'd> {
    live: &'a AccessState,
    accounts: Accounts,
    draft: Draft,
    /// What the file declares so far.
    desired: &'d mut Desired,
    told: BTreeMap<Part<'a>, Option<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Subject(&'a Subject),
    Role(&'a RoleId),
    Path(&'a AclPath),
}

impl<'a> Judge<'a, '_> {
    fn refuses(&mut self, grant: &'a Grant) -> Option<String> {
        let Grant { path, subject, role } = grant;
        [Part::Subject(subject), Part::Role(role), Part::Path(path)].into_iter().find_map(|part| {
            if !self.told.contains_key(&part) {
                let reason = self.missing(part).or_else(|| self.unsayable(part));
                self.told.insert(part, reason);
            }
            self.told.get(&part).cloned().flatten()
        })
    }

    /// What a grant names and the cluster does not have (api-facts.md, ACL).
    fn missing(&self, part: Part<'_>) -> Option<String> {
        match part {
            Part::Subject(subject) if !self.live.has_subject(subject) => Some(match (subject, self.accounts) {
                (Subject::Token(_), Accounts::All) => "there are no such tokens".to_owned(),
                (Subject::User(_) | Subject::Group(_), Accounts::All) => {
                    "there are no such users and groups; these grants stay, count again for whoever is given such a \
                     name, and can be deleted only then"
                        .to_owned()
                }
                (_, Accounts::Some) => {
                    "there are no such users, groups and tokens, or the credential cannot see them".to_owned()
                }
            }),
            Part::Role(role) if !self.live.roles.contains_key(role) => Some("there are no such roles".to_owned()),
            _ => None,
        }
    }

    /// What the reader finds wrong with an entry in which everything else is fine.
    fn unsayable(&mut self, part: Part<'_>) -> Option<String> {
        let Judge { live: _, accounts: _, draft, desired, told: _ } = self;
        let (mut path, mut role, mut subject) =
            ("/".to_owned(), "NoAccess".to_owned(), ("users", "somebody@pve".to_owned()));
        match part {
            Part::Path(named) => path = named.to_string(),
            Part::Role(named) => role = named.to_string(),
            Part::Subject(Subject::User(named)) => subject = ("users", named.to_string()),
            Part::Subject(Subject::Group(named)) => subject = ("groups", named.to_string()),
            Part::Subject(Subject::Token(named)) => subject = ("tokens", named.to_string()),
        }
        let (key, subject) = subject;
        let entry = draft.mapping(vec![
            draft.entry("path", draft.text(path)),
            draft.entry("roles", draft.text(role)),
            draft.entry(key, draft.text(subject)),
        ]);
        let reason = fault(|notes| acl::read(&entry, desired, notes));
        desired.acl.clear();
        reason
    }
}

/// Subjects with the same roles share an entry, and so do paths at which all else is the same. In the tree's order.
fn grouped<'a>(grants: &[(&'a Grant, Propagate)]) -> Vec<Entry<'a>> {
    let mut paths: BTreeMap<Words<'a>, BTreeMap<(&Subject, Propagate), Vec<&RoleId>>> = BTreeMap::new();
    for (Grant { path, subject, role }, propagate) in grants {
        paths.entry(Words(path)).or_default().entry((subject, *propagate)).or_default().push(role);
    }
    type Alike<'a> = (Vec<&'a RoleId>, Propagate, Vec<&'a Subject>);
    let mut first: BTreeMap<Alike<'a>, usize> = BTreeMap::new();
    let mut entries: Vec<Entry<'a>> = Vec::new();
    for (Words(path), subjects) in paths {
        let mut here: BTreeMap<(Vec<&RoleId>, Propagate), BTreeSet<&Subject>> = BTreeMap::new();
        for ((subject, propagate), roles) in subjects {
            here.entry((roles, propagate)).or_default().insert(subject);
        }
        for ((roles, propagate), subjects) in here {
            let subjects: Vec<&Subject> = subjects.into_iter().collect();
            let alike = (roles, propagate, subjects);
            if let Some(&at) = first.get(&alike) {
                entries[at].paths.push(path);
                continue;
            }
            let (roles, propagate, subjects) = alike.clone();
            first.insert(alike, entries.len());
            entries.push(Entry { paths: vec![path], roles, subjects, propagate });
        }
    }
    entries
}

/// A path in the order of the tree, which is not that of the texts: `/a/b` stands before `/a-b`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Words<'a>(&'a AclPath);

impl Ord for Words<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.words().cmp(other.0.words())
    }
}

impl PartialOrd for Words<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
