//! Grants to, and memberships of, a name that does not exist.

use std::collections::BTreeMap;

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::some;
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::pve::Subject;

pub static RULE: Rule = Rule {
    name: "vanished-subject",
    severity: Severity::Warning,
    summary: "grants or memberships of a user or group that does not exist",
    why: "Synchronising a realm, or editing user.cfg by hand, can delete a user or group and leave behind what it was granted \
          and the groups it was in. That counts again for whoever is given the name next.",
    mend: "The API does not delete grants to a name that does not exist. Make the name again, without letting anybody in, and \
           delete it: what it was granted goes with it.",
    example: "group:operators:gone@pve::\n\
              acl:1:/:gone@pve:Administrator:\n",
    needs: &[Blind::Accounts, Blind::Grants],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut left: BTreeMap<Subject, Vec<Object>> = BTreeMap::new();
    for grant in view.state.acl.keys() {
        let is_left = match &grant.subject {
            // Nothing is ever granted to it that would be stored.
            Subject::User(user) => !user.is_root() && !view.state.users.contains_key(user),
            Subject::Group(group) => !view.state.groups.contains_key(group),
            // Grants to missing tokens vanish by themselves.
            Subject::Token(_) => false,
        };
        if is_left {
            left.entry(grant.subject.clone()).or_default().push(Object::Grant(grant.clone()));
        }
    }
    for (user, groups) in view.state.memberships.iter().filter(|(user, _)| !view.state.users.contains_key(*user)) {
        let memberships = groups.iter().map(|group| Object::Membership(user.clone(), group.clone()));
        left.entry(Subject::User(user.clone())).or_default().extend(memberships);
    }
    left.into_iter().filter_map(|(subject, objects)| finding(&subject, objects)).collect()
}

fn finding(subject: &Subject, mut left: Vec<Object>) -> Option<Finding> {
    let grants: Vec<String> = left
        .iter()
        .filter_map(|object| match object {
            Object::Grant(grant) => Some(format!("{} on {}", grant.role, grant.path)),
            _ => None,
        })
        .collect();
    let groups = left.iter().filter_map(|object| match object {
        Object::Membership(_, group) => Some(format!("@{group}")),
        _ => None,
    });
    let holds = [
        Some(some(&grants)).filter(|_| !grants.is_empty()).map(|grants| format!("is granted {grants}")),
        Some(some(groups)).filter(|groups| !groups.is_empty()).map(|groups| format!("is in {groups}")),
    ];
    let holds: Vec<String> = holds.into_iter().flatten().collect();
    let (kind, object, cures) = match subject {
        Subject::User(user) => {
            let cures = vec![Cure::AddUser(user.clone()), Cure::DeleteUser(user.clone())];
            ("user", Object::User(user.clone()), cures)
        }
        Subject::Group(group) => {
            let cures = vec![Cure::AddGroup(group.clone()), Cure::DeleteGroup(group.clone())];
            ("group", Object::Group(group.clone()), cures)
        }
        Subject::Token(_) => return None,
    };
    left.insert(0, object);
    let message = format!("there is no {kind} {subject}, and it {}", holds.join(" and "));
    Some(Finding::new(left, message).cured(Effect::None, cures))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::{cures, found};

    #[test]
    fn one_name_is_one_finding() {
        let file = "group:ops:gone@pve\nacl:1:/:gone@pve:Administrator:\nacl:1:/vms:gone@pve,@none:PVEVMUser:\n";
        assert_eq!(
            found(&RULE, file),
            [
                "there is no user gone@pve, and it is granted Administrator on / and PVEVMUser on /vms and is in @ops",
                "there is no group @none, and it is granted PVEVMUser on /vms",
            ]
        );
        assert_eq!(
            cures(&RULE, file),
            ["AddUser gone@pve", "DeleteUser gone@pve", "AddGroup none", "DeleteGroup none"]
        );
    }

    #[test]
    fn who_exists_is_none() {
        assert_eq!(found(&RULE, "user:ann@pve:1\ngroup:ops:ann@pve\nacl:1:/:ann@pve,@ops:PVEAuditor:\n"), [""; 0]);
    }
}
