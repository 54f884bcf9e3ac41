//! Which grants decide at a path, and to what the others lose.

use super::Privileges;
use super::reason::Reason;
use super::standing::Subjects;
use super::tree::Node;
use crate::model::{Grant, Propagate, Role};
use crate::pve::PoolId;

/// A grant that is looked at for some path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice<'a> {
    /// The grant.
    pub grant: &'a Grant,
    /// The role that it names.
    pub role: &'a Role,
    /// Whether what it gives reaches below the path in question.
    pub propagate: Propagate,
    /// The pool that it comes from, if not from the path itself.
    pub pool: Option<&'a PoolId>,
}

/// From where a node's grants are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// From the node's own path.
    Here,
    /// From further down, where only those count that propagate.
    Below,
}

/// Hears of every grant that loses, once, and to what.
pub trait Losers<'a> {
    /// Takes one of them.
    fn lose(&mut self, voice: Voice<'a>, reason: Reason<'a>);
}

/// Nobody wants to know.
impl<'a> Losers<'a> for () {
    fn lose(&mut self, _: Voice<'a>, _: Reason<'a>) {}
}

impl<'a> Losers<'a> for Vec<(Voice<'a>, Reason<'a>)> {
    fn lose(&mut self, voice: Voice<'a>, reason: Reason<'a>) {
        self.push((voice, reason));
    }
}

/// The grants at `node` that replace whatever comes from above, if there are any (api-facts.md, ACL, "Evaluation"):
/// those of the strongest subjects that have one.
pub fn replacing<'a>(
    node: &Node<'a>,
    subjects: &Subjects<'a>,
    reach: Reach,
    losers: &mut impl Losers<'a>,
) -> Vec<Voice<'a>> {
    let mut replacing: Vec<Voice<'a>> = Vec::new();
    for tier in subjects.tiers() {
        let stronger = replacing.first().copied();
        for &voice in tier.iter().filter_map(|subject| node.grants.get(subject)).flatten() {
            match stronger {
                _ if reach == Reach::Below && !voice.propagate.is_yes() => losers.lose(voice, Reason::NotPropagated),
                Some(own) => losers.lose(voice, Reason::OwnGrant { by: own.grant }),
                None => replacing.push(voice),
            }
        }
    }
    replacing
}

/// Those that still have a say where `found` is met on the way down.
pub fn replaced<'a>(inherited: Vec<Voice<'a>>, found: Vec<Voice<'a>>, losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
    let Some(first) = found.first() else { return inherited };
    inherited.into_iter().for_each(|voice| losers.lose(voice, Reason::Replaced { at: &first.grant.path }));
    found
}

/// Adds to the grants that decide at a path those that decide at the pools it is in.
///
/// `NoAccess` wins on either side, at the path before the pools; and nothing that comes from a pool propagates.
pub fn settle<'a>(at_path: &[Voice<'a>], at_pools: &[Voice<'a>], losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
    let voices = || at_path.iter().chain(at_pools).copied();
    let Some(first) = voices().find(|voice| denies(voice.grant)) else { return voices().collect() };
    let (denying, denied): (Vec<Voice<'a>>, Vec<Voice<'a>>) =
        voices().partition(|voice| denies(voice.grant) && voice.pool.is_some() == first.pool.is_some());
    for voice in denied {
        let level = voices().find(|other| denies(other.grant) && other.pool == voice.pool);
        let by = level.filter(|_| first.pool.is_some()).unwrap_or(first);
        losers.lose(voice, Reason::denied(voice, by));
    }
    denying
}

/// Whether a grant is of the role that silences others.
pub fn denies(grant: &Grant) -> bool {
    grant.role.as_str() == "NoAccess"
}

/// The privileges that roles give.
///
/// One that several give propagates if any of them does; that also settles what the server leaves to chance
/// (api-facts.md, Where the server's own answer is a matter of chance).
pub fn privileges<'a>(roles: impl IntoIterator<Item = (&'a Role, Propagate)>) -> Privileges {
    let mut privileges = Privileges::new();
    for (role, reaches) in roles {
        for privilege in &role.privs {
            match privileges.get_mut(privilege) {
                Some(propagate) => *propagate = reaches.max(*propagate),
                None => _ = privileges.insert(privilege.clone(), reaches),
            }
        }
    }
    privileges
}

/// The privileges that settled grants give.
pub fn given(settled: &[Voice<'_>]) -> Privileges {
    privileges(settled.iter().map(|voice| (voice.role, voice.propagate)))
}

/// What a token holds that is bounded by its user.
pub fn both(token: Privileges, user: &Privileges) -> Privileges {
    let shared = token.into_iter().filter_map(|(privilege, propagate)| {
        let bound = *user.get(&privilege)?;
        Some((privilege, propagate.min(bound)))
    });
    shared.collect()
}
