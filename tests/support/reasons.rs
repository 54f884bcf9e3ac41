//! What must be named when an answer is explained, found by the texts of paths alone.

use std::collections::BTreeSet;

use pve_access::model::{AccessState, Grant};
use pve_access::permissions::{Evaluator, Side};
use pve_access::pve::{Principal, Subject};

/// Explains one answer; fails unless the reasons come to the answer and each grant on the way is among them once.
pub fn check(state: &AccessState, evaluator: &Evaluator<'_>, who: &Principal, path: &str) -> Result<(), String> {
    let explanation = evaluator.explain(who, path);
    if explanation.privileges() != evaluator.at(who, path) {
        return Err(format!("{who} at {path}: {explanation:#?}"));
    }
    for side in explanation.sides() {
        let (on_the_way, named) = (on_the_way(state, &side.subject, path), named(side));
        if on_the_way != named {
            return Err(format!("{who} at {path}: {on_the_way:#?} but {side:#?}"));
        }
    }
    Ok(())
}

fn named<'a>(side: &Side<'a>) -> Vec<&'a Grant> {
    let deciding = side.deciding.iter().map(|deciding| deciding.grant);
    let mut named: Vec<&Grant> = deciding.chain(side.hidden.iter().map(|hidden| hidden.grant)).collect();
    named.sort();
    named
}

/// The grants to a subject and its groups at a path and its pools and above them.
fn on_the_way<'a>(state: &'a AccessState, subject: &Subject, path: &str) -> Vec<&'a Grant> {
    let mut subjects = BTreeSet::from([subject.clone()]);
    if let Subject::User(user) = subject {
        subjects.extend(state.groups_of(user).iter().cloned().map(Subject::Group));
    }
    let pools = state.pools.iter().filter(|(_, pool)| {
        let guest = pool.vms.iter().any(|vm| format!("/vms/{vm}") == path);
        guest || pool.storage.iter().any(|storage| format!("/storage/{storage}") == path)
    });
    let ends: Vec<String> =
        pools.map(|(pool, _)| format!("/pool/{pool}/")).chain([format!("{}/", path.trim_end_matches('/'))]).collect();
    let above = |grant: &Grant| {
        let start = format!("{}/", grant.path.as_str().trim_end_matches('/'));
        ends.iter().any(|end| end.starts_with(&start))
    };
    state.acl.keys().filter(|grant| subjects.contains(&grant.subject) && above(grant)).collect()
}
