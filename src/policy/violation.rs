//! How a policy is broken, as data.

use std::collections::BTreeSet;

use crate::desired::WrittenAt;
use crate::model::{Grant, Refusal};
use crate::pve::{AclPath, PoolId, Principal, Privilege};

/// A policy that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What the policy is called.
    pub policy: String,
    /// Where it stands.
    pub written: WrittenAt,
    /// How it is broken, at least once.
    pub breaches: Vec<Breach>,
    /// How many more breaches there are.
    pub more: usize,
}

/// One way in which some break it alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// They, at least one.
    pub who: Vec<Principal>,
    /// What is wrong.
    pub fault: Fault,
    /// Since when.
    pub since: Since,
}

/// Since when something is as it should not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Since {
    /// It is so on the cluster already.
    Live,
    /// It is not so, or not all of it, before the plan is carried out.
    Plan,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They hold what they shall never hold.
    Holds {
        /// These.
        privileges: BTreeSet<Privilege>,
        /// There, at least one place.
        places: Vec<Place>,
        /// Through these grants, at the first of the places; through none: a token that may do what root@pam may.
        through: Vec<Grant>,
    },
    /// They do not hold what they shall always hold.
    Lacks {
        /// These.
        privileges: BTreeSet<Privilege>,
        /// There, at least one place.
        places: Vec<Place>,
        /// The grants that would give it at the first of the places, and have no say.
        hidden: Vec<Obstacle>,
    },
    /// Somebody named in full is refused at the door, and so can use nothing of it.
    Refused(Vec<Refusal>),
    /// Somebody named in full does not exist.
    Missing,
}

/// Where something is held, or is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// A path.
    pub path: String,
    /// Whether it is the path itself.
    pub extent: Extent,
}

/// Which paths a place stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The path itself.
    Here,
    /// Paths below it, at which nothing else is said.
    Below {
        /// One of them.
        example: String,
    },
    /// Both.
    Both,
}

impl Place {
    /// A path that it stands for.
    #[must_use]
    pub fn example(&self) -> &str {
        match &self.extent {
            Extent::Here | Extent::Both => &self.path,
            Extent::Below { example } => example,
        }
    }
}

/// A grant that would give what is lacking, and why it does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// It counts at its own path alone.
    NotPropagated(Grant),
    /// Grants at a path further down replace it.
    Replaced(Grant, AclPath),
    /// It is to a group, and the user has this grant of its own at the same path.
    OwnGrant(Grant, Grant),
    /// NoAccess silences it.
    NoAccess(Grant, Grant),
    /// NoAccess at a pool silences it.
    NoAccessAtPool(Grant, PoolId),
}
