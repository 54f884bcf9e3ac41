//! What Proxmox VE is: names, ACL paths, privileges, builtin roles, releases.
//!
//! Knows the server's own rules for what may be called what. Does not know what anybody has or wants,
//! and reads nothing: every value here is built from text or from a table.

mod acl_path;
mod builtin;
mod name;
mod principal;
mod privilege;
mod release;
mod token_id;
mod user_id;

pub use acl_path::{AclPath, PathError, ShapeError};
pub use builtin::builtin_roles;
pub use name::{GroupId, NameError, NameKind, PoolId, RealmId, RoleId, StorageId, VmId};
pub use principal::{Principal, Subject};
pub use privilege::{Lifetime, Privilege, lifetime, privileges};
pub use release::{Release, ReleaseError};
pub use token_id::TokenId;
pub use user_id::{UserId, UserIdOddity};
