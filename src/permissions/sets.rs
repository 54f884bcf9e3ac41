//! Sets of privileges, each kept once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Privileges;
use super::decision::{Voice, both, given};
use crate::model::Propagate;
use crate::pve::RoleId;

/// Every set that came up; equal ones are one allocation, so comparing addresses is comparing sets.
#[derive(Default)]
pub struct Sets<'a> {
    sets: BTreeSet<Arc<Privileges>>,
    of_roles: BTreeMap<BTreeSet<(&'a RoleId, Propagate)>, Arc<Privileges>>,
    of_both: BTreeMap<[*const Privileges; 2], Arc<Privileges>>,
}

impl<'a> Sets<'a> {
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
    pub fn given(&mut self, settled: &[Voice<'a>]) -> Arc<Privileges> {
        let roles: BTreeSet<_> = settled.iter().map(|voice| (&voice.grant.role, voice.propagate)).collect();
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
