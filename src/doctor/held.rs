//! What a credential may do, and where, as the server itself says.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::wire::Held;
use crate::api::{ApiError, Client};
use crate::live::Snapshot;
use crate::model::Privsep;
use crate::permissions::{Evaluator, Mend, mends};
use crate::pve::{Principal, Privilege, RoleId};

/// What a credential may do.
#[derive(Clone, Debug)]
pub struct Holdings {
    /// Whose.
    pub who: Principal,
    /// Where it changes what is held, a path before those below it; none if the server did not say.
    pub stretches: Option<Vec<Stretch>>,
    /// Why the server did not say.
    pub failure: Option<ApiError>,
    /// Whether it is separated, as far as that is known.
    pub privsep: Option<Privsep>,
    /// What gives a separated token that holds nothing a part of what its user holds.
    pub mends: Vec<Mend>,
}

/// What is held from a path on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The path.
    pub path: String,
    /// What is held there.
    pub privileges: BTreeSet<Privilege>,
    /// Whether all of it reaches below.
    pub reaches: bool,
    /// The role that holds exactly this.
    pub role: Option<RoleId>,
}

/// Asks what `client` may do; `eyes` may see why it is nothing.
pub(super) async fn look(client: &Client, eyes: &Snapshot) -> Holdings {
    let who = client.principal().clone();
    let privsep = match &who {
        Principal::Token(token) => eyes.state.tokens.get(token).map(|token| token.privsep),
        Principal::User(_) => None,
    };
    let (stretches, failure) = match client.all_permissions().await {
        Ok(listed) => (Some(stretches(&listed, eyes)), None),
        Err(error) => (None, Some(error)),
    };
    let mends = match &who {
        Principal::Token(token) if privsep == Some(Privsep::Yes) && stretches.as_ref().is_some_and(Vec::is_empty) => {
            let evaluator = Evaluator::new(&eyes.state);
            let owner = Principal::User(token.user().clone());
            let mut places = evaluator.places(&who);
            places.extend(evaluator.places(&owner));
            let reasons: Vec<_> = places.iter().map(|path| evaluator.explain(&who, path)).collect();
            mends(token, &reasons, &eyes.state)
        }
        Principal::Token(_) | Principal::User(_) => Vec::new(),
    };
    Holdings { who, stretches, failure, privsep, mends }
}

/// Of all the paths that the server lists, those where it is not what comes from above.
fn stretches(listed: &BTreeMap<String, Held>, eyes: &Snapshot) -> Vec<Stretch> {
    let is_below = |path: &str, above: &str| {
        path != above && path.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
    };
    let is_new = |path: &str, Held(held): &Held| {
        let above = listed.iter().filter(|(above, _)| is_below(path, above)).max_by_key(|(above, _)| above.len());
        above.is_none_or(|(_, Held(above))| !above.iter().filter(|(_, reaches)| **reaches).eq(held.iter()))
    };
    let stretch = |(path, Held(held)): (&String, &Held)| {
        let privileges: BTreeSet<Privilege> = held.keys().cloned().collect();
        let role = eyes.state.roles.iter().find(|(_, role)| role.privs == privileges).map(|(role, _)| role.clone());
        Stretch { path: path.clone(), reaches: held.values().all(|reaches| *reaches), privileges, role }
    };
    let held = listed.iter().filter(|(path, held)| !held.0.is_empty() && is_new(path, held));
    held.map(stretch).collect()
}
