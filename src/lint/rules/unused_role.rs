//! Custom roles that are granted nowhere.

use std::collections::BTreeSet;

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::model::Origin;
use crate::pve::RoleId;

pub static RULE: Rule = Rule {
    name: "unused-role",
    severity: Severity::Note,
    summary: "a custom role is granted nowhere",
    why: "Nobody knows any more what it was for, until somebody grants it for its name.",
    mend: "Delete it.",
    example: "role:Leftover:VM.Audit,VM.Console:\n",
    needs: &[Blind::Grants],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let granted: BTreeSet<&RoleId> = view.state.acl.keys().map(|grant| &grant.role).collect();
    let custom = view.state.roles.iter().filter(|(_, role)| role.origin == Origin::Custom).map(|(id, _)| id);
    let unused = custom.filter(|id| !granted.contains(id)).map(|id| {
        let finding = Finding::new(vec![Object::Role(id.clone())], format!("role {id} is granted nowhere"));
        finding.cured(Effect::None, vec![Cure::DeleteRole(id.clone())])
    });
    unused.collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn builtin_roles_are_there_to_be_granted() {
        let file = "user:ann@pve:1\nrole:Used:VM.Audit\nrole:Unused:VM.Audit\nacl:1:/:ann@pve:Used:\n";
        assert_eq!(found(&RULE, file), ["role Unused is granted nowhere"]);
    }
}
