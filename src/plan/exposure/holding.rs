//! What somebody can do, everywhere, at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::AccessState;
use crate::permissions::{Evaluator, Privileges};
use crate::pve::{Principal, Privilege};

/// A path, or what is below it and has no entry of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path, as the server lists it.
    pub path: String,
    /// Which of the two.
    pub reach: Reach,
}

/// How a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The path itself.
    Here,
    /// What is below it.
    Below,
}

/// What is held too much, and where.
pub(in crate::plan) type Excess = BTreeMap<Place, BTreeSet<Privilege>>;

/// What somebody can do everywhere: nothing if it is refused at the door, whatever is granted to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// What is held at a path, and what reaches below it, where that changes.
    entries: BTreeMap<String, (Arc<Privileges>, Arc<Privileges>)>,
}

impl Holding {
    /// What `who` can do in `state` at `now`.
    pub(super) fn of(who: &Principal, state: &AccessState, now: u64) -> Holding {
        if !state.refusals(who, now).is_empty() {
            return Holding::default();
        }
        let evaluator = Evaluator::new(state);
        let outline = evaluator.outline(who);
        let entries = outline.entries().map(|entry| (entry.path, (Arc::clone(entry.here), Arc::clone(entry.below))));
        Holding { entries: entries.collect() }
    }

    /// What is held that neither `before` nor `after` has at the same place.
    pub(super) fn excess_over(&self, before: &Holding, after: &Holding) -> Excess {
        let mut excess = Excess::new();
        if self == before || self == after {
            return excess;
        }
        let paths: BTreeSet<&String> =
            [self, before, after].into_iter().flat_map(|holding| holding.entries.keys()).collect();
        for path in paths {
            for reach in [Reach::Here, Reach::Below] {
                let (held, bounds) = (self.at(path, reach), [before.at(path, reach), after.at(path, reach)]);
                let is_new =
                    |privilege: &&Privilege| !bounds.iter().flatten().any(|bound| bound.contains_key(*privilege));
                let new: BTreeSet<Privilege> =
                    held.iter().flat_map(|held| held.keys()).filter(is_new).cloned().collect();
                if !new.is_empty() {
                    excess.insert(Place { path: path.clone(), reach }, new);
                }
            }
        }
        excess
    }

    fn at(&self, path: &str, reach: Reach) -> Option<&Privileges> {
        if let Some((here, below)) = self.entries.get(path) {
            return Some(match reach {
                Reach::Here => here,
                Reach::Below => below,
            });
        }
        let mut path = path;
        while let Some((above, _)) = path.rsplit_once('/').filter(|_| path != "/") {
            path = if above.is_empty() { "/" } else { above };
            if let Some((_, below)) = self.entries.get(path) {
                return Some(below);
            }
        }
        None
    }
}
