//! From a state to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Write};

use super::encode;
use crate::model::{AccessState, Expire, Group, Origin, Pool, Propagate, Role, Token, User};
use crate::pve::{AclPath, GroupId, PoolId, RoleId, Subject, TokenId, UserId};

/// The file that the server writes for `state`.
///
/// Every grant is written, also one whose token or role is missing: such a line stays in a server's file until the next
/// write (api-facts.md, Tokens; Groups, roles). Grants to root@pam are not (transcript `auth`).
#[must_use]
pub fn write(state: &AccessState) -> String {
    let mut file = String::new();
    // Writing to a String cannot fail.
    let _ = write_all(&mut file, state);
    file
}

fn write_all(file: &mut String, state: &AccessState) -> fmt::Result {
    let AccessState { release: _, realms: _, roles, groups, users, tokens, memberships: _, pools, acl: _ } = state;

    let mut tokens_by_user: BTreeMap<&UserId, Vec<(&TokenId, &Token)>> = BTreeMap::new();
    for (id, token) in tokens {
        tokens_by_user.entry(id.user()).or_default().push((id, token));
    }
    for (id, user) in users {
        write_user(file, id, user)?;
        for (id, token) in tokens_by_user.get(id).into_iter().flatten() {
            write_token(file, id, token)?;
        }
    }
    file.push('\n');
    let members = state.members();
    for (id, group) in groups {
        write_group(file, id, group, members.get(id))?;
    }
    file.push('\n');
    for (id, pool) in pools {
        write_pool(file, id, pool)?;
    }
    file.push('\n');
    for (id, role) in roles {
        write_role(file, id, role)?;
    }
    file.push('\n');
    write_acl(file, state)
}

fn write_user(file: &mut String, id: &UserId, user: &User) -> fmt::Result {
    let User { enable, expire, firstname, lastname, email, comment, keys } = user;
    writeln!(
        file,
        "user:{id}:{}:{}:{}:{}:{email}:{}:{keys}:",
        enable.as_digit(),
        seconds(*expire),
        encode(firstname.as_str()),
        encode(lastname.as_str()),
        encode(comment.as_str()),
    )
}

fn write_token(file: &mut String, id: &TokenId, token: &Token) -> fmt::Result {
    let Token { comment, expire, privsep } = token;
    writeln!(file, "token:{id}:{}:{}:{}:", seconds(*expire), privsep.as_digit(), encode(comment.as_str()))
}

fn write_group(file: &mut String, id: &GroupId, group: &Group, members: Option<&BTreeSet<&UserId>>) -> fmt::Result {
    let Group { comment } = group;
    writeln!(file, "group:{id}:{}:{}:", joined(members.into_iter().flatten()), encode(comment.as_str()))
}

/// Guests are sorted as texts: 1000 stands before 101.
fn write_pool(file: &mut String, id: &PoolId, pool: &Pool) -> fmt::Result {
    let Pool { comment, vms, storage } = pool;
    let vms: BTreeSet<String> = vms.iter().map(ToString::to_string).collect();
    writeln!(file, "pool:{id}:{}:{}:{}:", encode(comment.as_str()), joined(vms), joined(storage))
}

fn write_role(file: &mut String, id: &RoleId, role: &Role) -> fmt::Result {
    let Role { privs, origin } = role;
    match origin {
        Origin::Builtin => Ok(()),
        Origin::Custom => writeln!(file, "role:{id}:{}:", joined(privs)),
    }
}

/// At each path, subjects with the same roles share a line, those that do not propagate first.
fn write_acl(file: &mut String, state: &AccessState) -> fmt::Result {
    type Roles<'a> = BTreeMap<(&'a Subject, Propagate), Vec<&'a RoleId>>;
    let mut paths: BTreeMap<&AclPath, Roles<'_>> = BTreeMap::new();
    for (grant, &propagate) in &state.acl {
        if !matches!(&grant.subject, Subject::User(user) if user.is_root()) {
            let roles = paths.entry(&grant.path).or_default();
            roles.entry((&grant.subject, propagate)).or_default().push(&grant.role);
        }
    }
    // The tree's order, which is not that of the texts: /a/b stands before /a-b.
    let mut paths: Vec<(&AclPath, Roles<'_>)> = paths.into_iter().collect();
    paths.sort_by(|(a, _), (b, _)| a.words().cmp(b.words()));

    for (path, subjects) in paths {
        let mut lines: BTreeMap<(Propagate, String), BTreeSet<String>> = BTreeMap::new();
        for ((subject, propagate), roles) in subjects {
            lines.entry((propagate, joined(roles))).or_default().insert(subject.to_string());
        }
        for ((propagate, roles), subjects) in lines {
            writeln!(file, "acl:{}:{path}:{}:{roles}:", propagate.as_digit(), joined(subjects))?;
        }
    }
    Ok(())
}

fn seconds(expire: Expire) -> u64 {
    expire.into()
}

fn joined<T: Display>(members: impl IntoIterator<Item = T>) -> String {
    let mut list = String::new();
    for member in members {
        if !list.is_empty() {
            list.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(list, "{member}");
    }
    list
}
