//! Reading a cluster over its API.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::listing::{Holdings, Listing};
use super::snapshot::{ReadError, Snapshot, Source};
use crate::api::wire::{Member, Pool};
use crate::api::{ApiError, Client};
use crate::model::Lock;
use crate::pve::{AclPath, PoolId};

impl Source for Client {
    /// All lists at once, over as many connections, and then what is in each pool: the number of requests depends on
    /// the number of pools alone.
    async fn read(&self) -> Result<Snapshot, ReadError> {
        let (version, roles, groups, users, acl, realms, pools, held) = tokio::join!(
            self.version(),
            self.roles(),
            self.groups(),
            self.users(),
            self.acl(),
            self.domains(),
            self.pools(),
            held_by(self),
        );
        // Where several fail, which one is reported does not depend on which was fastest.
        let listing = Listing {
            version: version?,
            roles: roles?,
            groups: groups?,
            users: users?,
            acl: acl?,
            realms: realms?,
            pools: pools?,
            held: held?,
            members: BTreeMap::new(),
        };
        let members = members_of(self, &listing.pools).await?;
        // A pool may be deleted between the two reads.
        let pools = listing.pools.into_iter().filter(|pool| members.contains_key(&pool.poolid)).collect();
        let listing = Listing { members, pools, ..listing };
        let reader = self.principal().clone();
        let (mut state, sight) = listing.into_state(&reader);
        let lock = Lock::take_from(&mut state);
        Ok(Snapshot { state, sight, reader: Some(reader), cluster: self.endpoint().name(), lock, ignored: Vec::new() })
    }
}

/// What is in each pool that is still there.
async fn members_of(client: &Client, pools: &[Pool]) -> Result<BTreeMap<PoolId, Vec<Member>>, ApiError> {
    /// As many as the lists themselves take.
    const AT_ONCE: usize = 10;
    let mut waiting = pools.iter().map(|pool| pool.poolid.clone());
    let mut members = BTreeMap::new();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some(pool) = waiting.next()
        {
            let client = client.clone();
            asked.spawn(async move { (client.pool_members(&pool).await, pool) });
        }
        match asked.join_next().await {
            None => return Ok(members),
            Some(Ok((answer, pool))) => members.extend(answer?.map(|found| (pool, found))),
            // A task of this set is never aborted; that it panicked is its own message.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// What the reader holds where it decides what the lists show.
async fn held_by(client: &Client) -> Result<Holdings, ApiError> {
    let path = |text: &str| text.parse::<AclPath>().expect("letters and slashes make a path");
    let [access, groups, pool] = Holdings::PATHS.map(path);
    let (access, groups, pool) =
        tokio::join!(client.permissions(&access), client.permissions(&groups), client.permissions(&pool));
    Ok(Holdings { access: access?, groups: groups?, pool: pool? })
}
