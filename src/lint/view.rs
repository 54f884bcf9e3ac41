//! A state as rules look at it: with everything in reach that would cost time to look for.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccessState, Grant, Privsep, Propagate};
use crate::permissions::{Evaluator, Everyone};
use crate::pve::{AclPath, GroupId, Principal, Subject, TokenId, UserId};

/// A state, what it comes to, and when it is looked at.
pub struct View<'v> {
    /// All of it.
    pub state: &'v AccessState,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// The tokens whose secrets are renewed in time.
    pub rotating: &'v BTreeSet<TokenId>,
    /// Answers who may do what.
    pub evaluator: &'v Evaluator<'v>,
    /// What everybody holds.
    pub everyone: &'v Everyone<'v>,
    /// The members of each group, as far as they exist.
    members: BTreeMap<&'v GroupId, BTreeSet<&'v UserId>>,
    tokens: BTreeMap<&'v UserId, Vec<&'v TokenId>>,
    grants: BTreeMap<&'v Subject, BTreeMap<&'v AclPath, Entry<'v>>>,
    paths: BTreeMap<&'v AclPath, BTreeMap<&'v Subject, Entry<'v>>>,
}

/// All that is granted to one subject at one path.
pub type Entry<'v> = Vec<(&'v Grant, Propagate)>;

impl<'v> View<'v> {
    /// Sorts a state for looking at it.
    pub(super) fn new(
        state: &'v AccessState,
        evaluator: &'v Evaluator<'v>,
        everyone: &'v Everyone<'v>,
        now: u64,
        rotating: &'v BTreeSet<TokenId>,
    ) -> View<'v> {
        let mut members = state.members();
        members.values_mut().for_each(|users| users.retain(|user| state.users.contains_key(*user)));
        let mut tokens: BTreeMap<&UserId, Vec<&TokenId>> = BTreeMap::new();
        state.tokens.keys().for_each(|token| tokens.entry(token.user()).or_default().push(token));
        let mut view = View {
            state,
            now,
            rotating,
            evaluator,
            everyone,
            members,
            tokens,
            grants: BTreeMap::new(),
            paths: BTreeMap::new(),
        };
        for (grant, &propagate) in &state.acl {
            let Grant { path, subject, role } = grant;
            // The server does not see the others (api-facts.md, ACL).
            if state.roles.contains_key(role) {
                view.grants.entry(subject).or_default().entry(path).or_default().push((grant, propagate));
                view.paths.entry(path).or_default().entry(subject).or_default().push((grant, propagate));
            }
        }
        view
    }

    /// The members of a group that exist.
    pub fn members(&self, group: &GroupId) -> impl Iterator<Item = &'v UserId> + '_ {
        self.members.get(group).into_iter().flatten().copied()
    }

    /// The tokens of a user.
    pub fn tokens(&self, user: &UserId) -> &[&'v TokenId] {
        self.tokens.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// The separated tokens of the state.
    pub fn separated(&self) -> impl Iterator<Item = &'v TokenId> + '_ {
        let tokens = self.state.tokens.iter();
        tokens.filter(|(_, token)| token.privsep == Privsep::Yes).map(|(id, _)| id)
    }

    /// Everybody that is granted something, and what at which paths.
    pub fn subjects(&self) -> impl Iterator<Item = (&'v Subject, &BTreeMap<&'v AclPath, Entry<'v>>)> {
        self.grants.iter().map(|(subject, entries)| (*subject, entries))
    }

    /// What is granted to one, by path.
    pub fn granted(&self, subject: &Subject) -> impl Iterator<Item = (&'v AclPath, &Entry<'v>)> {
        self.grants.get(subject).into_iter().flatten().map(|(path, entry)| (*path, entry))
    }

    /// What is granted to one at one path.
    pub fn entry(&self, path: &AclPath, subject: &Subject) -> Option<&Entry<'v>> {
        self.paths.get(path)?.get(subject)
    }

    /// The paths at which anything is granted, and to whom.
    pub fn paths(&self) -> impl Iterator<Item = (&'v AclPath, &BTreeMap<&'v Subject, Entry<'v>>)> {
        self.paths.iter().map(|(path, entries)| (*path, entries))
    }

    /// Those whose permissions a grant to `subject` can have to do with.
    pub fn concerned(&self, subject: &Subject) -> Vec<Principal> {
        let with_tokens = |user: &UserId| {
            let tokens = self.tokens(user).iter().map(|token| Principal::Token((*token).clone()));
            let user = self.state.users.contains_key(user).then(|| Principal::User(user.clone()));
            user.into_iter().chain(tokens).collect::<Vec<_>>()
        };
        match subject {
            Subject::User(user) => with_tokens(user),
            Subject::Group(group) => self.members(group).flat_map(with_tokens).collect(),
            Subject::Token(token) => vec![Principal::Token(token.clone())],
        }
    }
}
