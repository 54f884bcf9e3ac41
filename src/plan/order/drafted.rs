//! From what differs to requests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{Delta, Diff};
use crate::model::{AccessState, Grant, Propagate};
use crate::plan::aim::Aim;
use crate::plan::batch::AclBatch;
use crate::plan::op::{Account, Op};
use crate::pve::{GroupId, Principal, UserId};

/// The ops that lead to what is aimed at, and set the passwords that shall be set, in the order of their phases.
///
/// What a deletion takes along by itself gets no op of its own. Realms and pools cannot differ yet: nothing declares
/// them. The token that asks gets its new secret last: if that is lost on the way, all the rest is done.
pub(super) fn drafted(aim: &Aim, diff: &Diff) -> Vec<Op> {
    let (live, target) = (&aim.live.state, &aim.target);
    let Diff { realms: _, roles, groups, users, tokens, memberships, pools: _, acl } = diff;
    let mut ops = Vec::new();
    for (role, delta) in roles {
        let role = role.clone();
        ops.push(match delta {
            Delta::Added(after) => Op::CreateRole { role, privs: after.privs.clone() },
            Delta::Changed { before, after } => {
                Op::SetRole { role, before: before.privs.clone(), after: after.privs.clone() }
            }
            Delta::Removed(_) => Op::DeleteRole { role },
        });
    }
    for (group, delta) in groups {
        let group = group.clone();
        ops.push(match delta {
            Delta::Added(after) => Op::CreateGroup { group, comment: after.comment.clone() },
            Delta::Changed { before, after } => {
                Op::SetGroup { group, before: before.comment.clone(), after: after.comment.clone() }
            }
            Delta::Removed(_) => Op::DeleteGroup { group },
        });
    }
    for user in users.keys().chain(memberships.keys()).collect::<BTreeSet<_>>() {
        push_user(user, live, target, &mut ops);
    }
    for (token, delta) in tokens {
        let token = token.clone();
        match delta {
            Delta::Added(after) => ops.push(Op::CreateToken { token, attributes: after.clone() }),
            Delta::Changed { .. } if aim.renewed.contains(&token) => {}
            Delta::Changed { before, after } => {
                ops.push(Op::SetToken { token, before: before.clone(), after: after.clone() });
            }
            Delta::Removed(_) if target.users.contains_key(token.user()) => ops.push(Op::DeleteToken { token }),
            Delta::Removed(_) => {}
        }
    }
    push_passwords(aim, &mut ops);
    for token in &aim.renewed {
        if let (Some(before), Some(after)) = (live.tokens.get(token), target.tokens.get(token)) {
            ops.push(Op::RotateToken { token: token.clone(), before: before.clone(), after: after.clone() });
        }
    }
    push_grants(acl, target, &mut ops);
    let is_own = |op: &Op| match (op, &aim.live.reader) {
        (Op::RotateToken { token, before: _, after: _ }, Some(Principal::Token(own))) => token == own,
        _ => false,
    };
    ops.sort_by_key(|op| (is_own(op), op.phase()));
    ops
}

fn push_user(user: &UserId, live: &AccessState, target: &AccessState, ops: &mut Vec<Op>) {
    // A group's deletion takes its memberships along.
    let staying = |groups: &BTreeSet<GroupId>| -> BTreeSet<GroupId> {
        groups.iter().filter(|group| target.groups.contains_key(group)).cloned().collect()
    };
    let wanted = target.groups_of(user);
    match (live.users.get(user), target.users.get(user)) {
        (None, None) => {}
        (Some(_), None) => ops.push(Op::DeleteUser { user: user.clone() }),
        (None, Some(after)) => {
            let account = Account { user: after.clone(), groups: wanted.clone() };
            ops.push(Op::CreateUser { user: user.clone(), account });
            // Memberships that a user of this name left behind are its own again, wanted or not.
            let waiting = staying(live.groups_of(user));
            if !waiting.is_subset(wanted) {
                let before = Account { user: after.clone(), groups: waiting.union(wanted).cloned().collect() };
                let after = Account { user: after.clone(), groups: wanted.clone() };
                ops.push(Op::SetUser { user: user.clone(), before, after });
            }
        }
        (Some(before), Some(after)) => {
            let is_in = staying(live.groups_of(user));
            if before != after || is_in != *wanted {
                // Only what is compared here is set: where the groups are as wanted, both sides name the same.
                let groups = if is_in == *wanted { wanted.clone() } else { live.groups_of(user).clone() };
                let before = Account { user: before.clone(), groups };
                let after = Account { user: after.clone(), groups: wanted.clone() };
                ops.push(Op::SetUser { user: user.clone(), before, after });
            }
        }
    }
}

/// A user that is made gets its password by the same request. Whoever applies has to say its own password with each of
/// the others, so its own comes last.
fn push_passwords(aim: &Aim, ops: &mut Vec<Op>) {
    let is_own = |user: &UserId| aim.live.reader.as_ref().is_some_and(|reader| reader.user() == user);
    let there = aim.passwords.keys().filter(|user| aim.live.state.users.contains_key(*user));
    let (own, others): (Vec<&UserId>, Vec<&UserId>) = there.partition(|user| is_own(user));
    ops.extend(others.into_iter().chain(own).map(|user| Op::SetPassword { user: user.clone() }));
}

/// Grants come from the bottom up and go from the top down: what restricts somebody further down is there before, and
/// stays until after, what it restricts.
fn push_grants(acl: &BTreeMap<Grant, Delta<Propagate>>, target: &AccessState, ops: &mut Vec<Op>) {
    let mut given: Vec<(AclBatch, Propagate)> = Vec::new();
    for propagate in [Propagate::Yes, Propagate::No] {
        let grants = acl.iter().filter(|(_, delta)| delta.after() == Some(&propagate)).map(|(grant, _)| grant);
        given.extend(AclBatch::cover(grants).into_iter().map(|batch| (batch, propagate)));
    }
    given.sort_by_key(|(batch, _)| Reverse(batch.path().words().count()));
    ops.extend(given.into_iter().map(|(batch, propagate)| Op::Grant { batch, propagate }));
    let revoked = acl.iter().filter(|(grant, delta)| delta.after().is_none() && outlives(grant, target));
    ops.extend(AclBatch::cover(revoked.map(|(grant, _)| grant)).into_iter().map(|batch| Op::Revoke { batch }));
}

/// Whether the subject and the role of `grant` stay, so that it does not go along with one of them.
fn outlives(Grant { path: _, subject, role }: &Grant, target: &AccessState) -> bool {
    target.has_subject(subject) && target.roles.contains_key(role)
}
