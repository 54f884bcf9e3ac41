//! Somebody would hold on the way what it holds neither before nor after.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::exposure::{Concern, Index, Place, Watch, Watched};
use crate::plan::step::Step;
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

/// What somebody has held too much so far.
struct Window {
    held: BTreeMap<Place, BTreeSet<Privilege>>,
    from: usize,
    /// Where it was gone again.
    until: Option<usize>,
}

/// What the steps give to anybody for a while.
pub(super) fn escalation(steps: &[Step], index: &Index<'_>) -> Option<Escalation> {
    let mut watch = Watch::new(index, Concern::InOrder);
    let mut windows: BTreeMap<usize, Window> = BTreeMap::new();
    for at in 0..steps.len() {
        let trial = watch.attempt(at);
        watch.commit(trial);
        for (number, Watched { excess, .. }) in watch.concerned(at) {
            if !excess.is_empty() {
                let new = || Window { held: BTreeMap::new(), from: at, until: None };
                let window = windows.entry(number).or_insert_with(new);
                for (place, privileges) in excess {
                    window.held.entry(place.clone()).or_default().extend(privileges.iter().cloned());
                }
                window.until = None;
            } else if let Some(Window { until, .. }) = windows.get_mut(&number) {
                // It may come and go more than once: the last time counts.
                until.get_or_insert(at);
            }
        }
    }
    let gain = |(number, Window { held, from, until })| {
        let Watched { who, like, .. } = watch.watched(number)?;
        let (from, until) = (Turn::of(from, steps)?, Turn::of(until?, steps)?);
        Some(Gain { who: who.clone(), like: like.clone(), held, from, until })
    };
    let gains: Vec<Gain> = windows.into_iter().filter_map(gain).collect();
    let unexamined = watch.unexamined;
    (!gains.is_empty() || !unexamined.is_empty()).then_some(Escalation { gains, unexamined })
}
