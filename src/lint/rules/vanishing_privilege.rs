//! Privileges that the next release does not know.

use crate::lint::finding::{Finding, Object};
use crate::lint::naming::some;
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::model::{Origin, Role};
use crate::pve::{Release, RoleId, lifetime};

pub static RULE: Rule = Rule {
    name: "vanishing-privilege",
    severity: Severity::Warning,
    summary: "a role holds a privilege that is gone in a later release",
    why: "After the upgrade the privilege is dropped from the role without a word, and whoever relied on it is refused. \
          `VM.Monitor` went like that with 9.0, where `VM.GuestAgent.*` divides what it allowed.",
    mend: "Before the upgrade, find out who uses it: `pve-access who-can PRIVILEGE /`. After it, add what took its place to the \
           role.",
    example: "role:Watch:VM.Audit,VM.Monitor:\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let custom = view.state.roles.iter().filter(|(_, role)| role.origin == Origin::Custom);
    custom.filter_map(|(id, role)| finding(id, role, view.state.release)).collect()
}

fn finding(id: &RoleId, role: &Role, release: Release) -> Option<Finding> {
    let leaving = role.privs.iter().filter_map(|privilege| {
        let (gone, successor) = lifetime(privilege)?.gone.filter(|(gone, _)| release < *gone)?;
        Some(format!("{privilege}, gone in {gone} (see {successor})"))
    });
    let leaving: Vec<String> = leaving.collect();
    let message = format!("role {id} holds {}", some(&leaving));
    (!leaving.is_empty()).then(|| Finding::new(vec![Object::Role(id.clone())], message))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found_by;
    use crate::pve::Release;

    #[test]
    fn the_release_decides() {
        let file = "role:Watch:VM.Audit,VM.Monitor\nrole:Look:VM.Audit\n";
        let told = found_by(&RULE, Release::new(8, 4), file);
        assert_eq!(
            told,
            ["role Watch holds VM.Monitor, gone in 9.0 (see VM.GuestAgent.*)"],
            "and no builtin role does"
        );
        assert_eq!(found_by(&RULE, Release::MEASURED, file), [""; 0]);
    }
}
