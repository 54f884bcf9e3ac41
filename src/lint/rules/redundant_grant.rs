//! Grants that one further up gives anyway.

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::removal::{Removal, harmless};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::{Entry, View};
use crate::live::Blind;
use crate::pve::{AclPath, RoleId, Subject};

pub static RULE: Rule = Rule {
    name: "redundant-grant",
    severity: Severity::Note,
    summary: "a grant gives what one further up gives already",
    why: "It looks as if it mattered, and whoever takes back the one further up is surprised that it stays. Told of only where \
          it can go without changing what anybody may do, which is tried for everybody concerned: because grants further \
          down replace those above, most that look alike cannot.",
    mend: "Take it back. It changes nothing for anybody, and neither does taking back all that are listed together.",
    example: "user:ann@pve:1:0::::::\n\
              group:auditors:ann@pve::\n\
              acl:1:/:@auditors:PVEAuditor:\n\
              acl:1:/vms:@auditors:PVEAuditor:\n",
    needs: &[Blind::Accounts, Blind::Grants, Blind::Pools],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut removals: Vec<(Removal<'_>, &AclPath)> = Vec::new();
    for (subject, entries) in view.subjects().filter(|(subject, _)| counts(subject, view)) {
        for (path, entry) in entries {
            if let Some(above) = same_above(path, entry, entries) {
                let grants = entry.iter().map(|(grant, _)| *grant).collect();
                removals.push((Removal { path, subject, grants }, above));
            }
        }
    }
    let tried: Vec<Removal<'_>> = removals.iter().map(|(removal, _)| removal.clone()).collect();
    let harmless = harmless(view, &tried);
    let findings = removals.iter().zip(harmless).filter(|(_, harmless)| *harmless);
    findings.map(|((removal, above), _)| finding(removal, above)).collect()
}

/// Whether grants to `subject` can mean anything; other rules tell of those that cannot.
fn counts(subject: &Subject, view: &View<'_>) -> bool {
    match subject {
        Subject::Token(token) => view.state.tokens.get(token).is_some_and(|token| token.privsep.is_yes()),
        Subject::User(_) | Subject::Group(_) => view.state.has_subject(subject),
    }
}

/// The nearest path above at which something propagates to the same subject, if that is the same.
fn same_above<'v>(
    path: &AclPath,
    entry: &Entry<'v>,
    entries: &BTreeMap<&'v AclPath, Entry<'v>>,
) -> Option<&'v AclPath> {
    let propagating = |entry: &Entry<'v>| -> BTreeSet<&'v RoleId> {
        entry.iter().filter(|(_, propagate)| propagate.is_yes()).map(|(grant, _)| &grant.role).collect()
    };
    let roles = propagating(entry);
    if roles.len() != entry.len() {
        return None;
    }
    let (above, found) = above(path).find_map(|above| {
        let (&above, entry) = entries.get_key_value(&above)?;
        Some((above, propagating(entry))).filter(|(_, roles)| !roles.is_empty())
    })?;
    (found == roles).then_some(above)
}

/// The paths above, from the nearest to the top.
fn above(path: &AclPath) -> impl Iterator<Item = AclPath> {
    let text = path.as_str();
    let ends = text.rmatch_indices('/').map(|(at, _)| &text[..at.max(1)]);
    ends.filter(move |above| *above != text).filter_map(|above| above.parse().ok())
}

fn finding(Removal { path, subject, grants }: &Removal<'_>, above: &AclPath) -> Finding {
    let message = format!(
        "{} on {path} to {subject} {} as on {above}",
        some(grants.iter().map(|grant| &grant.role)),
        number(grants.len(), "is the same", "are the same")
    );
    let objects = grants.iter().map(|grant| Object::Grant((*grant).clone())).collect();
    let cures = grants.iter().map(|grant| Cure::Revoke((*grant).clone())).collect();
    Finding::new(objects, message).cured(Effect::None, cures)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    fn told(lines: &str) -> Vec<String> {
        found(&RULE, &format!("user:ann@pve:1\nuser:bob@pve:1\ngroup:ops:ann@pve,bob@pve\ngroup:dev:ann@pve\n{lines}"))
    }

    #[test]
    fn what_comes_from_above_needs_no_grant() {
        let chain = "acl:1:/:@ops:PVEAuditor:\nacl:1:/vms:@ops:PVEAuditor:\nacl:1:/vms/100:@ops:PVEAuditor:\n";
        assert_eq!(
            told(chain),
            ["PVEAuditor on /vms to @ops is the same as on /", "PVEAuditor on /vms/100 to @ops is the same as on /vms"]
        );
        assert_eq!(
            told("acl:1:/:ann@pve:PVEAuditor,PVEVMUser:\nacl:1:/pool/p:ann@pve:PVEAuditor,PVEVMUser:\npool:p::100\n"),
            ["PVEAuditor and PVEVMUser on /pool/p to ann@pve are the same as on /"]
        );
    }

    #[test]
    fn what_makes_a_difference_stays() {
        for lines in [
            // It replaces what is in between.
            "acl:1:/:@ops:PVEAuditor:\nacl:1:/vms:@ops:PVEVMUser:\nacl:1:/vms/100:@ops:PVEAuditor:\n",
            // It replaces what another group has above, and what a user has in person.
            "acl:1:/:@ops:PVEAuditor:\nacl:1:/:@dev:PVEVMUser:\nacl:1:/vms:@ops:PVEAuditor:\n",
            "acl:1:/:@ops:PVEAuditor:\nacl:1:/:ann@pve:PVEVMUser:\nacl:1:/vms:@ops:PVEAuditor:\n",
            // It hides what a group has there.
            "acl:1:/:ann@pve:PVEAuditor:\nacl:1:/vms:ann@pve:PVEAuditor:\nacl:1:/vms:@ops:PVEVMUser:\n",
            // It is not the same.
            "acl:1:/:ann@pve:PVEAuditor:\nacl:0:/vms:ann@pve:PVEAuditor:\n",
            "acl:0:/:ann@pve:PVEAuditor:\nacl:1:/vms:ann@pve:PVEAuditor:\n",
            "acl:1:/:ann@pve:PVEAuditor,PVEVMUser:\nacl:1:/vms:ann@pve:PVEAuditor:\n",
            "acl:1:/vms:ann@pve:PVEAuditor:\nacl:1:/vmsx:ann@pve:PVEAuditor:\n",
        ] {
            assert_eq!(told(lines), [""; 0], "{lines}");
        }
    }

    #[test]
    fn one_that_matters_does_not_hide_one_that_does_not() {
        let lines = "acl:1:/:@ops:PVEAuditor:\nacl:1:/vms:@ops:PVEAuditor:\nacl:1:/nodes:@ops:PVEAuditor:\n\
                     acl:1:/nodes:@dev:PVESysAdmin:\n";
        assert_eq!(told(lines), ["PVEAuditor on /vms to @ops is the same as on /"]);
    }
}
