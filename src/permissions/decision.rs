//! Which grants decide at a path, and what follows from them.

use super::Privileges;
use super::standing::Subjects;
use super::tree::Node;
use crate::model::{Grant, Propagate, Role};

/// A grant that has a say at some path.
#[derive(Clone, Copy, Debug)]
pub struct Deciding<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The role that it names.
    pub role: &'a Role,
    /// Whether what it gives reaches below the path in question.
    pub propagate: Propagate,
}

/// From where a node's grants are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// From the node's own path.
    Here,
    /// From further down, where only those count that propagate.
    Below,
}

/// The grants at `node` that replace whatever comes from above, if there are any (api-facts.md, ACL, "Evaluation"):
/// those of the strongest subjects that have one.
pub fn replacing<'a>(node: &Node<'a>, subjects: &Subjects<'a>, reach: Reach) -> Vec<Deciding<'a>> {
    for tier in subjects.tiers() {
        let grants = tier.iter().filter_map(|subject| node.grants.get(subject)).flatten();
        let counting = grants.filter(|deciding| reach == Reach::Here || deciding.propagate.is_yes());
        let deciding: Vec<Deciding<'a>> = counting.copied().collect();
        if !deciding.is_empty() {
            return deciding;
        }
    }
    Vec::new()
}

/// Adds to the grants that decide at a path those that decide at the pools it is in.
///
/// `NoAccess` wins on either side, at the path before the pools; and nothing that comes from a pool propagates.
pub fn settle<'a>(at_path: &[Deciding<'a>], at_pools: &[Deciding<'a>]) -> Vec<Deciding<'a>> {
    let from_pools = at_pools.iter().map(|&deciding| Deciding { propagate: Propagate::No, ..deciding });
    if at_path.iter().any(denies) {
        at_path.iter().filter(|deciding| denies(deciding)).copied().collect()
    } else if at_pools.iter().any(denies) {
        from_pools.filter(denies).collect()
    } else {
        at_path.iter().copied().chain(from_pools).collect()
    }
}

fn denies(deciding: &Deciding<'_>) -> bool {
    deciding.grant.role.as_str() == "NoAccess"
}

/// The privileges that settled grants give.
///
/// One that several give propagates if any of them does; that also settles what the server leaves to chance
/// (api-facts.md, Where the server's own answer is a matter of chance).
pub fn privileges(settled: &[Deciding<'_>]) -> Privileges {
    let mut privileges = Privileges::new();
    for deciding in settled {
        for privilege in &deciding.role.privs {
            match privileges.get_mut(privilege) {
                Some(propagate) => *propagate = deciding.propagate.max(*propagate),
                None => _ = privileges.insert(privilege.clone(), deciding.propagate),
            }
        }
    }
    privileges
}

/// What a token holds that is bounded by its user.
pub fn both(token: Privileges, user: &Privileges) -> Privileges {
    let shared = token.into_iter().filter_map(|(privilege, propagate)| {
        let bound = *user.get(&privilege)?;
        Some((privilege, propagate.min(bound)))
    });
    shared.collect()
}
