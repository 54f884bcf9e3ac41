//! Cures as commands of `pveum`, or as what to write in a file.

use super::super::pveum;
use super::super::words::visible;
use super::Side;
use crate::lint::Cure;
use crate::model::{Grant, Propagate};
use crate::pve::Subject;

/// What does `cures`, in order: commands for what is live, lines of a file for what files ask for.
pub(super) fn remedy(cures: &[Cure], side: Side) -> Vec<String> {
    // Only making a name anew lets go of what a vanished one left, and no file says that.
    let is_left_over = cures.iter().any(|cure| matches!(cure, Cure::AddUser(_) | Cure::AddGroup(_)));
    match side {
        Side::Target if !is_left_over => cures.iter().map(line).collect(),
        Side::Live | Side::Target => cures.iter().map(command).collect(),
    }
}

fn command(cure: &Cure) -> String {
    match cure {
        Cure::Grant(grant, propagate) => pveum::grant(grant, *propagate),
        Cure::Revoke(grant) => pveum::revoke(grant),
        Cure::AddUser(user) => pveum::add_user(user),
        Cure::AddGroup(group) => pveum::add_group(group),
        Cure::DeleteToken(token) => pveum::delete_token(token),
        Cure::DeleteUser(user) => pveum::delete_user(user),
        Cure::DeleteGroup(group) => pveum::delete_group(group),
        Cure::DeleteRole(role) => pveum::delete_role(role),
    }
}

/// One entry, with the section that it belongs to.
fn line(cure: &Cure) -> String {
    let absent = |section: &str, name: &str| format!("{section}: {{{}: {{state: absent}}}}", quoted(name));
    match cure {
        Cure::Grant(grant, Propagate::Yes) => entry(grant, ""),
        Cure::Grant(grant, Propagate::No) => entry(grant, ", propagate: false"),
        Cure::Revoke(grant) => entry(grant, ", state: absent"),
        Cure::AddUser(user) => format!("users: {{{}: {{enable: false}}}}", quoted(user.as_str())),
        Cure::AddGroup(group) => format!("groups: {{{}: {{}}}}", quoted(group.as_str())),
        Cure::DeleteToken(token) => absent("tokens", &token.to_string()),
        Cure::DeleteUser(user) => absent("users", user.as_str()),
        Cure::DeleteGroup(group) => absent("groups", group.as_str()),
        Cure::DeleteRole(role) => absent("roles", role.as_str()),
    }
}

fn entry(Grant { path, subject, role }: &Grant, more: &str) -> String {
    let (key, name) = match subject {
        Subject::User(user) => ("users", user.to_string()),
        Subject::Group(group) => ("groups", group.to_string()),
        Subject::Token(token) => ("tokens", token.to_string()),
    };
    let (path, role, name) = (quoted(path.as_str()), quoted(role.as_str()), quoted(&name));
    format!("acl: [{{path: {path}, roles: {role}, {key}: {name}{more}}}]")
}

/// A name in YAML: bare where it can be nothing else, and in quotes otherwise.
fn quoted(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@._-/!".contains(&byte);
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && name.bytes().all(is_plain);
    let is_value = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&&*name.to_ascii_lowercase());
    if is_word && !is_value { name.to_owned() } else { format!("'{}'", visible(name).replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::desired::{File, parse};

    fn grant(subject: Subject) -> Grant {
        Grant { path: "/vms".parse().unwrap(), subject, role: "null".parse().unwrap() }
    }

    #[test]
    fn what_is_to_be_written_can_be_read() {
        let cures = [
            Cure::Grant(grant(Subject::Token("o'brien@pve!ci".parse().unwrap())), Propagate::No),
            Cure::Revoke(grant(Subject::Group("1e3".parse().unwrap()))),
            Cure::DeleteToken("{x}@pve!ci".parse().unwrap()),
            Cure::DeleteUser("a!b@pve".parse().unwrap()),
            Cure::DeleteGroup("-".parse().unwrap()),
            Cure::DeleteRole("No".parse().unwrap()),
        ];
        for line in remedy(&cures, Side::Target) {
            let text = format!("version: 1\n{line}\n");
            let loaded = parse(vec![File { path: PathBuf::from("x.yaml"), text }]);
            assert!(loaded.findings.is_empty(), "{line}: {:?}", loaded.findings);
        }
    }
}
