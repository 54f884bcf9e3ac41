//! Privileges, and which releases know them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::name::{NameError, NameKind, text_id};
use super::release::Release;

text_id! {
    /// A privilege such as `VM.Audit`, known to this program or not: the server is the authority.
    Privilege, check_privilege
}

fn check_privilege(text: &str) -> Result<(), NameError> {
    const KIND: NameKind = NameKind::Privilege;
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '.') {
        Some(found) => Err(NameError::Character { kind: KIND, found }),
        None if text.is_empty() => Err(NameError::Empty { kind: KIND }),
        None => Ok(()),
    }
}

/// From which release a privilege is known, until which it was, and what took its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The first release that knows it.
    pub since: Release,
    /// The first release that no longer knows it, and what to look at instead.
    pub gone: Option<(Release, &'static str)>,
}

impl Lifetime {
    /// Whether `release` knows the privilege.
    #[must_use]
    pub fn covers(&self, release: Release) -> bool {
        self.since <= release && self.gone.is_none_or(|(gone, _)| release < gone)
    }
}

const R6: Release = Release::new(6, 0);
const R7: Release = Release::new(7, 0);
const R8: Release = Release::new(8, 0);
const R9: Release = Release::new(9, 0);

/// Every privilege of releases 6 to 9 with its first release (api-facts.md, What changed between releases), sorted.
const TABLE: [(&str, Release); 48] = [
    ("Datastore.Allocate", R6),
    ("Datastore.AllocateSpace", R6),
    ("Datastore.AllocateTemplate", R6),
    ("Datastore.Audit", R6),
    ("Group.Allocate", R6),
    ("Mapping.Audit", R8),
    ("Mapping.Modify", R8),
    ("Mapping.Use", R8),
    ("Permissions.Modify", R6),
    ("Pool.Allocate", R6),
    ("Pool.Audit", R7),
    ("Realm.Allocate", R6),
    ("Realm.AllocateUser", R6),
    ("SDN.Allocate", R6),
    ("SDN.Audit", R6),
    ("SDN.Use", R8),
    ("Sys.AccessNetwork", R8),
    ("Sys.Audit", R6),
    ("Sys.Console", R6),
    ("Sys.Incoming", R6),
    ("Sys.Modify", R6),
    ("Sys.PowerMgmt", R6),
    ("Sys.Syslog", R6),
    ("User.Modify", R6),
    ("VM.Allocate", R6),
    ("VM.Audit", R6),
    ("VM.Backup", R6),
    ("VM.Clone", R6),
    ("VM.Config.CDROM", R6),
    ("VM.Config.CPU", R6),
    ("VM.Config.Cloudinit", R6),
    ("VM.Config.Disk", R6),
    ("VM.Config.HWType", R6),
    ("VM.Config.Memory", R6),
    ("VM.Config.Network", R6),
    ("VM.Config.Options", R6),
    ("VM.Console", R6),
    ("VM.GuestAgent.Audit", R9),
    ("VM.GuestAgent.FileRead", R9),
    ("VM.GuestAgent.FileSystemMgmt", R9),
    ("VM.GuestAgent.FileWrite", R9),
    ("VM.GuestAgent.Unrestricted", R9),
    ("VM.Migrate", R6),
    ("VM.Monitor", R6),
    ("VM.PowerMgmt", R6),
    ("VM.Replicate", R9),
    ("VM.Snapshot", R6),
    ("VM.Snapshot.Rollback", R6),
];

/// What has become of a privilege's name; `None` for one that no release up to [`Release::MEASURED`] knows.
#[must_use]
pub fn lifetime(privilege: &Privilege) -> Option<Lifetime> {
    let at = TABLE.binary_search_by_key(&privilege.as_str(), |(name, _)| name).ok()?;
    let gone = (privilege.as_str() == "VM.Monitor").then_some((R9, "VM.GuestAgent.*"));
    Some(Lifetime { since: TABLE[at].1, gone })
}

/// The privileges that `release` knows, sorted.
pub fn privileges(release: Release) -> impl Iterator<Item = Privilege> {
    TABLE
        .iter()
        .map(|(name, _)| name.parse::<Privilege>().expect("the table holds privileges, as the test below shows"))
        .filter(move |privilege| lifetime(privilege).is_some_and(|life| life.covers(release)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn monitor_went_when_the_guest_agent_came() {
        let monitor: Privilege = "VM.Monitor".parse().unwrap();
        let life = lifetime(&monitor).unwrap();
        assert!(life.covers(Release::new(8, 4)));
        assert!(!life.covers(Release::new(9, 0)));
        assert_eq!(privileges(Release::MEASURED).count(), 47);
        assert!(privileges(Release::new(8, 4)).all(|privilege| !privilege.as_str().starts_with("VM.GuestAgent")));
    }

    #[test]
    fn unknown_names_are_still_privileges() {
        let later: Privilege = "VM.Teleport".parse().unwrap();
        assert_eq!(lifetime(&later), None);
        assert!("VM Audit".parse::<Privilege>().is_err());
        assert!("".parse::<Privilege>().is_err());
    }
}
