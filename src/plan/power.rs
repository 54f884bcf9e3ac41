//! What the one who applies needs.
//!
//! Knows which privileges the server asks for at each request (its own table of calls), and which of them somebody still
//! holds. Does not know the order of the steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::exposure::{Figure, Index};
use super::op::{Account, Op};
use crate::live::{Blind, Needed};
use crate::model::{AccessState, Refusal};
use crate::permissions::Evaluator;
use crate::pve::{AclPath, GroupId, Principal, Subject, UserId};

/// One of some privileges at one of some paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Any of these does; the one that does for everything first.
    pub privileges: &'static [&'static str],
    /// At any of these; the one that does for everything first.
    pub paths: Vec<String>,
}

impl Need {
    /// Permissions.Modify on /: whoever has it can give itself all the rest.
    #[must_use]
    pub fn administration() -> Need {
        Need::at("/", &["Permissions.Modify"])
    }

    fn at(path: impl Into<String>, privileges: &'static [&'static str]) -> Need {
        Need { privileges, paths: vec![path.into()] }
    }

    /// User.Modify for all groups, or for one of `groups`.
    fn manage<'a>(groups: impl IntoIterator<Item = &'a GroupId>) -> Need {
        let each = groups.into_iter().map(|group| format!("/access/groups/{group}"));
        Need { privileges: &["User.Modify"], paths: std::iter::once("/access/groups".to_owned()).chain(each).collect() }
    }

    fn allocate(user: &UserId) -> Need {
        Need::at(format!("/access/realm/{}", user.realm()), &["Realm.AllocateUser"])
    }

    fn grant(path: &AclPath) -> Need {
        let below = |top: &str| path.as_str().starts_with(top);
        let privileges: &[&str] = if below("/storage/") {
            &["Permissions.Modify", "Datastore.Allocate"]
        } else if below("/vms/") {
            &["Permissions.Modify", "VM.Allocate"]
        } else if below("/pool/") {
            &["Permissions.Modify", "Pool.Allocate"]
        } else {
            &["Permissions.Modify"]
        };
        Need::at(path.as_str(), privileges)
    }

    /// What seeing everything takes.
    fn sight() -> impl Iterator<Item = Need> {
        let kinds = [Blind::Accounts, Blind::Grants, Blind::Pools, Blind::Realms].into_iter();
        kinds.filter_map(Blind::needs).map(|Needed { privileges, path }| Need::at(path, privileges))
    }

    /// With the first of the privileges alone: to change grants, it does whatever they are of, and each other only if one
    /// has all of what is handed out (api-facts.md, ACL).
    fn by_the_first(&self) -> Need {
        Need { privileges: self.privileges.get(..1).unwrap_or_default(), paths: self.paths.clone() }
    }

    /// The first of its privileges that is held at one of its paths, as `holds` says of a path and a privilege.
    pub fn met_with(&self, holds: impl Fn(&str, &str) -> bool) -> Option<&'static str> {
        self.privileges.iter().copied().find(|privilege| self.paths.iter().any(|path| holds(path, privilege)))
    }

    fn is_met(&self, who: &Principal, evaluator: &Evaluator<'_>) -> bool {
        self.paths.iter().any(|path| {
            let held = evaluator.at(who, path);
            held.keys().any(|privilege| self.privileges.contains(&privilege.as_str()))
        })
    }
}

impl fmt::Display for Need {
    /// The first of each: what does for everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let privilege = self.privileges.first().copied().unwrap_or_default();
        write!(f, "{privilege} on {}", self.paths.first().map(String::as_str).unwrap_or_default())
    }
}

impl Op {
    /// What the server asks of `who` for this request (endpoints: `needs` of each call); undoing it takes the same.
    #[must_use]
    pub fn needs(&self, who: &Principal, live: &AccessState) -> Vec<Need> {
        // A token is not "self" for its user.
        let is_self = |user: &UserId| matches!(who, Principal::User(own) if own == user);
        let managed = |user: &UserId| Need::manage(live.groups_of(user));
        match self {
            Op::CreateRole { role: _, privs: _ }
            | Op::SetRole { role: _, before: _, after: _ }
            | Op::DeleteRole { role: _ } => {
                vec![Need::at("/access", &["Sys.Modify"])]
            }
            Op::CreateGroup { group: _, comment: _ }
            | Op::SetGroup { group: _, before: _, after: _ }
            | Op::DeleteGroup { group: _ } => {
                vec![Need::at("/access/groups", &["Group.Allocate"])]
            }
            Op::CreateUser { user, account: Account { user: _, groups } } => {
                let joined = groups.iter().map(|group| Need::manage([group]));
                let alone = groups.is_empty().then(|| Need::manage([]));
                std::iter::once(Need::allocate(user)).chain(joined).chain(alone).collect()
            }
            Op::SetUser { user: _, before, after } if before.groups != after.groups => {
                let joined = after.groups.iter().map(|group| Need::manage([group]));
                let alone = after.groups.is_empty().then(|| Need::manage([]));
                // Whom it was before says whose member the user is by then, also if this plan made it so.
                std::iter::once(Need::manage(&before.groups)).chain(joined).chain(alone).collect()
            }
            // Where no groups are sent, it does not count whose members one may modify.
            Op::SetUser { user: _, before: _, after: _ } => vec![Need::manage([])],
            Op::SetPassword { user } if is_self(user) => Vec::new(),
            Op::SetPassword { user } | Op::DeleteUser { user } => vec![Need::allocate(user), managed(user)],
            Op::CreateToken { token, attributes: _ }
            | Op::SetToken { token, before: _, after: _ }
            | Op::RotateToken { token, before: _, after: _ }
            | Op::DeleteToken { token } => {
                if is_self(token.user()) {
                    Vec::new()
                } else {
                    vec![managed(token.user())]
                }
            }
            Op::Grant { batch, propagate: _ } | Op::Revoke { batch } => vec![Need::grant(batch.path())],
        }
    }
}

/// How somebody lost what it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It is not there any more.
    Gone,
    /// It is refused at the door.
    Refused(Vec<Refusal>),
    /// It does not hold these any more; never empty.
    Needs(Vec<Need>),
}

/// The one who applies, as far as the ops have come.
pub(super) struct Power {
    who: Principal,
    now: u64,
    needs: BTreeMap<usize, Vec<Need>>,
    held: BTreeSet<Need>,
    /// Whether it is let in, and that alone is enough for one of the ops: for its own tokens, a user needs nothing else.
    is_let_in: bool,
    own: BTreeSet<Subject>,
    ops: BTreeMap<usize, Op>,
    state: AccessState,
}

impl Power {
    /// Before the first of `ops`, the index's.
    pub(super) fn new(who: &Principal, index: &Index<'_>, ops: &[Op], live: &AccessState, now: u64) -> Power {
        let Figure { who, like: _, ops: bearing, state } = index.figure(who);
        let evaluator = Evaluator::new(&state);
        let relied_on =
            |need: Need| Some(need.by_the_first()).filter(|first| first.is_met(&who, &evaluator)).unwrap_or(need);
        let needs_of = |op: &Op| op.needs(&who, live).into_iter().map(relied_on).collect();
        let needs: BTreeMap<usize, Vec<Need>> = ops.iter().map(needs_of).enumerate().collect();
        let mut all: BTreeSet<&Need> = needs.values().flatten().collect();
        let others: Vec<Need> = Need::sight().chain([Need::administration()]).collect();
        all.extend(&others);
        // What is refused already has nothing to lose.
        let can_act = state.refusals(&who, now).is_empty();
        let held = all.into_iter().filter(|need| can_act && need.is_met(&who, &evaluator)).cloned().collect();
        let is_let_in = can_act && needs.values().any(Vec::is_empty);
        let own = index.subjects(&who);
        Power { now, needs, held, is_let_in, own, ops: bearing.into_iter().collect(), state, who }
    }

    /// Whose grants are its own at any time.
    pub(super) fn own(&self) -> &BTreeSet<Subject> {
        &self.own
    }

    /// Whether op number `at` bears on it.
    pub(super) fn is_concerned(&self, at: usize) -> bool {
        self.ops.contains_key(&at)
    }

    /// The ops that bear on it.
    pub(super) fn bearing(&self) -> impl Iterator<Item = usize> {
        self.ops.keys().copied()
    }

    /// What it would lose by op number `at`.
    pub(super) fn loss_by(&self, at: usize) -> Option<Loss> {
        self.ops.get(&at)?;
        self.loss_in(&self.after(at))
    }

    /// Goes on to after the op.
    pub(super) fn commit(&mut self, at: usize) {
        if self.is_concerned(at) {
            self.state = self.after(at);
        }
    }

    /// Which of `ops` it could not do now.
    pub(super) fn impossible(&self, ops: impl IntoIterator<Item = usize>) -> Vec<usize> {
        self.impossible_in(&self.state, ops)
    }

    /// Which of `ops` it could not do after op number `at`.
    pub(super) fn impossible_after(&self, at: usize, ops: impl IntoIterator<Item = usize>) -> Vec<usize> {
        self.impossible_in(&self.after(at), ops)
    }

    fn after(&self, at: usize) -> AccessState {
        let mut state = self.state.clone();
        if let Some(op) = self.ops.get(&at) {
            op.apply_to(&mut state);
        }
        state
    }

    fn loss_in(&self, state: &AccessState) -> Option<Loss> {
        if self.held.is_empty() && !self.is_let_in {
            return None;
        }
        if !state.has_principal(&self.who) {
            return Some(Loss::Gone);
        }
        let refusals = state.refusals(&self.who, self.now);
        if !refusals.is_empty() {
            return Some(Loss::Refused(refusals));
        }
        let evaluator = Evaluator::new(state);
        let lost: Vec<Need> = self.held.iter().filter(|need| !need.is_met(&self.who, &evaluator)).cloned().collect();
        (!lost.is_empty()).then_some(Loss::Needs(lost))
    }

    /// Of what it held in the beginning, for nobody loses what it never held.
    fn impossible_in(&self, state: &AccessState, ops: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let can_act = state.has_principal(&self.who) && state.refusals(&self.who, self.now).is_empty();
        let evaluator = Evaluator::new(state);
        let is_lost = |need: &Need| self.held.contains(need) && !need.is_met(&self.who, &evaluator);
        let is_impossible = |at: &usize| !can_act || self.needs.get(at).into_iter().flatten().any(is_lost);
        ops.into_iter().filter(is_impossible).collect()
    }
}
