//! A group's NoAccess that keeps some of its members from nothing.

use std::collections::BTreeMap;

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::some;
use crate::lint::removal::{Removal, harmless};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::{Entry, View};
use crate::live::Blind;
use crate::pve::{AclPath, Principal, Subject, UserId};

pub static RULE: Rule = Rule {
    name: "pointless-no-access",
    severity: Severity::Error,
    summary: "NoAccess for a group does not keep out a member that has an entry of its own there",
    why: "At one path the entries of a user hide those of its groups, NoAccess or not. Whoever wrote NoAccess meant to keep \
          everybody in the group out, and the member with an entry of its own holds what that entry gives. That a grant \
          further down replaces NoAccess is no finding: granting again below is what NoAccess at the top is for.",
    mend: "Take back the members' own entries at that path, or grant NoAccess to those members too. Where the entry is the \
           exception that was meant, take back what does nothing.",
    example: "user:ann@pve:1:0::::::\n\
              group:interns:ann@pve::\n\
              acl:1:/vms/100:@interns:NoAccess:\n\
              acl:1:/vms/100:ann@pve:PVEVMUser:\n",
    needs: &[Blind::Accounts, Blind::Grants, Blind::Pools],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut removals: Vec<Removal<'_>> = Vec::new();
    let mut holding: Vec<Vec<&UserId>> = Vec::new();
    for (path, entries) in view.paths() {
        for (&subject, entry) in entries {
            let Subject::Group(group) = subject else { continue };
            let Some((grant, _)) = entry.iter().find(|(grant, _)| grant.role.as_str() == "NoAccess") else { continue };
            let users: Vec<&UserId> = view.members(group).filter(|user| holds(user, path, entries, view)).collect();
            if !users.is_empty() {
                removals.push(Removal { path, subject, grants: vec![grant] });
                holding.push(users);
            }
        }
    }
    let harmless = harmless(view, &removals);
    let findings = removals.iter().zip(holding).zip(harmless);
    findings.map(|((removal, users), harmless)| finding(removal, &users, harmless)).collect()
}

/// Whether a user with an entry of its own at a path holds something there by it.
fn holds(user: &UserId, path: &AclPath, entries: &BTreeMap<&Subject, Entry<'_>>, view: &View<'_>) -> bool {
    entries.contains_key(&Subject::User(user.clone()))
        && !view.everyone.at(&Principal::User(user.clone()), path.as_str()).is_empty()
}

fn finding(removal: &Removal<'_>, users: &[&UserId], harmless: bool) -> Finding {
    let Removal { path, subject, grants } = removal;
    let mut objects: Vec<Object> = grants.iter().map(|grant| Object::Grant((*grant).clone())).collect();
    objects.extend(users.iter().map(|user| Object::User((*user).clone())));
    let (has, its) = if users.len() == 1 { ("has", "its") } else { ("have", "their") };
    let message = format!(
        "NoAccess on {path} to {subject} does not keep out {}: {} {has} an entry of {its} own there",
        some(users),
        if users.len() == 1 { "it" } else { "they" }
    );
    let finding = Finding::new(objects, message);
    if harmless {
        finding.cured(Effect::None, grants.iter().map(|grant| Cure::Revoke((*grant).clone())).collect())
    } else {
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::{cures, found};

    const GROUP: &str = "user:ann@pve:1\nuser:bob@pve:1\ngroup:ops:ann@pve,bob@pve\nacl:1:/vms:@ops:NoAccess:\nacl:1:/:@ops:PVEAuditor:\n";

    fn told(lines: &str) -> Vec<String> {
        found(&RULE, &format!("{GROUP}{lines}"))
    }

    #[test]
    fn an_entry_of_its_own_lets_a_member_in() {
        assert_eq!(told(""), [""; 0]);
        assert_eq!(
            told("acl:1:/vms:ann@pve:PVEVMUser:\n"),
            ["NoAccess on /vms to @ops does not keep out ann@pve: it has an entry of its own there"]
        );
        assert_eq!(
            told("acl:0:/vms:ann@pve,bob@pve:PVEVMUser:\n"),
            ["NoAccess on /vms to @ops does not keep out ann@pve and bob@pve: they have an entry of their own there"]
        );
    }

    #[test]
    fn what_is_granted_elsewhere_or_gives_nothing_is_none_of_its_business() {
        for lines in
            ["acl:1:/vms/100:ann@pve:PVEVMUser:\n", "acl:1:/:ann@pve:PVEVMUser:\n", "acl:1:/vms:ann@pve:NoAccess:\n"]
        {
            assert_eq!(told(lines), [""; 0], "{lines}");
        }
    }

    #[test]
    fn only_what_keeps_nobody_out_is_to_go() {
        let of = |lines: &str| cures(&RULE, &format!("{GROUP}{lines}"));
        assert_eq!(of("acl:1:/vms:ann@pve:PVEVMUser:\n"), [""; 0], "bob is kept out");
        assert_eq!(of("acl:0:/vms:ann@pve,bob@pve:PVEVMUser:\n"), [""; 0], "both are kept out below");
        assert_eq!(of("acl:1:/vms:ann@pve,bob@pve:PVEVMUser:\n"), ["Revoke NoAccess on /vms to @ops"]);
    }
}
