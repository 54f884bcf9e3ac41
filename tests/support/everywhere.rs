//! The ways of asking who may do what, held against the plainest one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pve_access::model::{AccessState, Propagate};
use pve_access::permissions::{Evaluator, Outline, Privileges};
use pve_access::pve::{Principal, UserId};

/// All users and tokens.
pub fn everybody(state: &AccessState) -> BTreeSet<Principal> {
    let users = state.users.keys().cloned().map(Principal::User);
    users.chain(state.tokens.keys().cloned().map(Principal::Token)).collect()
}

/// Every path that the state names or the server lists, all above them, and one below each that nobody names.
pub fn paths(state: &AccessState) -> BTreeSet<String> {
    let mut named: BTreeSet<String> = state.acl.keys().map(|grant| grant.path.to_string()).collect();
    for (id, pool) in &state.pools {
        named.insert(format!("/pool/{id}"));
        named.extend(pool.vms.iter().map(|vm| format!("/vms/{vm}")));
        named.extend(pool.storage.iter().map(|storage| format!("/storage/{storage}")));
    }
    named.extend(Evaluator::new(state).effective(&Principal::User(UserId::root())).into_keys());
    let above = named.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| path[..at.max(1)].to_owned()));
    let mut paths: BTreeSet<String> = above.chain(named.iter().cloned()).collect();
    paths.extend(paths.clone().into_iter().map(|path| format!("{}/elsewhere", path.trim_end_matches('/'))));
    paths
}

/// Fails unless the outlines of `who`, its own and the one that it shares, say at each of `paths` what asking there says.
pub fn check(
    evaluator: &Evaluator<'_>,
    shared: &Outline<'_>,
    who: &Principal,
    paths: &BTreeSet<String>,
) -> Result<(), String> {
    let outline = evaluator.outline(who);
    if outline != *shared {
        return Err(format!("{who} alone: {outline:#?}\namong all: {shared:#?}"));
    }
    for path in paths {
        let at = evaluator.at(who, path);
        if *outline.at(path).as_ref() != at || *shared.at(path).as_ref() != at {
            return Err(format!("{who} at {path}: {at:?}, but {outline:#?}"));
        }
        let below = evaluator.at(who, &format!("{}/elsewhere/still", path.trim_end_matches('/')));
        if *outline.below(path).as_ref() != below || *shared.below(path).as_ref() != below {
            return Err(format!("{who} below {path}: {below:?}, but {outline:#?}"));
        }
    }
    sound(&outline).map_err(|fault| format!("{who}: {fault}: {outline:#?}"))?;
    let listed = evaluator.effective(&Principal::User(UserId::root())).into_keys();
    let each: BTreeMap<String, Privileges> = listed
        .map(|path| (path.clone(), evaluator.at(who, &path)))
        .filter(|(_, privileges)| !privileges.is_empty())
        .collect();
    if each != evaluator.effective(who) {
        return Err(format!("{who}: {each:#?} at each, but {:#?}", evaluator.effective(who)));
    }
    Ok(())
}

/// Whether each entry says something that the one above does not, and is where it belongs.
fn sound(outline: &Outline<'_>) -> Result<(), String> {
    let nothing = Arc::new(Privileges::new());
    let mut above: Vec<(String, &Arc<Privileges>)> = Vec::new();
    let mut last: Option<Vec<String>> = None;
    for entry in outline.entries() {
        let words: Vec<String> = entry.path.split('/').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if last.replace(words.clone()).is_some_and(|last| last >= words) {
            return Err(format!("{} is out of order", entry.path));
        }
        let below = |start: &str| format!("{}/", entry.path).starts_with(&format!("{}/", start.trim_end_matches('/')));
        while above.pop_if(|(start, _)| !below(start)).is_some() {}
        let reaches = above.last().map_or(&nothing, |(_, below)| below);
        if entry.here == reaches && entry.below == reaches {
            return Err(format!("nothing changes at {}", entry.path));
        }
        if entry.below.values().any(|&propagate| propagate == Propagate::No) {
            return Err(format!("what reaches below {} does not propagate", entry.path));
        }
        above.push((entry.path, entry.below));
    }
    Ok(())
}

/// Fails unless equal sets of privileges are one allocation.
pub fn sets_are_shared<'o>(outlines: impl IntoIterator<Item = &'o Outline<'o>>) -> Result<(), String> {
    let mut known: BTreeMap<Arc<Privileges>, Arc<Privileges>> = BTreeMap::new();
    for outline in outlines {
        for entry in outline.entries() {
            for set in [entry.here, entry.below] {
                let first = known.entry(Arc::clone(set)).or_insert_with(|| Arc::clone(set));
                if !Arc::ptr_eq(first, set) {
                    return Err(format!("{set:?} is there twice"));
                }
            }
        }
    }
    Ok(())
}
