//! Commands of `pveum`, as root pastes them into a shell of a node.

use std::fmt::Display;

use super::words::shell;
use crate::diff::Delta;
use crate::model::{Grant, Propagate, Refusal};
use crate::plan::AclBatch;
use crate::pve::{AclPath, GroupId, Principal, Privilege, RoleId, Subject, TokenId, UserId};

/// Makes a grant.
pub(super) fn grant(Grant { path, subject, role }: &Grant, propagate: Propagate) -> String {
    format!("{}{}", acl("modify", path, [subject], [role]), reach(propagate))
}

/// Makes grants, with the fewest commands.
pub(super) fn grants(grants: &[Grant], propagate: Propagate) -> Vec<String> {
    let command = |batch: &AclBatch| acl("modify", batch.path(), batch.subjects(), batch.roles()) + reach(propagate);
    AclBatch::cover(grants).iter().map(command).collect()
}

/// Takes a grant back.
pub(super) fn revoke(Grant { path, subject, role }: &Grant) -> String {
    acl("delete", path, [subject], [role])
}

/// Takes all of these changes of grants back, with the fewest commands; what was there comes back first, as far as it
/// reached.
pub(super) fn take_back(changes: &[(Grant, Delta<Propagate>)]) -> Vec<String> {
    let mut commands = Vec::new();
    for before in [Some(Propagate::Yes), Some(Propagate::No), None] {
        let grants = changes.iter().filter(|(_, delta)| delta.before().copied() == before).map(|(grant, _)| grant);
        commands.extend(AclBatch::cover(grants).iter().map(|batch| match before {
            Some(propagate) => {
                format!("{}{}", acl("modify", batch.path(), batch.subjects(), batch.roles()), reach(propagate))
            }
            None => acl("delete", batch.path(), batch.subjects(), batch.roles()),
        }));
    }
    commands
}

fn reach(propagate: Propagate) -> &'static str {
    match propagate {
        Propagate::Yes => "",
        Propagate::No => " --propagate 0",
    }
}

/// Lets `who` in, who is refused for these reasons; a command for the user, one for the token.
pub(super) fn admit(who: &Principal, refusals: &[Refusal]) -> Vec<String> {
    let (mut of_user, mut of_token) = (String::new(), Vec::new());
    for refusal in refusals {
        match (refusal, who) {
            (Refusal::Disabled, _) => of_user.push_str(" --enable 1"),
            (Refusal::UserExpired(_), _) => of_user.push_str(" --expire 0"),
            (Refusal::TokenExpired(_), Principal::Token(token)) => of_token.push(modify_token(token, "--expire 0")),
            // A user's id is no token's.
            (Refusal::TokenExpired(_), Principal::User(_)) => {}
        }
    }
    let of_user = (!of_user.is_empty()).then(|| format!("pveum user modify {}{of_user}", shell(who.user())));
    of_user.into_iter().chain(of_token).collect()
}

/// Gives a user these groups and no others.
pub(super) fn set_groups<'a>(user: &UserId, groups: impl IntoIterator<Item = &'a GroupId>) -> String {
    format!("pveum user modify {} --groups {}", shell(user), shell(joined(groups, ",")))
}

/// Asks for a user's new password.
pub(super) fn set_password(user: &UserId) -> String {
    format!("pveum passwd {}", shell(user))
}

/// Gives a role these privileges and no others.
pub(super) fn set_privileges<'a>(role: &RoleId, privs: impl IntoIterator<Item = &'a Privilege>) -> String {
    format!("pveum role modify {} --privs {}", shell(role), shell(joined(privs, " ")))
}

/// Makes a role of these privileges.
pub(super) fn add_role<'a>(role: &RoleId, privs: impl IntoIterator<Item = &'a Privilege>) -> String {
    format!("pveum role add {} --privs {}", shell(role), shell(joined(privs, " ")))
}

/// Gives a role these privileges too.
pub(super) fn append_privileges<'a>(role: &RoleId, privs: impl IntoIterator<Item = &'a Privilege>) -> String {
    format!("pveum role modify {} --append 1 --privs {}", shell(role), shell(joined(privs, " ")))
}

/// Changes a token as `options` say, such as `--privsep 0`.
pub(super) fn modify_token(token: &TokenId, options: &str) -> String {
    format!("pveum user token modify {} {} {options}", shell(token.user()), shell(token.name()))
}

/// Makes a user that cannot log in.
pub(super) fn add_user(user: &UserId) -> String {
    format!("pveum user add {} --enable 0", shell(user))
}

/// Makes a group.
pub(super) fn add_group(group: &GroupId) -> String {
    format!("pveum group add {}", shell(group))
}

/// Deletes a token.
pub(super) fn delete_token(token: &TokenId) -> String {
    format!("pveum user token remove {} {}", shell(token.user()), shell(token.name()))
}

/// Deletes a user.
pub(super) fn delete_user(user: &UserId) -> String {
    format!("pveum user delete {}", shell(user))
}

/// Deletes a group.
pub(super) fn delete_group(group: &GroupId) -> String {
    format!("pveum group delete {}", shell(group))
}

/// Deletes a role.
pub(super) fn delete_role(role: &RoleId) -> String {
    format!("pveum role delete {}", shell(role))
}

/// `pveum acl modify /vms --users ann@pve --roles PVEVMUser`
fn acl<'a>(
    verb: &str,
    path: &AclPath,
    subjects: impl IntoIterator<Item = &'a Subject>,
    roles: impl IntoIterator<Item = &'a RoleId>,
) -> String {
    let (mut users, mut groups, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::User(user) => users.push(user.to_string()),
            Subject::Group(group) => groups.push(group.to_string()),
            Subject::Token(token) => tokens.push(token.to_string()),
        }
    }
    let option = |option: &str, names: Vec<String>| {
        if names.is_empty() { String::new() } else { format!(" --{option} {}", shell(names.join(","))) }
    };
    let subjects = [option("users", users), option("groups", groups), option("tokens", tokens)].concat();
    format!("pveum acl {verb} {}{subjects} --roles {}", shell(path), shell(joined(roles, ",")))
}

fn joined(names: impl IntoIterator<Item = impl Display>, separator: &str) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expire;

    fn grant_to(subject: Subject) -> Grant {
        Grant { path: "/vms".parse().unwrap(), subject, role: "PVEVMUser".parse().unwrap() }
    }

    #[test]
    fn names_are_one_word_each() {
        let to_token = grant_to(Subject::Token("a$(x)@pve!ci".parse().unwrap()));
        assert_eq!(
            grant(&to_token, Propagate::No),
            "pveum acl modify /vms --tokens 'a$(x)@pve!ci' --roles PVEVMUser --propagate 0"
        );
        assert_eq!(revoke(&to_token), "pveum acl delete /vms --tokens 'a$(x)@pve!ci' --roles PVEVMUser");
        assert_eq!(delete_token(&"o'brien@pve!ci".parse().unwrap()), r"pveum user token remove 'o'\''brien@pve' ci");
    }

    #[test]
    fn what_is_taken_back_reaches_as_far_as_it_did() {
        let to = |subject: &str| grant_to(Subject::User(subject.parse().unwrap()));
        let changes = [
            (to("ann@pve"), Delta::Removed(Propagate::No)),
            (to("bob@pve"), Delta::Changed { before: Propagate::No, after: Propagate::Yes }),
            (to("eve@pve"), Delta::Removed(Propagate::Yes)),
            (grant_to(Subject::Group("ops".parse().unwrap())), Delta::Added(Propagate::Yes)),
        ];
        assert_eq!(
            take_back(&changes),
            [
                "pveum acl modify /vms --users eve@pve --roles PVEVMUser",
                "pveum acl modify /vms --users 'ann@pve,bob@pve' --roles PVEVMUser --propagate 0",
                "pveum acl delete /vms --groups ops --roles PVEVMUser",
            ]
        );
    }

    #[test]
    fn whoever_is_refused_twice_is_let_in_by_one_command() {
        let refusals = [Refusal::Disabled, Refusal::UserExpired(Expire::At(1)), Refusal::TokenExpired(Expire::At(1))];
        assert_eq!(
            admit(&"ann@pve!ci".parse().unwrap(), &refusals),
            ["pveum user modify ann@pve --enable 1 --expire 0", "pveum user token modify ann@pve ci --expire 0"]
        );
    }
}
