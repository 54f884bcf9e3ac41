//! A user's entry that hides what its group is granted.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::{Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::{Entry, View};
use crate::live::Blind;
use crate::model::Propagate;
use crate::pve::{Privilege, RoleId, Subject, UserId};

pub static RULE: Rule = Rule {
    name: "hidden-group-grant",
    severity: Severity::Warning,
    summary: "a user's own entry hides what its group is granted at the same path",
    why: "At one path the entries of a user do not add to those of its groups: they take their place. Giving somebody a small \
          role in person takes away what the groups have there. Entries that give at least as much are no finding, and \
          neither is NoAccess, which is there to take away.",
    mend: "Take back the users' own entries, or grant them what their group has too. Where less was meant, it is better said by \
           another group.",
    example: "user:ann@pve:1:0::::::\n\
              group:operators:ann@pve::\n\
              acl:1:/vms:@operators:PVEVMAdmin:\n\
              acl:1:/vms:ann@pve:PVEAuditor:\n",
    needs: &[Blind::Accounts, Blind::Grants],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, entries) in view.paths() {
        let mut hidden: BTreeMap<&Subject, (BTreeSet<&RoleId>, Vec<&UserId>)> = BTreeMap::new();
        for (subject, own) in entries {
            let Subject::User(user) = subject else { continue };
            if user.is_root() || !view.state.users.contains_key(user) {
                continue;
            }
            for group in view.state.groups_of(user) {
                let Some((&group, of_group)) = entries.get_key_value(&Subject::Group(group.clone())) else { continue };
                let roles = hidden_by(own, of_group, view);
                if !roles.is_empty() {
                    let (all, users) = hidden.entry(group).or_default();
                    all.extend(roles);
                    users.push(user);
                }
            }
        }
        for (group, (roles, users)) in hidden {
            let mut objects = vec![];
            for (_, entry) in entries.iter().filter(|(subject, _)| **subject == group) {
                let granted = entry.iter().filter(|(grant, _)| roles.contains(&grant.role));
                objects.extend(granted.map(|(grant, _)| Object::Grant((*grant).clone())));
            }
            objects.extend(users.iter().map(|user| Object::User((*user).clone())));
            let message = format!(
                "{} on {path} to {group} does not count for {}, who {} an entry of {} own there",
                some(roles),
                some(&users),
                number(users.len(), "has", "have"),
                number(users.len(), "its", "their"),
            );
            findings.push(Finding::new(objects, message));
        }
    }
    findings
}

/// The roles of a group that give something which the user's own do not.
fn hidden_by<'v>(own: &Entry<'v>, of_group: &Entry<'v>, view: &View<'v>) -> BTreeSet<&'v RoleId> {
    if own.iter().any(|(grant, _)| grant.role.as_str() == "NoAccess") {
        return BTreeSet::new();
    }
    let privs = |role: &RoleId| view.state.roles.get(role).into_iter().flat_map(|role| &role.privs);
    let gives = |least: Propagate| -> Option<BTreeSet<&Privilege>> {
        let mut counting = own.iter().filter(|(_, propagate)| *propagate >= least).peekable();
        counting.peek()?;
        Some(counting.flat_map(|(grant, _)| privs(&grant.role)).collect())
    };
    let (here, below) = (gives(Propagate::No), gives(Propagate::Yes));
    let lost = |role: &RoleId, given: &Option<BTreeSet<&Privilege>>| {
        given.as_ref().is_some_and(|given| privs(role).any(|privilege| !given.contains(privilege)))
    };
    let hidden = of_group
        .iter()
        .filter(|(grant, propagate)| lost(&grant.role, &here) || propagate.is_yes() && lost(&grant.role, &below));
    hidden.map(|(grant, _)| &grant.role).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    fn told(lines: &str) -> Vec<String> {
        found(&RULE, &format!("user:ann@pve:1\nuser:bob@pve:1\ngroup:ops:ann@pve,bob@pve,gone@pve\n{lines}"))
    }

    #[test]
    fn one_cause_is_one_finding() {
        assert_eq!(
            told("acl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms:ann@pve,bob@pve,gone@pve:PVEPoolUser:\n"),
            ["PVEVMUser on /vms to @ops does not count for ann@pve and bob@pve, who have an entry of their own there"]
        );
    }

    #[test]
    fn what_gives_as_much_hides_nothing() {
        for lines in [
            "acl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms:ann@pve:PVEVMAdmin:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms:ann@pve:NoAccess:\n",
            "acl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms/100:ann@pve:PVEPoolUser:\n",
            "acl:0:/vms:@ops:PVEVMUser:\nacl:0:/vms:ann@pve:PVEVMAdmin:\n",
            "acl:1:/vms:@ops:NoAccess:\nacl:1:/vms:ann@pve:PVEVMAdmin:\n",
        ] {
            assert_eq!(told(lines), [""; 0], "{lines}");
        }
    }

    #[test]
    fn what_counts_below_is_looked_at_by_itself() {
        let both = "acl:1:/vms:@ops:PVEVMUser:\nacl:0:/vms:ann@pve:PVEVMAdmin:\n";
        assert_eq!(told(both), [""; 0], "below, the group's counts");
        assert_eq!(told(&format!("{both}acl:1:/vms:ann@pve:PVEPoolUser:\n")).len(), 1);
    }
}
