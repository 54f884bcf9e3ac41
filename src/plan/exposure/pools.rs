//! The pools that make a difference to somebody.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccessState, Pool, Text};
use crate::pve::{AclPath, PoolId};

/// All pools, by name and by what is in them.
pub(super) struct Pools<'a> {
    by_name: BTreeMap<&'a str, (&'a PoolId, &'a Pool)>,
    by_member: BTreeMap<String, Vec<&'a PoolId>>,
    all: &'a BTreeMap<PoolId, Pool>,
}

impl<'a> Pools<'a> {
    pub(super) fn new(state: &'a AccessState) -> Pools<'a> {
        let mut by_member: BTreeMap<String, Vec<&PoolId>> = BTreeMap::new();
        for (id, pool) in &state.pools {
            members(pool).for_each(|path| by_member.entry(path).or_default().push(id));
        }
        let by_name = state.pools.iter().map(|(id, pool)| (id.as_str(), (id, pool))).collect();
        Pools { by_name, by_member, all: &state.pools }
    }

    /// As many pools and members as it takes to see all that somebody holds through pools to whom something is granted at
    /// `paths` and nowhere else.
    ///
    /// Pools at and above which nothing is granted but at `/` are alike, and so are members of one pool only at which
    /// nothing is granted: one stands for all.
    pub(super) fn among(&self, paths: &BTreeSet<&AclPath>) -> BTreeMap<PoolId, Pool> {
        let mut chosen: BTreeSet<&'a PoolId> = BTreeSet::new();
        let granted: BTreeSet<&str> = paths.iter().map(|path| path.as_str()).collect();
        let has = |path: &str| granted.contains(path);
        for path in paths {
            let path = path.as_str();
            if path == "/pool" {
                chosen.extend(self.all.keys());
            } else if let Some(name) = path.strip_prefix("/pool/") {
                chosen.extend(self.by_name.get(name).map(|(id, _)| *id));
                let below = format!("{name}/");
                let nested = self.by_name.range(below.as_str()..).take_while(|(name, _)| name.starts_with(&below));
                chosen.extend(nested.map(|(_, (id, _))| *id));
            }
        }
        if has("/") {
            // What comes from `/` through a pool shows where it is replaced on the other way.
            chosen.extend(paths.iter().filter_map(|path| self.by_member.get(path.as_str())).flatten());
            let plain = || self.all.iter().filter(|(id, _)| !chosen.contains(id));
            let guest = plain().find(|(_, pool)| !pool.vms.is_empty()).filter(|_| has("/vms"));
            let storage = plain().find(|(_, pool)| !pool.storage.is_empty()).filter(|_| has("/storage"));
            let plain: Vec<&PoolId> = guest.into_iter().chain(storage).map(|(id, _)| id).collect();
            chosen.extend(plain);
            let shared = |path: String| self.by_member.get(&path).filter(|pools| pools.len() > 1);
            let beside =
                chosen.iter().filter_map(|id| self.all.get(*id)).flat_map(members).filter_map(shared).flatten();
            let beside: Vec<&PoolId> = beside.copied().collect();
            chosen.extend(beside);
        }
        let is_special = |path: &str| has(path) || self.by_member.get(path).is_some_and(|pools| pools.len() > 1);
        let reduced = |pool: &Pool| {
            let mut first = true;
            let mut stands = |path: String| is_special(&path) || std::mem::take(&mut first);
            let vms = pool.vms.iter().filter(|vm| stands(format!("/vms/{vm}"))).copied().collect();
            let mut first = true;
            let mut stands = |path: String| is_special(&path) || std::mem::take(&mut first);
            let storage = pool.storage.iter().filter(|name| stands(format!("/storage/{name}"))).cloned().collect();
            Pool { comment: Text::EMPTY, vms, storage }
        };
        chosen.into_iter().filter_map(|id| Some((id.clone(), reduced(self.all.get(id)?)))).collect()
    }
}

fn members(pool: &Pool) -> impl Iterator<Item = String> {
    let guests = pool.vms.iter().map(|vm| format!("/vms/{vm}"));
    guests.chain(pool.storage.iter().map(|storage| format!("/storage/{storage}")))
}
