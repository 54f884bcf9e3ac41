//! Which ops must come before others, whatever else speaks for another order.
//!
//! The server asks that what is named is there. Two changes of one user come in the order in which they were made.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::op::Op;
use crate::pve::{RoleId, Subject, UserId};

/// Something that an op can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Role(RoleId),
    Subject(Subject),
}

/// What becomes of a name by an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Makes,
    Uses,
    Removes,
}

/// For each op, those that must be done before it.
pub(super) fn dependencies(ops: &[Op]) -> Vec<BTreeSet<usize>> {
    let mut named: BTreeMap<Name, Vec<(Part, usize)>> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate() {
        for (name, role) in names(op) {
            named.entry(name).or_default().push((role, at));
        }
    }
    let mut before = vec![BTreeSet::new(); ops.len()];
    for users in named.values_mut() {
        users.sort_unstable();
        let of = |wanted: Part| users.iter().filter(move |(role, _)| *role == wanted).map(|&(_, at)| at);
        for made in of(Part::Makes) {
            of(Part::Uses).chain(of(Part::Removes)).for_each(|at| _ = before[at].insert(made));
        }
        for removed in of(Part::Removes) {
            before[removed].extend(of(Part::Uses));
        }
    }
    let mut last: BTreeMap<&UserId, usize> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate() {
        if let Op::SetUser { user, before: _, after: _ } = op {
            before[at].extend(last.insert(user, at));
        }
    }
    before
}

fn names(op: &Op) -> Vec<(Name, Part)> {
    let role = |id: &RoleId, role| (Name::Role(id.clone()), role);
    let subject = |subject: Subject, role| (Name::Subject(subject), role);
    match op {
        Op::CreateRole { role: id, privs: _ } => vec![role(id, Part::Makes)],
        Op::SetRole { role: id, before: _, after: _ } => vec![role(id, Part::Uses)],
        Op::DeleteRole { role: id } => vec![role(id, Part::Removes)],
        Op::CreateGroup { group, comment: _ } => vec![subject(Subject::Group(group.clone()), Part::Makes)],
        Op::SetGroup { group, before: _, after: _ } => vec![subject(Subject::Group(group.clone()), Part::Uses)],
        Op::DeleteGroup { group } => vec![subject(Subject::Group(group.clone()), Part::Removes)],
        Op::CreateUser { user, account } => {
            let joined = account.groups.iter().map(|group| subject(Subject::Group(group.clone()), Part::Uses));
            std::iter::once(subject(Subject::User(user.clone()), Part::Makes)).chain(joined).collect()
        }
        Op::SetUser { user, before, after } => {
            let groups = after.groups.iter().filter(|_| before.groups != after.groups);
            let joined = groups.map(|group| subject(Subject::Group(group.clone()), Part::Uses));
            std::iter::once(subject(Subject::User(user.clone()), Part::Uses)).chain(joined).collect()
        }
        Op::SetPassword { user } => vec![subject(Subject::User(user.clone()), Part::Uses)],
        Op::DeleteUser { user } => vec![subject(Subject::User(user.clone()), Part::Removes)],
        Op::CreateToken { token, attributes: _ } => vec![
            subject(Subject::User(token.user().clone()), Part::Uses),
            subject(Subject::Token(token.clone()), Part::Makes),
        ],
        Op::SetToken { token, before: _, after: _ } | Op::RotateToken { token, before: _, after: _ } => {
            vec![subject(Subject::Token(token.clone()), Part::Uses)]
        }
        Op::DeleteToken { token } => vec![subject(Subject::Token(token.clone()), Part::Removes)],
        Op::Grant { batch, propagate: _ } | Op::Revoke { batch } => {
            let roles = batch.roles().iter().map(|id| role(id, Part::Uses));
            roles.chain(batch.subjects().iter().map(|named| subject(named.clone(), Part::Uses))).collect()
        }
    }
}
