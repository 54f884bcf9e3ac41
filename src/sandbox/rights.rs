//! What the caller may do, asked as the server asks it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::answer::Failure;
use super::caller::Caller;
use crate::model::{AccessState, Propagate};
use crate::permissions::Evaluator;
use crate::pve::{GroupId, Principal, Privilege, UserId};

/// The caller's privileges in a state.
pub(super) struct Rights<'a> {
    state: &'a AccessState,
    /// Made when it is first asked, because many calls ask nothing.
    evaluator: OnceCell<Evaluator<'a>>,
    caller: &'a Caller,
}

impl<'a> Rights<'a> {
    pub(super) fn new(state: &'a AccessState, caller: &'a Caller) -> Rights<'a> {
        Rights { state, evaluator: OnceCell::new(), caller }
    }

    fn evaluator(&self) -> &Evaluator<'a> {
        self.evaluator.get_or_init(|| Evaluator::new(self.state))
    }

    /// Everything held at `path`.
    pub(super) fn at(&self, path: &str) -> BTreeMap<Privilege, Propagate> {
        self.caller.principal().map(|principal| self.evaluator().at(principal, path)).unwrap_or_default()
    }

    /// Everything that `principal` holds at `path`.
    pub(super) fn of(&self, principal: &Principal, path: &str) -> BTreeMap<Privilege, Propagate> {
        self.evaluator().at(principal, path)
    }

    /// Everything that `principal` holds anywhere.
    pub(super) fn effective(&self, principal: &Principal) -> BTreeMap<String, BTreeMap<Privilege, Propagate>> {
        self.evaluator().effective(principal)
    }

    /// Whether one of `privileges` is held at `path`.
    pub(super) fn holds_any(&self, path: &str, privileges: &[&str]) -> bool {
        self.at(path).keys().any(|held| privileges.contains(&held.as_str()))
    }

    /// Refuses unless one of `privileges` is held at `path`.
    pub(super) fn require_any(&self, path: &str, privileges: &[&str]) -> Result<(), Failure> {
        if self.holds_any(path, privileges) {
            Ok(())
        } else {
            Err(Failure::denied(format!("{path}, {}", privileges.join("|"))))
        }
    }

    /// The groups at which one of `privileges` is held.
    pub(super) fn groups(&self, privileges: &[&str]) -> BTreeSet<&'a GroupId> {
        let groups = self.state.groups.keys();
        groups.filter(|group| self.holds_any(&format!("/access/groups/{group}"), privileges)).collect()
    }

    /// The users that are in one of `groups`.
    pub(super) fn members(&self, groups: &BTreeSet<&GroupId>) -> BTreeSet<&'a UserId> {
        let memberships = self.state.memberships.iter();
        memberships.filter(|(_, of)| of.iter().any(|group| groups.contains(group))).map(|(user, _)| user).collect()
    }

    /// The privileges of which one is needed to change grants at `path`.
    pub(super) fn to_modify_grants(path: &str) -> &'static [&'static str] {
        let below = |top: &str| path.strip_prefix(top).is_some_and(|rest| !rest.is_empty());
        if below("/storage/") {
            &["Permissions.Modify", "Datastore.Allocate"]
        } else if below("/vms/") {
            &["Permissions.Modify", "VM.Allocate"]
        } else if below("/pool/") {
            &["Permissions.Modify", "Pool.Allocate"]
        } else {
            &["Permissions.Modify"]
        }
    }
}
