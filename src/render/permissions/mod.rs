//! What somebody may do, and why.
//!
//! Knows how answers and their reasons are worded. Does not know the algorithm: which grant counts is `permissions`'
//! finding, and said here.

mod advice;
mod door;
mod json;
mod reasons;
mod text;

use std::collections::BTreeMap;

pub use json::permissions_json;
pub use text::permissions;

pub(super) use door::closed;
pub(super) use json::deciding as deciding_json;
pub(super) use reasons::held_by;

use crate::live::Snapshot;
use crate::permissions::{Entry, Explanation, Privileges};
use crate::pve::{AclPath, Principal};

/// What is to be said of one user or token.
#[derive(Clone, Debug)]
pub struct Rights<'a> {
    /// What was looked at.
    pub snapshot: &'a Snapshot,
    /// Who.
    pub who: &'a Principal,
    /// What it holds, and where.
    pub held: Held<'a>,
    /// Why, path by path; empty if nobody asked.
    pub reasons: Vec<Explanation<'a>>,
    /// At how many more paths there would be something to say.
    pub unexplained: usize,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
}

/// What somebody holds.
#[derive(Clone, Debug)]
pub enum Held<'a> {
    /// At one path.
    At(AclPath, Privileges),
    /// Everywhere, said where it changes, in the order of the tree.
    Everywhere(Vec<Entry<'a>>),
    /// At the paths that the server lists, as the server itself answers: what was looked at does not tell.
    Listed(BTreeMap<String, Privileges>),
}
