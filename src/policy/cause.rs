//! Which grants it comes from that a policy is broken.

use std::collections::BTreeSet;

use super::violation::{Obstacle, Place};
use crate::model::Grant;
use crate::permissions::{Evaluator, Explanation, Hidden, Reason};
use crate::pve::{Principal, Privilege};

/// How many of those who break a policy alike, and of the places where they do, are asked for their reasons.
pub const ASKED: usize = 8;

/// The grants through which `who` hold `privileges`.
pub fn through(
    evaluator: &Evaluator<'_>,
    who: &[Principal],
    privileges: &BTreeSet<Privilege>,
    places: &[Place],
) -> Vec<Grant> {
    let mut through: BTreeSet<Grant> = BTreeSet::new();
    for explanation in explanations(evaluator, who, places) {
        for side in explanation.sides() {
            let giving = privileges.iter().flat_map(|privilege| side.giving(privilege));
            through.extend(giving.map(|deciding| deciding.grant.clone()));
        }
    }
    through.into_iter().collect()
}

/// The grants that would give `privileges` to `who`, and have no say.
pub fn hidden(
    evaluator: &Evaluator<'_>,
    who: &[Principal],
    privileges: &BTreeSet<Privilege>,
    places: &[Place],
) -> Vec<Obstacle> {
    let mut hidden: BTreeSet<Obstacle> = BTreeSet::new();
    for explanation in explanations(evaluator, who, places) {
        for privilege in privileges {
            let sides = explanation.lacking(privilege);
            hidden.extend(sides.flat_map(|side| side.withholding(privilege)).map(obstacle));
        }
    }
    hidden.into_iter().collect()
}

fn explanations<'a>(
    evaluator: &Evaluator<'a>,
    who: &[Principal],
    places: &[Place],
) -> impl Iterator<Item = Explanation<'a>> {
    let asked = who.iter().take(ASKED).flat_map(move |who| places.iter().take(ASKED).map(move |place| (who, place)));
    asked.map(|(who, place)| evaluator.explain(who, place.example()))
}

fn obstacle(hidden: &Hidden<'_>) -> Obstacle {
    let Hidden { grant, role: _, propagate: _, pool: _, reason } = hidden;
    let grant = || Grant::clone(grant);
    match *reason {
        Reason::NotPropagated => Obstacle::NotPropagated(grant()),
        Reason::Replaced { at } => Obstacle::Replaced(grant(), at.clone()),
        Reason::OwnGrant { by } => Obstacle::OwnGrant(grant(), by.clone()),
        Reason::NoAccess { by } | Reason::NoAccessAtPath { by } => Obstacle::NoAccess(grant(), by.clone()),
        Reason::NoAccessAtPool { by: _, pool } => Obstacle::NoAccessAtPool(grant(), pool.clone()),
    }
}
