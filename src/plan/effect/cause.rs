//! Why privileges are lost or gained.

use std::collections::BTreeSet;

use super::{Direction, Place};
use crate::model::{AccessState, Grant};
use crate::permissions::{Basis, Deciding, Evaluator, Explanation, Extent, Hidden, Reason, Side};
use crate::pve::{GroupId, Principal, Privilege, RoleId, Subject, TokenId, UserId};

/// One reason why privileges are lost.
///
/// Where they are gained it is the reason why they would be lost on the way back: the grant that is named is made, not
/// revoked. The ones that surprise come first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A grant has no say any more because of another.
    Hidden {
        /// The one that counts.
        by: Grant,
        /// What about it is new.
        novelty: Novelty,
        /// The one that gave the privileges, and is still there.
        hidden: Grant,
    },
    /// A token is separated, and holds only what is granted to it too.
    Separation(TokenId),
    /// A grant does not propagate any more.
    Propagation(Grant),
    /// A role does not hold them any more.
    Privileges(RoleId),
    /// A user is not in a group any more that is granted them.
    Membership {
        /// Who.
        user: UserId,
        /// In which group.
        group: GroupId,
    },
    /// A grant is not there any more.
    Grant(Grant),
    /// A role is not there any more, nor what was granted of it.
    Role(RoleId),
    /// A group is not there any more, nor what was granted to it.
    Group(GroupId),
    /// The token is not there any more.
    Token(TokenId),
    /// The user is not there any more, nor its tokens.
    User(UserId),
}

/// Why a grant counts that did not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Novelty {
    /// It was not there.
    Added,
    /// It did not propagate.
    Propagates,
    /// It is to a group that the user was not in.
    Joined,
    /// Something else kept it from counting.
    Counts,
}

/// Two states, each with what answers for it, and how much may still be asked.
pub(super) struct Inquiry<'a> {
    direction: Direction,
    states: [(&'a AccessState, &'a Evaluator<'a>); 2],
    left: usize,
}

impl<'a> Inquiry<'a> {
    /// Explaining both sides of so many takes some tenths of a second.
    const MOST: usize = 20_000;

    /// From what to what.
    pub fn new(states: [(&'a AccessState, &'a Evaluator<'a>); 2]) -> Inquiry<'a> {
        Inquiry { direction: Direction::Loss, states, left: Inquiry::MOST }
    }

    /// The same on the way back, which tells why something is gained.
    pub fn reversed(&self) -> Inquiry<'a> {
        let [before, after] = self.states;
        Inquiry { direction: Direction::Gain, states: [after, before], left: self.left }
    }

    /// Takes off what `questions` cost; no if there is not as much left.
    pub fn afford(&mut self, questions: usize) -> bool {
        let left = self.left.checked_sub(questions);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Why `who` loses `lost` at a place, each reason once.
    pub fn causes(&self, who: &Principal, place: &Place, lost: &BTreeSet<Privilege>) -> BTreeSet<Cause> {
        let [(_, before), (_, after)] = self.states;
        let path = somewhere(place);
        let (held, left) = (before.explain(who, &path), after.explain(who, &path));
        let mut causes = BTreeSet::new();
        if let Some(absence) = absence(&left) {
            // Who is deleted loses everything with itself. Who is new gains what is granted to it.
            let all: BTreeSet<&Privilege> = lost.iter().collect();
            match self.direction {
                Direction::Loss => {}
                Direction::Gain => held.sides().for_each(|had| causes.extend(self.of_side(had, None, &all, who))),
            }
            if causes.is_empty() {
                causes.insert(absence);
            }
            return causes;
        }
        for side in left.sides() {
            let lacked: BTreeSet<&Privilege> = lost.iter().filter(|privilege| !side.holds(privilege)).collect();
            if lacked.is_empty() {
                continue;
            }
            match (held.sides().find(|had| had.subject == side.subject), &side.subject) {
                (Some(had), _) => causes.extend(self.of_side(had, Some(side), &lacked, who)),
                (None, Subject::Token(token)) => _ = causes.insert(Cause::Separation(token.clone())),
                (None, Subject::User(_) | Subject::Group(_)) => {}
            }
        }
        if causes.is_empty() {
            causes.extend(self.of_everything(&held));
        }
        causes
    }

    /// Why one side gives less, or is not there any more.
    fn of_side(
        &self,
        had: &Side<'a>,
        side: Option<&Side<'a>>,
        lacked: &BTreeSet<&Privilege>,
        who: &Principal,
    ) -> BTreeSet<Cause> {
        let mut causes = BTreeSet::new();
        for Deciding { grant, role, propagate: _, pools: _ } in &had.deciding {
            let given: Vec<&Privilege> =
                lacked.iter().copied().filter(|privilege| role.privs.contains(*privilege)).collect();
            if !given.is_empty() {
                causes.extend(self.fate(grant, &given, side, who));
            }
        }
        causes
    }

    /// What became of a grant that gave something.
    fn fate(&self, grant: &Grant, given: &[&Privilege], side: Option<&Side<'a>>, who: &Principal) -> Vec<Cause> {
        let [_, (after, _)] = self.states;
        let Grant { path: _, subject, role } = grant;
        if self.direction == Direction::Gain && !after.acl.contains_key(grant) {
            return vec![Cause::Grant(grant.clone())];
        }
        let Some(now) = after.roles.get(role) else { return vec![Cause::Role(role.clone())] };
        if let Subject::Group(group) = subject {
            if !after.groups.contains_key(group) {
                return vec![Cause::Group(group.clone())];
            }
            if after.acl.contains_key(grant) && !after.groups_of(who.user()).contains(group) {
                return vec![Cause::Membership { user: who.user().clone(), group: group.clone() }];
            }
        }
        if !after.acl.contains_key(grant) {
            return vec![Cause::Grant(grant.clone())];
        }
        let kept = given.iter().filter(|privilege| now.privs.contains(**privilege)).count();
        let narrowed = (kept < given.len()).then(|| Cause::Privileges(role.clone()));
        let hiding = side.filter(|_| kept > 0).and_then(|side| {
            let hidden = side.hidden.iter().find(|hidden| hidden.grant == grant)?;
            self.hiding(hidden, side, who)
        });
        hiding.into_iter().chain(narrowed).collect()
    }

    /// By what a grant is hidden.
    fn hiding(&self, hidden: &Hidden<'a>, side: &Side<'a>, who: &Principal) -> Option<Cause> {
        let by = match hidden.reason {
            Reason::NotPropagated => return Some(Cause::Propagation(hidden.grant.clone())),
            Reason::OwnGrant { by }
            | Reason::NoAccess { by }
            | Reason::NoAccessAtPath { by }
            | Reason::NoAccessAtPool { by, pool: _ } => by,
            Reason::Replaced { at } => {
                let deciding = side.deciding.iter().map(|deciding| deciding.grant);
                let counted =
                    |other: &&Hidden<'_>| !matches!(other.reason, Reason::NotPropagated | Reason::OwnGrant { .. });
                let others = side.hidden.iter().filter(counted).map(|other| other.grant);
                let there = deciding.chain(others).filter(|grant| grant.path == *at);
                there.min_by_key(|grant| (self.novelty(grant, who), *grant))?
            }
        };
        Some(Cause::Hidden { by: by.clone(), novelty: self.novelty(by, who), hidden: hidden.grant.clone() })
    }

    /// What about a grant is new.
    fn novelty(&self, grant: &Grant, who: &Principal) -> Novelty {
        let [(before, _), (after, _)] = self.states;
        match (before.acl.get(grant), after.acl.get(grant), &grant.subject) {
            (None, _, _) => Novelty::Added,
            (Some(was), Some(is), _) if was < is => Novelty::Propagates,
            (_, _, Subject::Group(group)) if !before.groups_of(who.user()).contains(group) => Novelty::Joined,
            _ => Novelty::Counts,
        }
    }

    /// Why root@pam holds less: the role Administrator is what it holds.
    fn of_everything(&self, held: &Explanation<'a>) -> Option<Cause> {
        let [(before, _), (after, _)] = self.states;
        let (id, role) = before.roles.iter().find(|(id, _)| id.as_str() == "Administrator")?;
        let changed = matches!(held.basis, Basis::Everything(_)) && after.roles.get(id) != Some(role);
        changed.then(|| Cause::Privileges(id.clone()))
    }
}

/// Whom an answer is about, if it does not exist.
fn absence(Explanation { who, path: _, basis, ignored: _ }: &Explanation<'_>) -> Option<Cause> {
    match (basis, who) {
        (Basis::NoToken, Principal::Token(token)) => Some(Cause::Token(token.clone())),
        (Basis::NoUser, _) | (Basis::NoToken, Principal::User(_)) => Some(Cause::User(who.user().clone())),
        (Basis::Everything(_) | Basis::User(_) | Basis::Token(_) | Basis::Both { .. }, _) => None,
    }
}

/// A path at a place; below one, a path that no grant can name.
fn somewhere(Place { path, extent }: &Place) -> String {
    match extent {
        Extent::Here | Extent::All => path.to_string(),
        Extent::Below => format!("{}/*", path.trim_end_matches('/')),
    }
}
