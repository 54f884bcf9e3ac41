//! Many at once, through ops in any order.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::Figure;
use super::holding::{Excess, Holding};
use super::index::{Concern, Index};
use crate::model::AccessState;
use crate::plan::op::Op;
use crate::pve::Principal;

/// How many answers about somebody's privileges are worked out at most, before everybody's first has been; each counts
/// once more for so many grants. Some hundred milliseconds' worth.
const MOST_ANSWERS: usize = 1_000;
const MANY_GRANTS: usize = 32;

/// Somebody, as far as the ops have come.
pub(in crate::plan) struct Watched {
    /// Who.
    pub(in crate::plan) who: Principal,
    /// Who else holds the same at any time.
    pub(in crate::plan) like: Vec<Principal>,
    ops: BTreeMap<usize, Op>,
    state: AccessState,
    bounds: [Holding; 2],
    /// What it can do now that it can do neither before nor after all ops.
    pub(in crate::plan) excess: Excess,
}

/// All who could hold at some time what they hold neither before nor after.
pub(in crate::plan) struct Watch {
    now: u64,
    watched: Vec<Watched>,
    of_op: BTreeMap<usize, Vec<usize>>,
    /// Those whom there was no time to look at.
    pub(in crate::plan) unexamined: Vec<Principal>,
}

/// What an op would come to for those whom it bears on.
pub(in crate::plan) struct Trial(Vec<(usize, AccessState, Excess)>);

impl Watch {
    /// Before the first of the index's ops; those who come to harm in their order are the first to be looked at.
    pub(in crate::plan) fn new(index: &Index<'_>, concern: Concern) -> Watch {
        let mut watch = Watch::nobody(index.now);
        let mut left = MOST_ANSWERS;
        let mut suspects = index.suspects(Concern::InOrder);
        if concern == Concern::AnyOrder {
            let known: BTreeSet<Principal> = suspects.iter().map(|suspect| suspect.who.clone()).collect();
            let others = index.suspects(concern).into_iter();
            suspects.extend(others.filter(|suspect| !known.contains(&suspect.who)));
        }
        for suspect in suspects {
            if left < 2 + suspect.ops() {
                watch.unexamined.extend(std::iter::once(suspect.who).chain(suspect.like));
                continue;
            }
            let Figure { who, like, ops, state } = index.figure_of(suspect);
            left = left.saturating_sub((2 + ops.len()) * (1 + state.acl.len() / MANY_GRANTS));
            let mut after = state.clone();
            ops.iter().for_each(|(_, op)| drop(op.apply_to(&mut after)));
            let bounds = [&state, &after].map(|state| Holding::of(&who, state, watch.now));
            let at = watch.watched.len();
            ops.iter().for_each(|(op, _)| watch.of_op.entry(*op).or_default().push(at));
            let ops = ops.into_iter().collect();
            watch.watched.push(Watched { who, like, ops, state, bounds, excess: Excess::new() });
        }
        watch
    }

    /// Without anybody who is worth it.
    pub(in crate::plan) fn nobody(now: u64) -> Watch {
        Watch { now, watched: Vec::new(), of_op: BTreeMap::new(), unexamined: Vec::new() }
    }

    /// What op number `at` would come to now.
    pub(in crate::plan) fn attempt(&self, at: usize) -> Trial {
        let tried = self.of_op.get(&at).into_iter().flatten().filter_map(|&number| {
            let Watched { who, like: _, ops, state, bounds: [before, after], excess: _ } = &self.watched[number];
            let mut state = state.clone();
            ops.get(&at)?.apply_to(&mut state);
            let excess = Holding::of(who, &state, self.now).excess_over(before, after);
            Some((number, state, excess))
        });
        Trial(tried.collect())
    }

    /// Whether nobody gets by it what it should not have and does not have yet.
    pub(in crate::plan) fn is_safe(&self, Trial(tried): &Trial) -> bool {
        tried.iter().all(|(number, _, excess)| self.has_already(*number, excess))
    }

    /// How many would get by it what they should not have and do not have yet.
    pub(in crate::plan) fn harm(&self, Trial(tried): &Trial) -> usize {
        tried.iter().filter(|(number, _, excess)| !self.has_already(*number, excess)).count()
    }

    fn has_already(&self, number: usize, excess: &Excess) -> bool {
        let already = &self.watched[number].excess;
        excess.iter().all(|(place, privileges)| already.get(place).is_some_and(|already| privileges.is_subset(already)))
    }

    /// Goes on to after the op.
    pub(in crate::plan) fn commit(&mut self, Trial(tried): Trial) {
        for (number, state, excess) in tried {
            let watched = &mut self.watched[number];
            (watched.state, watched.excess) = (state, excess);
        }
    }

    /// One of them, by number.
    pub(in crate::plan) fn watched(&self, number: usize) -> Option<&Watched> {
        self.watched.get(number)
    }

    /// Those whom op number `at` bears on, by number.
    pub(in crate::plan) fn concerned(&self, at: usize) -> impl Iterator<Item = (usize, &Watched)> {
        self.of_op.get(&at).into_iter().flatten().map(|&number| (number, &self.watched[number]))
    }

    /// The other ops that bear on those whom op number `at` bears on.
    pub(in crate::plan) fn related(&self, at: usize) -> impl Iterator<Item = usize> {
        self.concerned(at).flat_map(|(_, watched)| watched.ops.keys().copied())
    }
}
