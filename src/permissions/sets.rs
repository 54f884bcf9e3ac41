//! Sets of privileges, each kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;
use std::sync::Arc;

use super::Privileges;
use super::decision::{Voice, both, given};
use crate::model::{Propagate, Role};

/// Every set that came up; equal ones are one allocation, so comparing addresses is comparing sets. Roles are told apart
/// by their addresses too: a state has each but once.
#[derive(Default)]
pub struct Sets {
    sets: BTreeSet<Arc<Privileges>>,
    of_roles: BTreeMap<Vec<(*const Role, Propagate)>, Arc<Privileges>>,
    of_both: BTreeMap<[*const Privileges; 2], Arc<Privileges>>,
}

impl Sets {
    /// The one that is equal to `privileges`.
    pub fn keep(&mut self, privileges: Privileges) -> Arc<Privileges> {
        if let Some(known) = self.sets.get(&privileges) {
            return Arc::clone(known);
        }
        let new = Arc::new(privileges);
        self.sets.insert(Arc::clone(&new));
        new
    }

    /// What settled grants give.
    pub fn given(&mut self, settled: &[Voice<'_>]) -> Arc<Privileges> {
        let mut roles: Vec<_> = settled.iter().map(|voice| (ptr::from_ref(voice.role), voice.propagate)).collect();
        roles.sort_unstable();
        roles.dedup();
        if let Some(known) = self.of_roles.get(&roles) {
            return Arc::clone(known);
        }
        let new = self.keep(given(settled));
        self.of_roles.insert(roles, Arc::clone(&new));
        new
    }

    /// What a token holds that is bounded by its user; both from here.
    pub fn both(&mut self, token: &Arc<Privileges>, user: &Arc<Privileges>) -> Arc<Privileges> {
        let pair = [Arc::as_ptr(token), Arc::as_ptr(user)];
        if let Some(known) = self.of_both.get(&pair) {
            return Arc::clone(known);
        }
        let new = self.keep(both(Privileges::clone(token), user));
        self.of_both.insert(pair, Arc::clone(&new));
        new
    }
}
