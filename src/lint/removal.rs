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
    let concerned: Vec<BTreeSet<Principal>> =
        removals.iter().map(|removal| view.concerned(removal.subject).into_iter().collect()).collect();
    let mut left: BTreeSet<usize> = (0..removals.len()).collect();
    for _ in 0..ROUNDS {
        let mut given_up: BTreeSet<usize> = BTreeSet::new();
        for (who, places) in changed(view, removals, &concerned, &left) {
            let is_concerned = |at: &usize| concerned[*at].contains(&who);
            let to_blame =
                |at: &usize| is_concerned(at) && places.iter().any(|place| reaches(removals[*at].path, place));
            let blamed: BTreeSet<usize> = left.iter().copied().filter(to_blame).collect();
            given_up.extend(if blamed.is_empty() {
                left.iter().copied().filter(is_concerned).collect()
            } else {
                blamed
            });
        }
        if given_up.is_empty() {
            given_up = entangled(removals, &concerned, &left);
        }
        if given_up.is_empty() {
            return (0..removals.len()).map(|at| left.contains(&at)).collect();
        }
        left.retain(|at| !given_up.contains(at));
    }
    vec![false; removals.len()]
}

/// Those at one path that concern the same people: together they may be harmless where one of them is not, as when a user's
/// entry goes together with that of its group which it hides. At different paths they do not get in each other's way: what
/// is above stays the same to those who hold it, whether it comes from there or from further up.
fn entangled(removals: &[Removal<'_>], concerned: &[BTreeSet<Principal>], left: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut at_path: BTreeMap<&AclPath, Vec<usize>> = BTreeMap::new();
    left.iter().for_each(|&at| at_path.entry(removals[at].path).or_default().push(at));
    let mut entangled = BTreeSet::new();
    for together in at_path.into_values() {
        for (number, &one) in together.iter().enumerate() {
            for &other in &together[number + 1..] {
                if !concerned[one].is_disjoint(&concerned[other]) {
                    entangled.extend([one, other]);
                }
            }
        }
    }
    entangled
}

/// Who would hold something else somewhere, and where.
fn changed(
    view: &View<'_>,
    removals: &[Removal<'_>],
    concerned: &[BTreeSet<Principal>],
    left: &BTreeSet<usize>,
) -> Vec<(Principal, Vec<String>)> {
    let affected: BTreeSet<&Principal> = left.iter().flat_map(|at| &concerned[*at]).collect();
    if affected.is_empty() {
        return Vec::new();
    }
    let without = without(view.state, &affected, left.iter().flat_map(|at| removals[*at].grants.iter().copied()));
    let evaluator = Evaluator::new(&without);
    let everyone = evaluator.everyone();
    let mut known: BTreeMap<[*const (); 2], bool> = BTreeMap::new();
    let changed = affected.into_iter().filter_map(|who| {
        let (before, after) = (view.everyone.outline(who)?, everyone.outline(who)?);
        let pair = [std::ptr::from_ref(before).cast(), std::ptr::from_ref(after).cast()];
        let is_same = *known.entry(pair).or_insert_with(|| before == after);
        (!is_same).then(|| (who.clone(), differences(before, after)))
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
