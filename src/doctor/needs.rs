//! What each part of the files needs of whoever applies them, and whether it is there.
//!
//! Knows which requests the files can lead to. What the server asks of each is the table of `plan`.

use std::collections::{BTreeMap, BTreeSet};

use super::remedy::{Remedy, remedy};
use crate::api::wire::Held;
use crate::api::{ApiError, Client};
use crate::desired::{Declared, Desired, Presence, UserWish, Wish};
use crate::live::Snapshot;
use crate::model::{AccessState, Propagate, Text, Token, User};
use crate::permissions::Evaluator;
use crate::plan::{Account, AclBatch, Need, Op};
use crate::pve::{AclPath, Principal, Privilege, UserId};

/// What the files need.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Who applies them.
    pub who: Principal,
    /// What is needed, part by part.
    pub demands: Vec<Demand>,
    /// Why the server did not say what is held.
    pub failure: Option<ApiError>,
    /// How many paths the server was not asked about, because they are too many.
    pub unasked: usize,
    /// What gives it what is missing; none where nothing is.
    pub remedy: Option<Remedy>,
}

/// What a part of the files needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// For which part.
    pub part: Part,
    /// What is needed.
    pub need: Need,
    /// The objects that need it.
    pub objects: BTreeSet<String>,
    /// Whether it is there.
    pub met: Met,
}

/// A part of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is called as in the files")]
pub enum Part {
    Roles,
    Groups,
    Users,
    Tokens,
    Acl,
}

/// Whether something that is needed is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Yes,
    /// By this privilege, which does for handing out what one has oneself and for nothing else.
    InPart(&'static str),
    /// The server was not asked.
    Unknown,
    /// It is not.
    No,
}

/// Most files are about fewer paths; the server takes as long over one as over a list.
const MOST_PATHS: usize = 64;

/// What `desired` needs, and what of it `client` holds.
pub(super) async fn look(client: &Client, desired: &Desired, own: &Snapshot) -> Needs {
    let who = client.principal().clone();
    let needed = needed(desired, &own.state, &who);
    let is_whole = own.sight.hidden_deciding().is_empty() && own.state.has_principal(&who);
    let paths: BTreeSet<&String> = needed.keys().flat_map(|(_, need)| &need.paths).collect();
    let (mut held, mut failure) = (BTreeMap::new(), None);
    if is_whole {
        let evaluator = Evaluator::new(&own.state);
        held.extend(paths.iter().map(|path| ((*path).clone(), evaluator.at(&who, path).into_keys().collect())));
    } else {
        let some: Vec<&String> = paths.iter().copied().take(MOST_PATHS).collect();
        match ask(client, &some).await {
            Ok(answers) => held = answers,
            Err(error) => failure = Some(error),
        }
    }
    let unasked = if is_whole || failure.is_some() { 0 } else { paths.len().saturating_sub(MOST_PATHS) };
    let demands: Vec<Demand> = needed
        .into_iter()
        .map(|((part, need), objects)| Demand { part, met: met(&need, &held), need, objects })
        .collect();
    let missing: Vec<&Need> =
        demands.iter().filter(|demand| demand.met == Met::No).map(|demand| &demand.need).collect();
    let remedy = (!missing.is_empty()).then(|| remedy(&who, &missing, own));
    Needs { who, demands, failure, unasked, remedy }
}

async fn ask(client: &Client, paths: &[&String]) -> Result<BTreeMap<String, BTreeSet<Privilege>>, ApiError> {
    let mut held = BTreeMap::new();
    for path in paths {
        // The needs of `plan` are at paths that can be written.
        let Ok(asked) = path.parse::<AclPath>() else { continue };
        let Held(answer) = client.permissions(&asked).await?;
        held.insert((*path).clone(), answer.into_keys().collect());
    }
    Ok(held)
}

fn met(need: &Need, held: &BTreeMap<String, BTreeSet<Privilege>>) -> Met {
    let holds = |path: &str, privilege: &str| {
        held.get(path).is_some_and(|held| held.iter().any(|found| found.as_str() == privilege))
    };
    match need.met_with(holds) {
        Some(privilege) if need.privileges.first() == Some(&privilege) => Met::Yes,
        Some(privilege) => Met::InPart(privilege),
        None if need.paths.iter().any(|path| !held.contains_key(path)) => Met::Unknown,
        None => Met::No,
    }
}

/// What each request that the files can lead to takes, with the objects that it is about.
fn needed(desired: &Desired, live: &AccessState, who: &Principal) -> BTreeMap<(Part, Need), BTreeSet<String>> {
    let mut needed: BTreeMap<(Part, Need), BTreeSet<String>> = BTreeMap::new();
    // By the time that tokens are made, their users are in the groups that the files say.
    let mut state = live.clone();
    for (user, declared) in &desired.users {
        if let Presence::Present(UserWish { groups: Wish::Set(groups), .. }) = &declared.wish {
            state.set_groups_of(user, groups.keys().cloned().collect());
        }
    }
    let mut note = |part: Part, name: String, state: &AccessState, op: &Op| {
        for need in op.needs(who, state) {
            needed.entry((part, need)).or_default().insert(name.clone());
        }
    };
    let Desired { cluster: _, lint: _, roles, groups, users, tokens, acl, policies: _ } = desired;
    for (role, declared) in roles {
        if is_asked_for(declared, live.roles.contains_key(role)) {
            let op = Op::CreateRole { role: role.clone(), privs: BTreeSet::new() };
            note(Part::Roles, role.to_string(), live, &op);
        }
    }
    for (group, declared) in groups {
        if is_asked_for(declared, live.groups.contains_key(group)) {
            let op = Op::CreateGroup { group: group.clone(), comment: Text::default() };
            note(Part::Groups, group.to_string(), live, &op);
        }
    }
    for (user, declared) in users {
        for op in user_ops(user, declared, live) {
            note(Part::Users, user.to_string(), live, &op);
        }
    }
    for (token, declared) in tokens {
        if is_asked_for(declared, live.tokens.contains_key(token)) {
            let op = Op::CreateToken { token: token.clone(), attributes: Token::default() };
            note(Part::Tokens, token.to_string(), &state, &op);
        }
    }
    for (grant, (presence, _)) in acl {
        if matches!(presence, Presence::Present(_)) || live.acl.contains_key(grant) {
            for batch in AclBatch::cover([grant]) {
                let op = Op::Grant { batch, propagate: Propagate::Yes };
                note(Part::Acl, grant.path.to_string(), live, &op);
            }
        }
    }
    needed
}

/// Whether a request can come of it: it is to be there, or is there and is to go.
fn is_asked_for<T>(declared: &Declared<T>, is_there: bool) -> bool {
    matches!(declared.wish, Presence::Present(_)) || is_there
}

fn user_ops(user: &UserId, declared: &Declared<UserWish>, live: &AccessState) -> Vec<Op> {
    let account = |groups| Account { user: User::default(), groups };
    let before = live.users.get(user).map(|_| account(live.groups_of(user).clone()));
    match (&declared.wish, before) {
        (Presence::Absent, None) => Vec::new(),
        (Presence::Absent, Some(_)) => vec![Op::DeleteUser { user: user.clone() }],
        (Presence::Present(UserWish { groups, .. }), None) => {
            let groups = groups.as_set().map(|groups| groups.keys().cloned().collect()).unwrap_or_default();
            vec![Op::CreateUser { user: user.clone(), account: account(groups) }]
        }
        // A password of a user that is there is set on request alone, and by nobody with a token.
        (
            Presence::Present(UserWish { enable, expire, firstname, lastname, email, comment, groups, password: _ }),
            Some(before),
        ) => {
            let texts = [firstname, lastname, email, comment];
            let has_attributes = enable.as_set().is_some()
                || expire.as_set().is_some()
                || texts.into_iter().any(|text| text.as_set().is_some());
            let set = |after| Op::SetUser { user: user.clone(), before: before.clone(), after };
            // A request that names no groups takes more than one that does.
            let attributes = has_attributes.then(|| set(before.clone()));
            let after = groups.as_set().map(|groups| groups.keys().cloned().collect());
            let groups = after.filter(|after| *after != before.groups).map(|after| set(account(after)));
            attributes.into_iter().chain(groups).collect()
        }
    }
}
