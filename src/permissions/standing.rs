//! Whose grants count for a user or token.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::tree::{NodeId, Tree};
use crate::model::{AccessState, Privsep, Propagate};
use crate::pve::{Principal, RoleId, Subject, TokenId, UserId};

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

    /// Those of the user or token itself.
    pub fn own(&self) -> Subjects<'a> {
        Subjects { own: self.own, groups: Vec::new() }
    }

    /// Those of the groups.
    pub fn groups(&self) -> Subjects<'a> {
        Subjects { own: None, groups: self.groups.clone() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.own.is_none() && self.groups.is_empty()
    }

    /// The same, each under the name of the first that is granted the same.
    fn among(self, alike: &Alike<'a>) -> Subjects<'a> {
        let first = |subject| alike.0.get(subject).copied().unwrap_or(subject);
        let groups: BTreeSet<&Subject> = self.groups.into_iter().map(first).collect();
        Subjects { own: self.own.map(first), groups: groups.into_iter().collect() }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'a Subject> + '_ {
        self.own.into_iter().chain(self.groups.iter().copied())
    }
}

impl<'a> Standing<'a> {
    /// The same as far as answers go, and equal for all whose grants are the same but for whom they name.
    pub fn among(self, alike: &Alike<'a>) -> Standing<'a> {
        match self {
            Standing::Nobody => Standing::Nobody,
            Standing::Everything => Standing::Everything,
            Standing::Own(subjects) => Standing::Own(subjects.among(alike)),
            Standing::Both { token, user } => Standing::Both { token: token.among(alike), user: user.among(alike) },
        }
    }
}

/// For each subject, the first to which the same roles are granted at the same paths.
pub struct Alike<'a>(BTreeMap<&'a Subject, &'a Subject>);

/// Every subject that is granted something, and where.
pub struct Index<'a> {
    paths: BTreeMap<&'a Subject, BTreeSet<NodeId>>,
}

impl<'a> Index<'a> {
    /// The index of a state's tree.
    pub fn new(tree: &Tree<'a>) -> Index<'a> {
        let mut paths: BTreeMap<&Subject, BTreeSet<NodeId>> = BTreeMap::new();
        for (id, node) in tree.places() {
            for &subject in node.grants.keys() {
                paths.entry(subject).or_default().insert(id);
            }
        }
        Index { paths }
    }

    /// The paths of a range at which any of `subjects` is granted something, in no order.
    pub fn paths<'i>(&'i self, subjects: &'i Subjects<'a>, range: &Range<NodeId>) -> impl Iterator<Item = NodeId> + 'i {
        let found = subjects.iter().filter_map(|subject| self.paths.get(subject));
        found
            .flat_map({
                let range = range.clone();
                move |paths| paths.range(range.clone())
            })
            .copied()
    }

    /// Who is granted the same.
    pub fn alike(&self, tree: &Tree<'a>) -> Alike<'a> {
        let mut first: BTreeMap<Vec<(NodeId, &RoleId, Propagate)>, &Subject> = BTreeMap::new();
        let alike = self.paths.iter().map(|(&subject, paths)| {
            let grants = paths.iter().flat_map(|&id| {
                let voices = tree.node(id).grants.get(subject).into_iter().flatten();
                voices.map(move |voice| (id, &voice.grant.role, voice.propagate))
            });
            (subject, *first.entry(grants.collect()).or_insert(subject))
        });
        Alike(alike.collect())
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
