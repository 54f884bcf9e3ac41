//! Grants to a token that is not separated.

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::pve::Subject;

pub static RULE: Rule = Rule {
    name: "ignored-token-grant",
    severity: Severity::Note,
    summary: "grants to a token without privilege separation have no effect",
    why: "Such a token may do all that its user may do, and nothing else; what is granted to it is stored and never looked at. \
          Whoever reads the list of grants believes that the token is bounded by them. They count once the token is \
          separated, which may be what they are there for.",
    mend: "Take the grants back; or let the token be separated, if they are all that it shall do: `pveum user token modify \
           USER@REALM NAME --privsep 1`.",
    example: "user:api@pam:1:0::::::\n\
              token:api@pam!homepage:0:0::\n\
              acl:1:/:api@pam:PVEAdmin:\n\
              acl:1:/:api@pam!homepage:PVEAuditor:\n",
    needs: &[Blind::Accounts],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let findings = view.subjects().filter_map(|(subject, entries)| {
        let Subject::Token(token) = subject else { return None };
        if view.state.tokens.get(token)?.privsep.is_yes() {
            return None;
        }
        let grants: Vec<_> = entries.values().flatten().map(|(grant, _)| *grant).collect();
        let named = grants.iter().map(|grant| format!("{} on {}", grant.role, grant.path));
        let have = number(grants.len(), "has", "have");
        let message = format!("{} to {token} {have} no effect: the token is not separated", some(named));
        let objects = grants.iter().map(|grant| Object::Grant((*grant).clone()));
        let finding = Finding::new(objects.chain([Object::Token(token.clone())]).collect(), message);
        Some(finding.cured(Effect::None, grants.into_iter().cloned().map(Cure::Revoke).collect()))
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn all_grants_to_one_token_are_one_finding() {
        let file = "user:ann@pve:1\ntoken:ann@pve!full:0:0\ntoken:ann@pve!sep:0:1\nacl:1:/:ann@pve,ann@pve!sep:PVEAuditor:\n\
                    acl:1:/vms:ann@pve!full:PVEVMUser,PVEAuditor:\n";
        assert_eq!(
            found(&RULE, file),
            ["PVEAuditor on /vms and PVEVMUser on /vms to ann@pve!full have no effect: the token is not separated"]
        );
    }
}
