//! Custom roles that there are already.

use crate::lint::finding::{Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::model::Origin;

pub static RULE: Rule = Rule {
    name: "reinvented-role",
    severity: Severity::Note,
    summary: "a custom role has exactly the privileges of a builtin one",
    why: "The builtin role is known by its name to everybody, and keeps up with releases: it gets the privileges that take the \
          place of others. A role without privileges is no finding: it is not NoAccess.",
    mend: "Grant the builtin role in its place, then delete it; or keep it, if it is meant to stay as it is.",
    example: "role:Lookers:VM.Audit,VM.Clone:\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let of = |origin| view.state.roles.iter().filter(move |(_, role)| role.origin == origin);
    let findings = of(Origin::Custom).filter(|(_, role)| !role.privs.is_empty()).filter_map(|(id, role)| {
        let (builtin, _) = of(Origin::Builtin).find(|(_, builtin)| builtin.privs == role.privs)?;
        Some(Finding::new(vec![Object::Role(id.clone())], format!("role {id} is {builtin} by another name")))
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn only_the_very_same_is() {
        let file = "role:Templates:VM.Audit,VM.Clone\nrole:More:VM.Audit,VM.Clone,VM.Console\nrole:Nothing:\n";
        assert_eq!(found(&RULE, file), ["role Templates is PVETemplateUser by another name"]);
    }
}
