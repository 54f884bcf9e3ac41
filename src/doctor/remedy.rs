//! What gives a credential the privileges that it lacks, and takes nothing from anybody.

use std::collections::BTreeSet;

use crate::live::Snapshot;
use crate::model::{AccessState, Grant, Origin, Propagate, Role};
use crate::permissions::{Evaluator, Explanation, Mend, Side};
use crate::plan::Need;
use crate::pve::{AclPath, Principal, Privilege, RoleId, Subject};

/// What gives a credential what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// This does, and nobody loses anything by it; it was tried on all that there is.
    Exact(RoleMend),
    /// This does unless something hides it, for not everything can be seen.
    Rough(RoleMend),
    /// Nothing that is known here.
    Unknown,
}

/// A role of its own, and where it is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleMend {
    /// The role.
    pub role: RoleId,
    /// Whether it is there already, and gets more privileges.
    pub is_there: bool,
    /// What it gets.
    pub privileges: BTreeSet<Privilege>,
    /// What is granted, and taken back.
    pub changes: BTreeSet<Mend>,
}

/// What the role is called if nothing else is called so; `README.md` calls it so too.
const NAME: &str = "AccessSync";

/// What makes `who` hold the first privilege of each of `missing`.
pub(super) fn remedy(who: &Principal, missing: &[&Need], own: &Snapshot) -> Remedy {
    let privileges: BTreeSet<Privilege> =
        missing.iter().filter_map(|need| need.privileges.first()?.parse().ok()).collect();
    let Some(role) = role(who, &own.state) else { return Remedy::Unknown };
    let is_there = own.state.roles.contains_key(&role);
    let mend = RoleMend { role, is_there, privileges, changes: BTreeSet::new() };
    if own.sight.hidden_deciding().is_empty() && own.state.has_principal(who) {
        exact(who, missing, &own.state, mend).map_or(Remedy::Unknown, Remedy::Exact)
    } else {
        let root = AclPath::root();
        let changes =
            sides(who).into_iter().map(|subject| grant(&root, &subject, &mend.role, Propagate::Yes)).collect();
        Remedy::Rough(RoleMend { changes, ..mend })
    }
}

/// A role that nobody else is granted: a new one, or its own of an earlier time.
fn role(who: &Principal, state: &AccessState) -> Option<RoleId> {
    let own = sides(who);
    let names = std::iter::once(NAME.to_owned()).chain((2..100).map(|number| format!("{NAME}-{number}")));
    let is_free = |role: &RoleId| match state.roles.get(role) {
        None => true,
        Some(Role { privs: _, origin: Origin::Builtin }) => false,
        // Where grants are hidden, anybody may be granted it.
        Some(Role { privs: _, origin: Origin::Custom }) => {
            let granted: BTreeSet<&Subject> =
                state.acl.keys().filter(|grant| grant.role == *role).map(|grant| &grant.subject).collect();
            !granted.is_empty() && granted.into_iter().all(|subject| own.contains(subject))
        }
    };
    names.filter_map(|name| name.parse().ok()).find(is_free)
}

/// Those whose grants may count: the user, and the token if there is one.
fn sides(who: &Principal) -> Vec<Subject> {
    let user = (!who.user().is_root()).then(|| Subject::User(who.user().clone()));
    let token = match who {
        Principal::User(_) => None,
        Principal::Token(token) => Some(Subject::Token(token.clone())),
    };
    user.into_iter().chain(token).collect()
}

/// Grants where each need is decided, until all are met.
fn exact(who: &Principal, missing: &[&Need], state: &AccessState, mut mend: RoleMend) -> Option<RoleMend> {
    /// Each round settles one need for each side, or nothing.
    const ROUNDS: usize = 256;
    let mut trial = state.clone();
    let role =
        trial.roles.entry(mend.role.clone()).or_insert_with(|| Role { privs: BTreeSet::new(), origin: Origin::Custom });
    role.privs.extend(mend.privileges.iter().cloned());
    for _ in 0..ROUNDS {
        let changes = {
            let evaluator = Evaluator::new(&trial);
            let open = missing.iter().find_map(|need| {
                let (path, privilege) = (need.paths.first()?, need.privileges.first()?.parse::<Privilege>().ok()?);
                let explanation = evaluator.explain(who, path);
                (!explanation.holds(&privilege)).then_some((explanation, privilege))
            });
            match open {
                None => return Some(mend),
                Some((explanation, privilege)) => changes(&explanation, &privilege, &mend.role, &trial),
            }
        };
        let before = trial.clone();
        for change in changes {
            match &change {
                Mend::Grant(grant, propagate) => {
                    trial.acl.insert(grant.clone(), *propagate);
                }
                Mend::Revoke(grant) => {
                    trial.acl.remove(grant);
                }
            }
            mend.changes.insert(change);
        }
        if trial == before {
            return None;
        }
    }
    None
}

/// What makes the role count for each side that lacks the privilege, beside what counts already.
fn changes(explanation: &Explanation<'_>, privilege: &Privilege, role: &RoleId, state: &AccessState) -> Vec<Mend> {
    let mut changes = Vec::new();
    for side in explanation.lacking(privilege) {
        let Side { subject, deciding, hidden: _ } = side;
        let at_path = deciding.iter().filter(|deciding| deciding.pools.is_empty());
        let place = at_path.map(|deciding| &deciding.grant.path).max().cloned().unwrap_or_else(AclPath::root);
        changes.push(grant(&place, subject, role, Propagate::Yes));
        let denying = side.denying().map(|deciding| deciding.grant);
        changes.extend(denying.filter(|grant| grant.subject == *subject).cloned().map(Mend::Revoke));
        changes.extend(replaced(subject, &place, state));
    }
    changes
}

/// What `subject` is granted at a place through its groups, which its first own entry there would replace.
fn replaced(subject: &Subject, place: &AclPath, state: &AccessState) -> Vec<Mend> {
    let Subject::User(user) = subject else { return Vec::new() };
    let here = || state.acl.iter().filter(|(grant, _)| grant.path == *place);
    if here().any(|(grant, _)| grant.subject == *subject) {
        return Vec::new();
    }
    let groups = state.groups_of(user);
    let of_groups =
        here().filter(|(grant, _)| matches!(&grant.subject, Subject::Group(group) if groups.contains(group)));
    let gives = |role: &RoleId| state.roles.get(role).is_some_and(|role| !role.privs.is_empty());
    let copies = of_groups.filter(|(grant, _)| gives(&grant.role));
    copies.map(|(found, propagate)| grant(place, subject, &found.role, *propagate)).collect()
}

fn grant(path: &AclPath, subject: &Subject, role: &RoleId, propagate: Propagate) -> Mend {
    Mend::Grant(Grant { path: path.clone(), subject: subject.clone(), role: role.clone() }, propagate)
}
