//! What somebody else has changed, in the words of a plan.

use std::collections::BTreeSet;

use super::columns::columns;
use super::rows::{Mark, Row, grant_row};
use crate::diff::{Delta, Diff};
use crate::model::{Role, User};
use crate::plan::Account;
use crate::pve::{GroupId, UserId};
use crate::render::change;
use crate::render::words::{quoted, visible};

/// A line for each change; of realms and pools, their names alone.
pub(in crate::render) fn moved(diff: &Diff) -> Vec<String> {
    let Diff { realms, roles, groups, users, tokens, memberships, pools, acl } = diff;
    let mut rows = Vec::new();
    rows.extend(realms.iter().map(|(id, delta)| row(delta, "realm", id, |_| Vec::new(), |_, _| Vec::new())));
    rows.extend(roles.iter().map(|(id, delta)| row(delta, "role", id, new_role, changed_role)));
    rows.extend(groups.iter().map(|(id, delta)| {
        let new = |comment| if comment == "none" { Vec::new() } else { vec![format!("comment {comment}")] };
        row(
            delta,
            "group",
            id,
            |group| new(quoted(&group.comment)),
            |before, after| vec![change::of_text("comment", &before.comment, &after.comment)],
        )
    }));
    for user in users.keys().chain(memberships.keys()).collect::<BTreeSet<_>>() {
        rows.push(user_row(user, users.get(user), memberships.get(user)));
    }
    rows.extend(tokens.iter().map(|(id, delta)| row(delta, "token", id, change::of_new_token, change::of_token)));
    rows.extend(pools.iter().map(|(id, delta)| row(delta, "pool", id, |_| Vec::new(), |_, _| Vec::new())));
    rows.extend(acl.iter().map(|(grant, delta)| grant_row(grant, delta)));
    columns(&rows).map(|row| row.signed()).collect()
}

fn row<T>(
    delta: &Delta<T>,
    kind: &'static str,
    name: impl ToString,
    new: impl Fn(&T) -> Vec<String>,
    changed: impl Fn(&T, &T) -> Vec<String>,
) -> Row {
    let (mark, details) = match delta {
        Delta::Added(after) => (Mark::Create, new(after)),
        Delta::Changed { before, after } => (Mark::Change, changed(before, after)),
        Delta::Removed(_) => (Mark::Delete, Vec::new()),
    };
    Row { mark, kind, name: visible(name.to_string()), details }
}

fn new_role(Role { privs, origin: _ }: &Role) -> Vec<String> {
    vec![if privs.is_empty() { "no privileges".to_owned() } else { change::joined(privs) }]
}

fn changed_role(before: &Role, after: &Role) -> Vec<String> {
    vec![change::set_change(&before.privs, &after.privs)]
}

/// A user with its groups; of somebody who does not exist, the groups alone.
fn user_row(id: &UserId, user: Option<&Delta<User>>, groups: Option<&Delta<BTreeSet<GroupId>>>) -> Row {
    let groups_before = groups.and_then(Delta::before).cloned().unwrap_or_default();
    let groups_after = groups.and_then(Delta::after).cloned().unwrap_or_default();
    let account = |user: &User, groups: &BTreeSet<GroupId>| Account { user: user.clone(), groups: groups.clone() };
    match user {
        Some(delta) => row(
            delta,
            "user",
            id,
            |after| change::of_new_user(&account(after, &groups_after)),
            |before, after| change::of_user(&account(before, &groups_before), &account(after, &groups_after)),
        ),
        None => Row {
            mark: Mark::Change,
            kind: "user",
            name: visible(id),
            details: vec![format!("groups {}", change::set_change(&groups_before, &groups_after))],
        },
    }
}
