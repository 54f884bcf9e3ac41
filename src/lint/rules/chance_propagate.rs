//! Two groups of one user with the same role at one path, of which one propagates.

use std::collections::BTreeMap;

use crate::lint::finding::{Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::model::Grant;
use crate::pve::{GroupId, RoleId, Subject, UserId};

pub static RULE: Rule = Rule {
    name: "chance-propagate",
    severity: Severity::Note,
    summary: "two groups of one user have the same role at one path, and only one grant propagates",
    why: "What the user may do is certain, there and below. But whether the server says *at that path* that it propagates \
          changes from one of its processes to the next, so that programs which compare its answers see changes that are \
          none.",
    mend: "Let both propagate, or neither.",
    example: "user:ann@pve:1:0::::::\n\
              group:dev:ann@pve::\n\
              group:ops:ann@pve::\n\
              acl:1:/vms:@ops:PVEVMUser:\n\
              acl:0:/vms:@dev:PVEVMUser:\n",
    needs: &[Blind::Accounts, Blind::Grants],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut shared: BTreeMap<[&GroupId; 2], Vec<&UserId>> = BTreeMap::new();
    for (path, entries) in view.paths() {
        let mut roles: BTreeMap<&RoleId, [Vec<(&GroupId, &Grant)>; 2]> = BTreeMap::new();
        for (subject, entry) in entries {
            let Subject::Group(group) = subject else { continue };
            for (grant, propagate) in entry {
                roles.entry(&grant.role).or_default()[usize::from(propagate.is_yes())].push((group, grant));
            }
        }
        for (role, [alone, below]) in roles {
            if view.state.roles.get(role).is_none_or(|role| role.privs.is_empty()) {
                continue;
            }
            for (one, grant) in &alone {
                for (other, propagating) in &below {
                    let both = shared.entry([*one, *other]).or_insert_with(|| both(one, other, view));
                    let hears = |user: &&&UserId| !entries.contains_key(&Subject::User((**user).clone()));
                    let mut users = both.iter().filter(hears).peekable();
                    if users.peek().is_some() {
                        let message = format!(
                            "{role} on {path} propagates to @{other} and not to @{one}, and {} in both",
                            are(users.copied())
                        );
                        let objects = [*grant, *propagating].map(|grant| Object::Grant(grant.clone()));
                        findings.push(Finding::new(objects.to_vec(), message));
                    }
                }
            }
        }
    }
    findings
}

/// Who is in both groups.
fn both<'v>(one: &GroupId, other: &GroupId, view: &View<'v>) -> Vec<&'v UserId> {
    let is_in_other = |user: &&UserId| !user.is_root() && view.state.groups_of(user).contains(other);
    view.members(one).filter(is_in_other).collect()
}

fn are<'v>(users: impl Iterator<Item = &'v UserId>) -> String {
    let users: Vec<&UserId> = users.collect();
    format!("{} {}", some(&users), number(users.len(), "is", "are"))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    fn told(lines: &str) -> Vec<String> {
        found(
            &RULE,
            &format!(
                "user:ann@pve:1\nuser:bob@pve:1\ngroup:ops:ann@pve,bob@pve\ngroup:dev:ann@pve\ngroup:qa:bob@pve\n{lines}"
            ),
        )
    }

    #[test]
    fn the_pair_is_named() {
        assert_eq!(
            told("acl:1:/vms:@ops:PVEVMUser:\nacl:0:/vms:@dev:PVEVMUser:\n"),
            ["PVEVMUser on /vms propagates to @ops and not to @dev, and ann@pve is in both"]
        );
    }

    #[test]
    fn without_a_common_member_that_hears_of_it_nothing_is_left_to_chance() {
        for lines in [
            "acl:1:/vms:@qa:PVEVMUser:\nacl:0:/vms:@dev:PVEVMUser:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms:@dev:PVEVMUser:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:0:/vms/100:@dev:PVEVMUser:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:0:/vms:@dev:PVEVMAdmin:\n",
            "acl:1:/vms:@ops:NoAccess:\nacl:0:/vms:@dev:NoAccess:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:0:/vms:@dev:PVEVMUser:\nacl:1:/vms:ann@pve:PVEVMUser:\n",
        ] {
            assert_eq!(told(lines), [""; 0], "{lines}");
        }
    }
}
