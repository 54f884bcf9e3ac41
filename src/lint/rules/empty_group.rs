//! Groups without members.

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::pve::{GroupId, Subject};

pub static RULE: Rule = Rule {
    name: "empty-group",
    severity: Severity::Note,
    summary: "a group without members",
    why: "What it is granted means nothing until somebody is put in it, perhaps for its name alone. Members that do not exist \
          are none.",
    mend: "Delete it; its grants go with it. Groups that a synchronised realm makes come back: allow this rule there.",
    example: "group:retired::old project:\n",
    needs: &[Blind::Accounts],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    view.state
        .groups
        .keys()
        .filter(|group| view.members(group).next().is_none())
        .map(|group| finding(group, view))
        .collect()
}

fn finding(group: &GroupId, view: &View<'_>) -> Finding {
    let grants = view.granted(&Subject::Group(group.clone())).flat_map(|(_, entry)| entry).count();
    let granted = match grants {
        0 => String::new(),
        1 => ", and is granted something".to_owned(),
        many => format!(", and has {many} grants"),
    };
    let finding = Finding::new(vec![Object::Group(group.clone())], format!("group {group} has no members{granted}"));
    finding.cured(Effect::None, vec![Cure::DeleteGroup(group.clone())])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn members_that_do_not_exist_are_none() {
        let file = "user:ann@pve:1\ngroup:ops:ann@pve\ngroup:dev:gone@pve\ngroup:qa:\nacl:1:/:@qa,@ops:PVEAuditor:\n";
        assert_eq!(
            found(&RULE, file),
            ["group dev has no members", "group qa has no members, and is granted something"]
        );
    }
}
