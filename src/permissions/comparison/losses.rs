//! What is in one set of privileges and not in another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Privileges;
use crate::pve::Privilege;

/// Privileges that somebody loses, or gains.
pub type Changed = Arc<BTreeSet<Privilege>>;

/// Every difference that came up; equal ones are one allocation. What is compared is told apart by its address, so it has to
/// stay while this is in use.
#[derive(Default)]
pub struct Losses {
    kept: BTreeSet<Changed>,
    between: BTreeMap<[*const Privileges; 2], Changed>,
}

impl Losses {
    /// No privileges.
    pub fn nothing(&mut self) -> Changed {
        self.keep(BTreeSet::new())
    }

    /// Those of `before` that `after` lacks.
    pub fn between(&mut self, before: &Arc<Privileges>, after: &Arc<Privileges>) -> Changed {
        let pair = [Arc::as_ptr(before), Arc::as_ptr(after)];
        if let Some(known) = self.between.get(&pair) {
            return Arc::clone(known);
        }
        let lost = before.keys().filter(|privilege| !after.contains_key(*privilege)).cloned().collect();
        let kept = self.keep(lost);
        self.between.insert(pair, Arc::clone(&kept));
        kept
    }

    fn keep(&mut self, set: BTreeSet<Privilege>) -> Changed {
        if let Some(known) = self.kept.get(&set) {
            return Arc::clone(known);
        }
        let new = Arc::new(set);
        self.kept.insert(Arc::clone(&new));
        new
    }
}
