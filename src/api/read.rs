//! The reads: one method for each list.

use std::collections::BTreeMap;

use super::client::Client;
use super::error::ApiError;
use super::request::{Call, Method};
use super::wire::{Ace, Group, Held, Member, Pool, PoolContents, Realm, Role, User, Version};
use crate::pve::{AclPath, PoolId};

fn get(segments: &[&str]) -> Call {
    Call::new(Method::Get, segments)
}

/// "Not found" is told by the text alone (api-facts.md, HTTP layer).
fn is_missing(pool: &PoolId, error: &ApiError) -> bool {
    let text = format!("pool '{pool}' does not exist");
    matches!(error, ApiError::Refused { status: 500, message, .. } if *message == text)
}

impl Client {
    /// GET /version
    pub async fn version(&self) -> Result<Version, ApiError> {
        self.send(get(&["version"])).await
    }

    /// GET /access/roles
    pub async fn roles(&self) -> Result<Vec<Role>, ApiError> {
        self.send(get(&["access", "roles"])).await
    }

    /// GET /access/groups
    pub async fn groups(&self) -> Result<Vec<Group>, ApiError> {
        self.send(get(&["access", "groups"])).await
    }

    /// GET /access/users with groups and tokens.
    pub async fn users(&self) -> Result<Vec<User>, ApiError> {
        self.send(get(&["access", "users"]).with_flag("full", true)).await
    }

    /// GET /access/acl
    pub async fn acl(&self) -> Result<Vec<Ace>, ApiError> {
        self.send(get(&["access", "acl"])).await
    }

    /// GET /access/domains, which anybody may.
    pub async fn domains(&self) -> Result<Vec<Realm>, ApiError> {
        self.send(get(&["access", "domains"])).await
    }

    /// GET /pools
    pub async fn pools(&self) -> Result<Vec<Pool>, ApiError> {
        self.send(get(&["pools"])).await
    }

    /// What is in a pool, as far as it exists; nothing if the pool is gone.
    ///
    /// GET /pools?poolid= is the only call that knows nested pools, and GET /pools/{poolid} the only one that releases
    /// without nested pools know (api-facts.md, Pools, realms).
    pub async fn pool_members(&self, pool: &PoolId) -> Result<Option<Vec<Member>>, ApiError> {
        let answer = if pool.as_str().contains('/') {
            let answer = self.send::<[PoolContents; 1]>(get(&["pools"]).with("poolid", pool)).await;
            answer.map(|[contents]| contents)
        } else {
            self.send(get(&["pools", pool.as_str()])).await
        };
        match answer {
            Ok(PoolContents { members }) => Ok(Some(members)),
            Err(error) if is_missing(pool, &error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// GET /access/permissions: what the credential itself holds, at every path that the server lists.
    pub async fn all_permissions(&self) -> Result<BTreeMap<String, Held>, ApiError> {
        self.send(get(&["access", "permissions"])).await
    }

    /// GET /access/permissions: what the credential itself holds at `path`.
    pub async fn permissions(&self, path: &AclPath) -> Result<Held, ApiError> {
        let call = get(&["access", "permissions"]).with("path", path);
        let mut paths: BTreeMap<String, Held> = self.send(call).await?;
        Ok(paths.remove(path.as_str()).unwrap_or_default())
    }
}
