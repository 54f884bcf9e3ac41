//! Users of a realm that does not exist.

use std::collections::BTreeMap;

use crate::lint::finding::{Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::pve::{RealmId, UserId};

pub static RULE: Rule = Rule {
    name: "missing-realm",
    severity: Severity::Warning,
    summary: "users of a realm that does not exist",
    why: "Deleting a realm keeps its users. They cannot log in; their tokens still work. Whoever makes a realm of that name \
          decides anew who they are.",
    mend: "Delete the users, or make the realm again.",
    example: "user:ann@corp:1:0::::::\n",
    needs: &[Blind::Realms],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut users: BTreeMap<RealmId, Vec<&UserId>> = BTreeMap::new();
    for user in view.state.users.keys() {
        let Ok(realm) = user.realm().parse::<RealmId>() else { continue };
        let is_builtin = matches!(realm.as_str(), "pam" | "pve");
        if !is_builtin && !view.state.realms.contains_key(&realm) {
            users.entry(realm).or_default().push(user);
        }
    }
    let finding = |(realm, users): (RealmId, Vec<&UserId>)| {
        let (are, of) = (number(users.len(), "is", "are"), some(&users));
        let message = format!("there is no realm {realm}, and {of} {are} of it");
        let objects = [Object::Realm(realm)].into_iter();
        Finding::new(objects.chain(users.into_iter().cloned().map(Object::User)).collect(), message)
    };
    users.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn one_realm_is_one_finding() {
        let file = "user:ann@corp:1\nuser:bob@corp:1\nuser:eve@pve:1\nuser:joe@pam:1\n";
        assert_eq!(found(&RULE, file), ["there is no realm corp, and ann@corp and bob@corp are of it"]);
    }
}
