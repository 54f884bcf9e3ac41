//! Whose grants count for a user or token.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{NodeId, Tree};
use crate::model::{AccessState, Privsep};
use crate::pve::{Principal, Subject, TokenId, UserId};

/// What there is to know of somebody before a path is named; equal standings have equal answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing<'a> {
    /// Does not exist.
    Nobody,
    /// Is root@pam, or a token that is as good as it.
    Everything,
    /// Holds what these hold.
    Own(Subjects<'a>),
    /// A separated token: holds what both hold.
    Both {
        /// The token.
        token: Subjects<'a>,
        /// The user whose token it is.
        user: Subjects<'a>,
    },
}

/// Those whose grants count for somebody, as far as there are any; at one path, its own hide the groups'.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subjects<'a> {
    own: Option<&'a Subject>,
    groups: Vec<&'a Subject>,
}

impl<'a> Subjects<'a> {
    /// The subjects that count alike, the stronger ones first.
    pub fn tiers(&self) -> [&[&'a Subject]; 2] {
        [self.own.as_slice(), &self.groups]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a Subject> + '_ {
        self.own.into_iter().chain(self.groups.iter().copied())
    }
}

/// Every subject that is granted something, and where.
pub struct Index<'a> {
    paths: BTreeMap<&'a Subject, BTreeSet<NodeId>>,
}

impl<'a> Index<'a> {
    /// The index of a state's tree.
    pub fn new(tree: &Tree<'a>) -> Index<'a> {
        let mut paths: BTreeMap<&Subject, BTreeSet<NodeId>> = BTreeMap::new();
        for (id, node) in tree.nodes() {
            for &subject in node.grants.keys() {
                paths.entry(subject).or_default().insert(id);
            }
        }
        Index { paths }
    }

    /// The paths at which any of `subjects` is granted something.
    pub fn paths(&self, subjects: &Subjects<'a>) -> impl Iterator<Item = NodeId> {
        subjects.iter().filter_map(|subject| self.paths.get(subject)).flatten().copied()
    }

    /// How `who` stands in `state`, the one that this index was made of (api-facts.md, Authentication: privsep).
    pub fn standing(&self, state: &AccessState, who: &Principal) -> Standing<'a> {
        let user = who.user();
        if !state.users.contains_key(user) {
            return Standing::Nobody;
        }
        let own = |state| if user.is_root() { Standing::Everything } else { Standing::Own(self.user(state, user)) };
        match who {
            Principal::User(_) => own(state),
            Principal::Token(id) => match state.tokens.get(id).map(|token| token.privsep) {
                None => Standing::Nobody,
                Some(Privsep::No) => own(state),
                Some(Privsep::Yes) if user.is_root() => Standing::Own(self.token(id)),
                Some(Privsep::Yes) => Standing::Both { token: self.token(id), user: self.user(state, user) },
            },
        }
    }

    fn user(&self, state: &AccessState, user: &UserId) -> Subjects<'a> {
        let groups = state.groups_of(user).iter().filter_map(|group| self.known(Subject::Group(group.clone())));
        Subjects { own: self.known(Subject::User(user.clone())), groups: groups.collect() }
    }

    fn token(&self, token: &TokenId) -> Subjects<'a> {
        Subjects { own: self.known(Subject::Token(token.clone())), groups: Vec::new() }
    }

    fn known(&self, subject: Subject) -> Option<&'a Subject> {
        self.paths.get_key_value(&subject).map(|(&known, _)| known)
    }
}
