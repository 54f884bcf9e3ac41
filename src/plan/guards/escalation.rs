//! Somebody would hold on the way what it holds neither before nor after.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::exposure::{Index, Place, Watch, Watched};
use crate::plan::op::Op;
use crate::plan::step::Turn;
use crate::pve::{Principal, Privilege};

/// What some would hold that nobody means them to, or that nobody had the time to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Who would hold what, and when.
    pub gains: Vec<Gain>,
    /// For whom it was not worked out, because too much changes for too many.
    pub unexamined: Vec<Principal>,
}

/// What one user or token would hold for some steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// Who.
    pub who: Principal,
    /// Who else, through the same groups.
    pub like: Vec<Principal>,
    /// Where, and what; never empty.
    pub held: BTreeMap<Place, BTreeSet<Privilege>>,
    /// The step by which it gets it.
    pub from: Turn,
    /// The step by which the last of it is gone again.
    pub until: Turn,
}

/// What the steps give to anybody for a while.
pub(super) fn escalation(ops: &[Op], index: &Index<'_>) -> Option<Escalation> {
    let mut watch = Watch::new(index);
    let mut open: BTreeMap<usize, (BTreeMap<Place, BTreeSet<Privilege>>, usize, Option<usize>)> = BTreeMap::new();
    for at in 0..ops.len() {
        let trial = watch.attempt(at);
        watch.commit(trial);
        for (number, Watched { excess, .. }) in watch.concerned(at) {
            if !excess.is_empty() {
                let (held, _, until) = open.entry(number).or_insert_with(|| (BTreeMap::new(), at, None));
                for (place, privileges) in excess {
                    held.entry(place.clone()).or_default().extend(privileges.iter().cloned());
                }
                *until = None;
            } else if let Some((_, _, until)) = open.get_mut(&number) {
                // It may come and go more than once: the last time counts.
                until.get_or_insert(at);
            }
        }
    }
    let gain = |(number, (held, from, until))| {
        let Watched { who, like, .. } = watch.watched(number)?;
        let (from, until) = (Turn::of(from, ops)?, Turn::of(until?, ops)?);
        Some(Gain { who: who.clone(), like: like.clone(), held, from, until })
    };
    let gains: Vec<Gain> = open.into_iter().filter_map(gain).collect();
    let unexamined = watch.unexamined;
    (!gains.is_empty() || !unexamined.is_empty()).then_some(Escalation { gains, unexamined })
}
