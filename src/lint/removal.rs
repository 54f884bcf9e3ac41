//! Which grants can go without anybody noticing.

use std::collections::{BTreeMap, BTreeSet};

use super::view::View;
use crate::model::{AccessState, Grant};
use crate::permissions::{Entry, Evaluator, Outline};
use crate::pve::{AclPath, Principal, Subject};

/// Grants to one subject at one path that would go together.
#[derive(Clone, Debug)]
pub struct Removal<'v> {
    /// Where.
    pub path: &'v AclPath,
    /// From whom.
    pub subject: &'v Subject,
    /// What.
    pub grants: Vec<&'v Grant>,
}

/// For each of `removals` whether it is one of those that can be made, all of them or any, without changing what anybody
/// holds anywhere.
///
/// Tried, not concluded: everybody concerned is asked again without the grants. Where somebody holds something else then,
/// the removals that may have to do with it are given up, until nobody does. One that is harmless by itself may be given up
/// for another; never the other way round.
pub fn harmless(view: &View<'_>, removals: &[Removal<'_>]) -> Vec<bool> {
    const ROUNDS: usize = 8;
    let mut concerned: BTreeMap<Principal, Vec<usize>> = BTreeMap::new();
    for (at, removal) in removals.iter().enumerate() {
        view.concerned(removal.subject).into_iter().for_each(|who| concerned.entry(who).or_default().push(at));
    }
    let mut left: BTreeSet<usize> = (0..removals.len()).collect();
    for _ in 0..ROUNDS {
        concerned.values_mut().for_each(|removals| removals.retain(|at| left.contains(at)));
        concerned.retain(|_, removals| !removals.is_empty());
        let mut given_up: BTreeSet<usize> = BTreeSet::new();
        for (who, places) in changed(view, removals, concerned.keys(), &left) {
            let its = concerned.get(who).map(Vec::as_slice).unwrap_or_default();
            let to_blame = |at: &&usize| places.iter().any(|place| reaches(removals[**at].path, place));
            let mut blamed = its.iter().filter(to_blame).peekable();
            let is_any = blamed.peek().is_some();
            given_up.extend(blamed);
            given_up.extend(its.iter().filter(|_| !is_any));
        }
        if given_up.is_empty() {
            given_up = concerned.values().flat_map(|its| entangled(removals, its)).collect();
        }
        if given_up.is_empty() {
            return (0..removals.len()).map(|at| left.contains(&at)).collect();
        }
        left.retain(|at| !given_up.contains(at));
    }
    vec![false; removals.len()]
}

/// Of those that concern one person, the ones at one path: together they may be harmless where one of them is not, as when
/// a user's entry goes together with that of its group which it hides. At different paths they do not get in each other's
/// way: what is above stays the same to those who hold it, whether it comes from there or from further up.
fn entangled(removals: &[Removal<'_>], its: &[usize]) -> Vec<usize> {
    let mut at_path: BTreeMap<&AclPath, Vec<usize>> = BTreeMap::new();
    its.iter().for_each(|&at| at_path.entry(removals[at].path).or_default().push(at));
    at_path.into_values().filter(|together| together.len() > 1).flatten().collect()
}

/// Who would hold something else somewhere, and where.
fn changed<'p>(
    view: &View<'_>,
    removals: &[Removal<'_>],
    concerned: impl Iterator<Item = &'p Principal>,
    left: &BTreeSet<usize>,
) -> Vec<(&'p Principal, Vec<String>)> {
    let concerned: BTreeSet<&Principal> = concerned.collect();
    if concerned.is_empty() {
        return Vec::new();
    }
    let without = without(view.state, &concerned, left.iter().flat_map(|at| removals[*at].grants.iter().copied()));
    let evaluator = Evaluator::new(&without);
    let everyone = evaluator.everyone();
    let mut known: BTreeMap<[*const (); 2], bool> = BTreeMap::new();
    let changed = concerned.into_iter().filter_map(|who| {
        let (before, after) = (view.everyone.outline(who)?, everyone.outline(who)?);
        let pair = [std::ptr::from_ref(before).cast(), std::ptr::from_ref(after).cast()];
        let is_same = *known.entry(pair).or_insert_with(|| before == after);
        (!is_same).then(|| (who, differences(before, after)))
    });
    changed.collect()
}

/// The state with nobody in it but `affected` and those they belong to, and without `grants`.
fn without<'g>(
    state: &AccessState,
    affected: &BTreeSet<&Principal>,
    grants: impl Iterator<Item = &'g Grant>,
) -> AccessState {
    let users: BTreeSet<_> = affected.iter().map(|who| who.user()).collect();
    let mut without = AccessState {
        release: state.release,
        realms: BTreeMap::new(),
        roles: state.roles.clone(),
        groups: state.groups.clone(),
        users: state
            .users
            .iter()
            .filter(|(id, _)| users.contains(id))
            .map(|(id, user)| (id.clone(), user.clone()))
            .collect(),
        tokens: state
            .tokens
            .iter()
            .filter(|(id, _)| users.contains(id.user()))
            .map(|(id, it)| (id.clone(), it.clone()))
            .collect(),
        memberships: state
            .memberships
            .iter()
            .filter(|(id, _)| users.contains(id))
            .map(|(id, it)| (id.clone(), it.clone()))
            .collect(),
        pools: state.pools.clone(),
        acl: state.acl.clone(),
    };
    grants.for_each(|grant| _ = without.acl.remove(grant));
    without
}

fn differences(before: &Outline<'_>, after: &Outline<'_>) -> Vec<String> {
    let said = |outline| -> BTreeMap<String, _> {
        let entries = Outline::entries(outline);
        entries.map(|Entry { path, here, below }| (path, (here.clone(), below.clone()))).collect()
    };
    let (before, after) = (said(before), said(after));
    let places: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    places.into_iter().filter(|place| before.get(*place) != after.get(*place)).cloned().collect()
}

/// Whether what is granted at `path` can have to do with what is held at `place`: below it, and at members of pools.
fn reaches(path: &AclPath, place: &str) -> bool {
    path.words().next().is_none_or(|word| word == "pool")
        || place.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
