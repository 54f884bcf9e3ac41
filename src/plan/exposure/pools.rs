//! The pools that make a difference to somebody.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccessState, Pool, Text};
use crate::pve::{AclPath, PoolId, StorageId, VmId};

/// All pools, by name and by what is in them.
pub(super) struct Pools<'a> {
    by_name: BTreeMap<&'a str, &'a PoolId>,
    by_member: BTreeMap<String, Vec<&'a PoolId>>,
    /// The members that are in other pools too, of each pool that has any.
    shared: BTreeMap<&'a PoolId, Vec<(String, Member<'a>)>>,
    with_guests: Vec<&'a PoolId>,
    with_storage: Vec<&'a PoolId>,
    all: &'a BTreeMap<PoolId, Pool>,
}

/// Something in a pool.
#[derive(Clone, Copy)]
enum Member<'a> {
    Guest(VmId),
    Storage(&'a StorageId),
}

impl<'a> Pools<'a> {
    pub(super) fn new(state: &'a AccessState) -> Pools<'a> {
        let mut by_member: BTreeMap<String, Vec<&PoolId>> = BTreeMap::new();
        for (id, pool) in &state.pools {
            members(pool).for_each(|(path, _)| by_member.entry(path).or_default().push(id));
        }
        let mut shared: BTreeMap<&PoolId, Vec<(String, Member<'a>)>> = BTreeMap::new();
        for (id, pool) in &state.pools {
            let is_shared = |(path, _): &(String, Member<'_>)| by_member.get(path).is_some_and(|pools| pools.len() > 1);
            members(pool).filter(is_shared).for_each(|member| shared.entry(id).or_default().push(member));
        }
        let having = |has: fn(&Pool) -> bool| state.pools.iter().filter(move |(_, pool)| has(pool)).map(|(id, _)| id);
        Pools {
            by_name: state.pools.keys().map(|id| (id.as_str(), id)).collect(),
            by_member,
            shared,
            with_guests: having(|pool| !pool.vms.is_empty()).collect(),
            with_storage: having(|pool| !pool.storage.is_empty()).collect(),
            all: &state.pools,
        }
    }

    /// As many pools and members as it takes to see all that somebody holds through pools to whom something is granted at
    /// `paths` and nowhere else.
    ///
    /// Pools at and above which nothing is granted but at `/` are alike, and so are members of one pool only at which
    /// nothing is granted: one stands for all.
    pub(super) fn among(&self, paths: &BTreeSet<&AclPath>) -> BTreeMap<PoolId, Pool> {
        let granted: BTreeSet<&str> = paths.iter().map(|path| path.as_str()).collect();
        let mut chosen = self.granted(&granted);
        if granted.contains("/") {
            // What comes from `/` through a pool shows where it is replaced on the other way.
            chosen.extend(granted.iter().filter_map(|path| self.by_member.get(*path)).flatten());
            let plain = |pools: &Vec<&'a PoolId>| pools.iter().find(|id| !chosen.contains(*id)).copied();
            let guest = if granted.contains("/vms") { plain(&self.with_guests) } else { None };
            let storage = if granted.contains("/storage") { plain(&self.with_storage) } else { None };
            chosen.extend(guest.into_iter().chain(storage));
            let shared = chosen.iter().filter_map(|id| self.shared.get(id)).flatten();
            let beside: Vec<&PoolId> =
                shared.filter_map(|(path, _)| self.by_member.get(path)).flatten().copied().collect();
            chosen.extend(beside);
        }
        chosen.into_iter().filter_map(|id| Some((id.clone(), self.reduced(id, self.all.get(id)?, &granted)))).collect()
    }

    /// The pools at or above which something is granted, other than at `/`.
    fn granted(&self, granted: &BTreeSet<&str>) -> BTreeSet<&'a PoolId> {
        let mut chosen: BTreeSet<&'a PoolId> = BTreeSet::new();
        if granted.contains("/pool") {
            chosen.extend(self.all.keys());
        }
        for name in granted.iter().filter_map(|path| path.strip_prefix("/pool/")) {
            chosen.extend(self.by_name.get(name).copied());
            let below = format!("{name}/");
            let nested = self.by_name.range(below.as_str()..).take_while(|(name, _)| name.starts_with(&below));
            chosen.extend(nested.map(|(_, id)| *id));
        }
        chosen
    }

    /// A pool with the members that are special, and one guest and one storage that stand for all others.
    fn reduced(&self, id: &'a PoolId, pool: &'a Pool, granted: &BTreeSet<&str>) -> Pool {
        let is_special =
            |path: &str| granted.contains(path) || self.by_member.get(path).is_some_and(|pools| pools.len() > 1);
        let mut reduced = Pool { comment: Text::EMPTY, ..Pool::default() };
        reduced.vms.extend(pool.vms.iter().find(|vm| !is_special(&guest(**vm))));
        reduced.storage.extend(pool.storage.iter().find(|name| !is_special(&storage(name))).cloned());
        for (_, member) in self.shared.get(id).into_iter().flatten() {
            match member {
                Member::Guest(vm) => _ = reduced.vms.insert(*vm),
                Member::Storage(name) => _ = reduced.storage.insert((*name).clone()),
            }
        }
        // Whichever are fewer are gone through.
        if pool.vms.len() + pool.storage.len() <= granted.len() {
            reduced.vms.extend(pool.vms.iter().filter(|vm| granted.contains(guest(**vm).as_str())));
            reduced
                .storage
                .extend(pool.storage.iter().filter(|name| granted.contains(storage(name).as_str())).cloned());
        } else {
            let vm = |path: &&str| path.strip_prefix("/vms/")?.parse().ok().filter(|vm| pool.vms.contains(vm));
            let name =
                |path: &&str| path.strip_prefix("/storage/")?.parse().ok().filter(|name| pool.storage.contains(name));
            reduced.vms.extend(granted.iter().filter_map(vm));
            reduced.storage.extend(granted.iter().filter_map(name));
        }
        reduced
    }
}

fn members(pool: &Pool) -> impl Iterator<Item = (String, Member<'_>)> {
    let guests = pool.vms.iter().map(|vm| (guest(*vm), Member::Guest(*vm)));
    guests.chain(pool.storage.iter().map(|name| (storage(name), Member::Storage(name))))
}

fn guest(vm: VmId) -> String {
    format!("/vms/{vm}")
}

fn storage(name: &StorageId) -> String {
    format!("/storage/{name}")
}
