//! What holds of what a plan means, whatever the states.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use pve_access::model::AccessState;
use pve_access::permissions::{Comparison, Evaluator, Extent, Part};
use pve_access::plan::effect::{Cause, Causes, Direction, Effect, Shift};
use pve_access::plan::{Aim, Plan};
use pve_access::pve::{AclPath, Principal, Privilege};

use crate::generate::{draft, state};
use crate::odd::odd_state;
use crate::{everywhere, resolved, seen};

type Set = BTreeSet<Privilege>;

fn compared(before: &AccessState, after: &AccessState) -> Comparison {
    Comparison::new(&Evaluator::new(before), &Evaluator::new(after))
}

/// The paths in play, and one below each; not what is below a guest, a storage and the like unless a grant is there.
fn paths(before: &AccessState, after: &AccessState) -> BTreeSet<String> {
    let mut paths = everywhere::paths(before);
    paths.extend(everywhere::paths(after));
    let is_leaf = |path: &str| path.parse().is_ok_and(|path: AclPath| path.is_leaf());
    let leaves: BTreeSet<String> = paths.iter().filter(|path| is_leaf(path)).cloned().collect();
    let below = |leaf: &String, path: &str| path.starts_with(&format!("{leaf}/"));
    let made_up = |path: &str| path.ends_with("/elsewhere");
    let is_real = |leaf: &String| paths.iter().any(|path| below(leaf, path) && !made_up(path));
    let bare: Vec<&String> = leaves.iter().filter(|leaf| !is_real(leaf)).collect();
    paths.iter().filter(|path| !bare.iter().any(|leaf| below(leaf, path))).cloned().collect()
}

fn everybody(before: &AccessState, after: &AccessState) -> BTreeSet<Principal> {
    everywhere::everybody(before).into_iter().chain(everywhere::everybody(after)).collect()
}

/// What parts say of a path: the nearest that covers it.
fn resolve(parts: &[Part], path: &str) -> Set {
    let covering = parts.iter().filter(|part| part.covers(path));
    let nearest = covering.max_by_key(|part| part.path.trim_end_matches('/').len());
    nearest.map(|part| Set::clone(&part.privileges)).unwrap_or_default()
}

fn minus(before: &Evaluator<'_>, after: &Evaluator<'_>, who: &Principal, path: &str) -> Set {
    let kept = after.at(who, path);
    before.at(who, path).into_keys().filter(|privilege| !kept.contains_key(privilege)).collect()
}

/// The parts of one principal as the shifts of an effect say them.
fn parts_of<'e>(shifts: &'e [Shift], direction: Direction, who: &Principal) -> Vec<(&'e Shift, Part)> {
    let of = shifts.iter().filter(|shift| shift.direction == direction && shift.who.iter().any(|one| **one == *who));
    of.flat_map(|shift| {
        let part = |place: &pve_access::plan::effect::Place| Part {
            path: place.path.clone(),
            extent: place.extent,
            privileges: shift.privileges.clone(),
        };
        shift.places.iter().map(move |place| (shift, part(place)))
    })
    .collect()
}

/// Holds a comparison and an effect against asking, for everybody everywhere.
fn check(before: &AccessState, after: &AccessState) -> Result<(), TestCaseError> {
    let (first, second) = (Evaluator::new(before), Evaluator::new(after));
    let comparison = Comparison::new(&first, &second);
    let effect = Effect::between(before, after, crate::NOW);
    let paths = paths(before, after);
    for who in everybody(before, after) {
        let difference = comparison.of(&who);
        let lost = difference.map(|difference| difference.lost.as_slice()).unwrap_or_default();
        let gained = difference.map(|difference| difference.gained.as_slice()).unwrap_or_default();
        for (direction, parts, from, to) in
            [(Direction::Loss, lost, &first, &second), (Direction::Gain, gained, &second, &first)]
        {
            let said = parts_of(&effect.shifts, direction, &who);
            for path in &paths {
                let truth = minus(from, to, &who, path);
                prop_assert_eq!(&resolve(parts, path), &truth, "{:?} of {} at {}", direction, who, path);
                let said: Vec<Part> = said.iter().map(|(_, part)| part.clone()).collect();
                prop_assert_eq!(&resolve(&said, path), &truth, "{:?} of {} at {} in the effect", direction, who, path);
            }
            collapsed(parts)?;
            prop_assert_eq!(said.len(), parts.len(), "each part of {} is said once", who);
            for (shift, part) in said {
                caused(shift, &part, before, after)?;
            }
        }
        if let Some(difference) = difference {
            prop_assert!(!difference.lost.is_empty() || !difference.gained.is_empty());
        }
    }
    ordered(&effect.shifts)
}

/// Nothing is said that the nearest above says already.
fn collapsed(parts: &[Part]) -> Result<(), TestCaseError> {
    for (at, part) in parts.iter().enumerate() {
        let others: Vec<Part> =
            parts.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, part)| part.clone()).collect();
        let probe = match part.extent {
            Extent::Here | Extent::All => part.path.to_string(),
            Extent::Below => format!("{}/*", part.path.trim_end_matches('/')),
        };
        prop_assert_ne!(&resolve(&others, &probe), &*part.privileges, "{} goes without saying", part.path);
    }
    Ok(())
}

/// A loss has a cause, and what is said of grants is so.
fn caused(shift: &Shift, part: &Part, before: &AccessState, after: &AccessState) -> Result<(), TestCaseError> {
    let Causes::Known(causes) = &shift.causes else {
        prop_assert!(false, "so little is examined");
        return Ok(());
    };
    prop_assert_eq!(
        causes.is_empty(),
        part.privileges.is_empty(),
        "{:?} at {}: {:?}",
        shift.direction,
        part.path,
        causes
    );
    let (from, to) = match shift.direction {
        Direction::Loss => (before, after),
        Direction::Gain => (after, before),
    };
    for cause in causes {
        match cause {
            Cause::Hidden { by, novelty: _, hidden } => {
                prop_assert!(to.acl.contains_key(by) && from.acl.contains_key(hidden));
                prop_assert!(hidden.role.as_str() == "NoAccess" || !from.roles[&hidden.role].privs.is_empty());
            }
            Cause::Grant(grant) => prop_assert!(from.acl.contains_key(grant) && !to.acl.contains_key(grant)),
            Cause::Propagation(grant) => {
                prop_assert!(from.acl[grant].is_yes() && !to.acl[grant].is_yes());
            }
            Cause::Privileges(role) => prop_assert!(!from.roles[role].privs.is_subset(&to.roles[role].privs)),
            Cause::Membership { user, group } => {
                prop_assert!(from.groups_of(user).contains(group) && !to.groups_of(user).contains(group));
            }
            Cause::Role(role) => prop_assert!(from.roles.contains_key(role) && !to.roles.contains_key(role)),
            Cause::Group(group) => prop_assert!(!to.groups.contains_key(group)),
            Cause::Token(token) => prop_assert!(from.tokens.contains_key(token) && !to.tokens.contains_key(token)),
            Cause::User(user) => prop_assert!(from.users.contains_key(user) && !to.users.contains_key(user)),
            Cause::Separation(token) => {
                prop_assert!(from.tokens[token].privsep < to.tokens[token].privsep);
            }
        }
    }
    Ok(())
}

/// Losses come first, and each exception after what it is one from.
fn ordered(shifts: &[Shift]) -> Result<(), TestCaseError> {
    prop_assert!(shifts.iter().map(|shift| shift.direction).is_sorted());
    let mut seen: BTreeMap<(Direction, &Principal), Vec<&str>> = BTreeMap::new();
    for shift in shifts {
        prop_assert!(!shift.who.is_empty() && shift.who.is_sorted());
        for who in &shift.who {
            let paths = seen.entry((shift.direction, who)).or_default();
            for place in &shift.places {
                let below = |path: &&str| {
                    let start = format!("{}/", place.path.trim_end_matches('/'));
                    place.extent != Extent::Here && path.starts_with(&start) && **path != *place.path
                };
                prop_assert!(!paths.iter().any(below), "{} comes after what is below it", place.path);
            }
            paths.extend(shift.places.iter().map(|place| &*place.path));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_an_effect_says_is_what_asking_says(a in state(), b in state()) {
        check(&a, &b)?;
    }

    #[test]
    fn that_holds_of_odd_states_too(a in odd_state(), b in odd_state()) {
        check(&a, &b)?;
    }

    /// Whole states have hardly a grant in common; what a plan does to one is closer to life.
    #[test]
    fn the_effect_of_a_plan_is_what_becomes_of_everybody(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let live = seen(&live);
        let plan = Plan::new(Aim::new(resolved(&desired, &live)));
        check(&plan.aim.live.state, &plan.aim.target)?;
        prop_assert_eq!(&plan.effect, &Effect::between(&plan.aim.live.state, &plan.aim.target, crate::NOW));
    }

    #[test]
    fn nothing_changes_between_equals(a in state()) {
        prop_assert!(compared(&a, &a).is_empty());
        prop_assert!(Effect::between(&a, &a, crate::NOW).is_empty());
    }

    #[test]
    fn the_way_back_swaps_losses_and_gains(a in state(), b in state()) {
        let (there, mut back) = (compared(&a, &b), compared(&b, &a));
        for difference in &mut back.differences {
            std::mem::swap(&mut difference.lost, &mut difference.gained);
        }
        prop_assert_eq!(there, back);
    }
}
