//! Reading a cluster over its API.

use super::listing::Listing;
use super::snapshot::{ReadError, Snapshot, Source};
use crate::api::Client;
use crate::pve::{AclPath, Principal};

impl Source for Client {
    /// All lists at once, over as many connections; their number does not depend on how much there is.
    async fn read(&self) -> Result<Snapshot, ReadError> {
        let path = |text: &str| text.parse::<AclPath>().expect("letters and slashes make a path");
        let (access, access_groups, pool) = (path("/access"), path("/access/groups"), path("/pool"));
        let (version, roles, groups, users, acl, realms, pools, held_at_access, held_at_groups, held_at_pools) = tokio::try_join!(
            self.version(),
            self.roles(),
            self.groups(),
            self.users(),
            self.acl(),
            self.domains(),
            self.pools(),
            self.permissions(&access),
            self.permissions(&access_groups),
            self.permissions(&pool),
        )?;
        let listing = Listing {
            version,
            roles,
            groups,
            users,
            acl,
            realms,
            pools,
            held_at_access,
            held_at_groups,
            held_at_pools,
        };
        let (state, sight) = listing.into_state();
        Ok(Snapshot {
            state,
            sight,
            reader: Some(Principal::Token(self.credential().token().clone())),
            cluster: self.endpoint().host().to_owned(),
        })
    }
}
