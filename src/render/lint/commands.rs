//! Cures as commands of `pveum`.

use super::super::words::shell;
use crate::lint::Cure;
use crate::model::{Grant, Propagate};
use crate::pve::Subject;

/// The commands that do `cures`, in order.
pub(super) fn commands(cures: &[Cure]) -> Vec<String> {
    cures.iter().map(command).collect()
}

fn command(cure: &Cure) -> String {
    match cure {
        Cure::Grant(grant, Propagate::Yes) => acl("modify", grant),
        Cure::Grant(grant, Propagate::No) => format!("{} --propagate 0", acl("modify", grant)),
        Cure::Revoke(grant) => acl("delete", grant),
        Cure::AddUser(user) => format!("pveum user add {} --enable 0", shell(user)),
        Cure::AddGroup(group) => format!("pveum group add {}", shell(group)),
        Cure::DeleteToken(token) => format!("pveum user token remove {} {}", shell(token.user()), shell(token.name())),
        Cure::DeleteUser(user) => format!("pveum user delete {}", shell(user)),
        Cure::DeleteGroup(group) => format!("pveum group delete {}", shell(group)),
        Cure::DeleteRole(role) => format!("pveum role delete {}", shell(role)),
    }
}

fn acl(verb: &str, Grant { path, subject, role }: &Grant) -> String {
    let (option, name) = match subject {
        Subject::User(user) => ("--users", shell(user)),
        Subject::Group(group) => ("--groups", shell(group)),
        Subject::Token(token) => ("--tokens", shell(token)),
    };
    format!("pveum acl {verb} {} {option} {name} --roles {}", shell(path), shell(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_word_each() {
        let grant = Grant {
            path: "/vms".parse().unwrap(),
            subject: Subject::Token("a$(x)@pve!ci".parse().unwrap()),
            role: "PVEAuditor".parse().unwrap(),
        };
        assert_eq!(
            commands(&[Cure::Grant(grant.clone(), Propagate::No), Cure::Revoke(grant)]),
            [
                "pveum acl modify /vms --tokens 'a$(x)@pve!ci' --roles PVEAuditor --propagate 0",
                "pveum acl delete /vms --tokens 'a$(x)@pve!ci' --roles PVEAuditor",
            ]
        );
        assert_eq!(
            commands(&[Cure::DeleteToken("o'brien@pve!ci".parse().unwrap())]),
            [r"pveum user token remove 'o'\''brien@pve' ci"]
        );
    }
}
