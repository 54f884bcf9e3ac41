//! Reading a cluster over its API.

use super::listing::{Holdings, Listing};
use super::snapshot::{Blind, ReadError, Snapshot, Source};
use crate::api::{ApiError, Client};
use crate::pve::{AclPath, Principal};

impl Source for Client {
    /// All lists at once, over as many connections; their number does not depend on how much there is.
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
        };
        let (state, sight) = listing.into_state();
        Ok(Snapshot {
            state,
            sight,
            reader: Some(Principal::Token(self.credential().token().clone())),
            cluster: self.endpoint().name(),
        })
    }
}

/// What the reader holds where it decides what the lists show.
async fn held_by(client: &Client) -> Result<Holdings, ApiError> {
    let path = |text: &str| text.parse::<AclPath>().expect("letters and slashes make a path");
    let [access, groups, pool] = [Blind::Grants, Blind::Accounts, Blind::Pools].map(|kind| path(kind.needs().path));
    let (access, groups, pool) =
        tokio::join!(client.permissions(&access), client.permissions(&groups), client.permissions(&pool));
    Ok(Holdings { access: access?, groups: groups?, pool: pool? })
}
