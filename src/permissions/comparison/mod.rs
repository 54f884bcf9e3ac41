//! In what two states differ as to who may do what.

mod atlas;
mod losses;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::atlas::Atlas;
pub use self::losses::Changed;
use self::losses::Losses;
use super::Evaluator;
use crate::pve::{Principal, Privilege};

/// Everybody whose privileges are not the same in both states, each once, with what is lost and gained where.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Those with the same differences together, sorted by the first of them; equal sets of privileges are one allocation,
    /// and equal paths too.
    pub differences: Vec<Difference>,
}

/// What some principals lose and gain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// They: users before tokens, each sorted; never empty.
    pub who: Vec<Principal>,
    /// What is lost, in the order of the tree.
    pub lost: Vec<Part>,
    /// What is gained, in the order of the tree.
    pub gained: Vec<Part>,
}

/// Some privileges at a path, said only where it is not what reaches the path from above.
///
/// At a path counts the nearest part that covers it; where none does, there is no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The path.
    pub path: Arc<str>,
    /// What of it.
    pub extent: Extent,
    /// The privileges; none where the part is an exception from one further up.
    pub privileges: Changed,
}

/// What of a path is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The path alone.
    Here,
    /// What is below it.
    Below,
    /// Both.
    All,
}

/// Whether two sets are the same, and the place where.
type Key = (usize, Extent, *const BTreeSet<Privilege>);

impl Comparison {
    /// What becomes of everybody's privileges between two states.
    ///
    /// Costs as much as everybody's outlines; those who share both are compared once.
    pub fn new(before: &Evaluator<'_>, after: &Evaluator<'_>) -> Comparison {
        let everyone = [before.everyone(), after.everyone()];
        let [first, second] = &everyone;
        let all: BTreeSet<&Principal> = first.iter().chain(second.iter()).map(|(who, _)| who).collect();
        let mut atlas = Atlas::new([&before.tree, &after.tree]);
        let mut losses = Losses::default();
        let mut of_pair: BTreeMap<[Option<usize>; 2], Option<usize>> = BTreeMap::new();
        let mut known: BTreeMap<[Vec<Key>; 2], usize> = BTreeMap::new();
        let mut differences: Vec<Difference> = Vec::new();
        let nobody = [before.nobody(), after.nobody()];
        for who in all {
            let pair = [first.number(who), second.number(who)];
            let at = *of_pair.entry(pair).or_insert_with(|| {
                let outlines = [first.outline(who).unwrap_or(&nobody[0]), second.outline(who).unwrap_or(&nobody[1])];
                let found = walk::walk(outlines, &mut atlas, &mut losses);
                if found.iter().all(Vec::is_empty) {
                    return None;
                }
                let key = |(spot, part): &(usize, Part)| (*spot, part.extent, Arc::as_ptr(&part.privileges));
                let keys = found.each_ref().map(|parts| parts.iter().map(key).collect());
                Some(*known.entry(keys).or_insert_with(|| {
                    let [lost, gained] = found.map(|parts| parts.into_iter().map(|(_, part)| part).collect());
                    differences.push(Difference { who: Vec::new(), lost, gained });
                    differences.len() - 1
                }))
            });
            if let Some(difference) = at.and_then(|at| differences.get_mut(at)) {
                difference.who.push(who.clone());
            }
        }
        Comparison { differences }
    }

    /// Whether nobody loses or gains anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// What becomes of one of them.
    #[must_use]
    pub fn of(&self, who: &Principal) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.who.binary_search(who).is_ok())
    }
}

impl Part {
    /// Whether it says what becomes of a path that is written as the server lists it, if nothing nearer does.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        match self.extent {
            Extent::Here => path == &*self.path,
            Extent::Below => self.is_above(path),
            Extent::All => path == &*self.path || self.is_above(path),
        }
    }

    /// Whether `path` is below this one's.
    #[must_use]
    pub fn is_above(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.path.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
    }
}
