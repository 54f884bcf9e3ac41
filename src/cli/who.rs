//! Names that are typed, looked for among those that exist.

use std::time::{SystemTime, UNIX_EPOCH};

use super::failure::Failure;
use crate::diagnostic::nearest;
use crate::live::{Blind, Snapshot};
use crate::model::AccessState;
use crate::pve::{AclPath, GroupId, Principal, Privilege, Subject, UserId, lifetime};

/// The user or token that was typed; the one who is reading exists, seen or not.
///
/// # Errors
/// If there is none, with those that may have been meant.
pub(super) fn principal(typed: &str, snapshot: &Snapshot) -> Result<Principal, Failure> {
    let state = &snapshot.state;
    let parsed = typed.parse::<Principal>();
    let kind = match &parsed {
        Ok(who) if snapshot.reader.as_ref() == Some(who) => return Ok(who.clone()),
        Ok(Principal::User(user)) if state.users.contains_key(user) => return Ok(Principal::User(user.clone())),
        Ok(Principal::Token(token)) if state.tokens.contains_key(token) => return Ok(Principal::Token(token.clone())),
        Ok(Principal::User(_)) => "user",
        Ok(Principal::Token(_)) => "token",
        Err(_) => "user or token",
    };
    if parsed.is_err()
        && let Some(failure) = other_kind(typed, snapshot)
    {
        return Err(failure);
    }
    let failure = Failure::new(format!("there is no {kind} `{typed}` on {}", snapshot.cluster));
    let failure = match near(typed, snapshot).as_slice() {
        [] => failure.help("a user is named like ann@pve, a token like api@pam!homepage (quote the `!` in a shell)"),
        near => failure.help(format!("did you mean {}?", near.join(" or "))),
    };
    if let Some(needed) = Blind::Accounts.needs().filter(|_| snapshot.sight.hidden().contains(&Blind::Accounts)) {
        return Err(failure.help(format!(
            "it may exist all the same: this credential does not see all {} (it lacks {needed})",
            Blind::Accounts
        )));
    }
    Err(match parsed {
        Ok(Principal::User(user)) if is_left_over(&user, state) => {
            failure.help("grants or groups still name it: they mean nothing, until somebody is given that name")
        }
        _ => failure,
    })
}

/// Two words where `permissions` takes one: mostly the second is the path.
pub(super) fn path_goes_elsewhere(first: &str, second: &str) -> Failure {
    let (who, path) = if first.starts_with('/') { (second, first) } else { (first, second) };
    let failure = Failure::new(format!("`permissions` takes one user or token, and `{second}` is a second word"));
    if path.starts_with('/') {
        failure.help(format!("a path goes after --path: pve-access permissions '{who}' --path {path}"))
    } else {
        failure.help("ask for one after the other; a path goes after --path")
    }
}

/// What was typed in place of a user or token: a group, a path, a privilege or a role.
fn other_kind(typed: &str, snapshot: &Snapshot) -> Option<Failure> {
    let state = &snapshot.state;
    let group = typed.strip_prefix('@').unwrap_or(typed).parse::<GroupId>();
    if let Some(group) = group.ok().filter(|group| state.groups.contains_key(group)) {
        let members: Vec<String> = state
            .members()
            .get(&group)
            .into_iter()
            .flatten()
            .filter(|user| state.users.contains_key(**user))
            .take(3)
            .map(|user| format!("`{user}`"))
            .collect();
        let failure = Failure::new(format!("`{typed}` is a group: what it is granted, its members may do"));
        return Some(match members.as_slice() {
            [] => failure.help("none of its members exists; ask for a user or a token"),
            members => failure.help(format!("ask for one of them, such as {}", members.join(", "))),
        });
    }
    if typed.starts_with('@') {
        let failure = Failure::new(format!("there is no group `{typed}` on {}", snapshot.cluster));
        return Some(failure.help("ask for a user (ann@pve) or a token (api@pam!homepage)"));
    }
    if typed.starts_with('/') {
        let failure = Failure::new(format!("`{typed}` is a path, not a user or token"));
        return Some(failure.help(format!("pve-access permissions ann@pve --path {typed}")));
    }
    let is_role = state.roles.keys().any(|role| role.as_str() == typed);
    let is_privilege = state.known_privileges().iter().any(|privilege| privilege.as_str() == typed);
    (is_role || is_privilege).then(|| {
        let kind = if is_role { "role" } else { "privilege" };
        let failure = Failure::new(format!("`{typed}` is a {kind}, not a user or token"));
        if is_role { failure } else { failure.help(format!("who holds it is told by: pve-access who-can {typed} /")) }
    })
}

/// Whether grants or groups name a user who does not exist.
fn is_left_over(user: &UserId, state: &AccessState) -> bool {
    let subject = Subject::User(user.clone());
    !state.groups_of(user).is_empty() || state.acl.keys().any(|grant| grant.subject == subject)
}

/// Those that `typed` may stand for: the same name in another realm or of another user, then the most alike.
fn near(typed: &str, Snapshot { state, .. }: &Snapshot) -> Vec<String> {
    const MOST: usize = 4;
    let bare = |text: &str| text.split_once('@').map_or(text, |(name, _)| name).to_lowercase();
    let (user, token) = match typed.split_once('!') {
        Some((user, token)) => (bare(user), Some(token)),
        None => (bare(typed), None),
    };
    let users = state.users.keys().filter(|id| token.is_none() && id.name().to_lowercase() == user);
    let tokens = state.tokens.keys().filter(|id| id.name() == token.unwrap_or(typed));
    let mut near: Vec<String> = users.map(ToString::to_string).chain(tokens.map(ToString::to_string)).collect();
    if token.is_some() && near.is_empty() {
        near.extend(state.tokens.keys().filter(|id| bare(id.user().as_str()) == user).map(ToString::to_string));
    }
    let all: Vec<String> =
        state.users.keys().map(ToString::to_string).chain(state.tokens.keys().map(ToString::to_string)).collect();
    near.extend(nearest(typed, all.iter().map(String::as_str)).map(str::to_owned).filter(|_| near.is_empty()));
    near.truncate(MOST);
    near.into_iter().map(|name| format!("`{name}`")).collect()
}

/// The path that was typed, in the one form that the server lists it in.
///
/// # Errors
/// If there are no grants at such a path, and can be none.
pub(super) fn path(typed: &str, snapshot: &Snapshot) -> Result<AclPath, Failure> {
    let path: AclPath = typed.parse().map_err(|error| {
        Failure::new(format!("`{typed}` is no path"))
            .because(&error)
            .help("a path looks like /, /vms/100, /storage/local, /pool/lab, /nodes/n1")
    })?;
    match path.check_shape() {
        Ok(()) => Ok(path),
        Err(_) if snapshot.state.acl.keys().any(|grant| grant.path == path) => Ok(path),
        Err(error) => {
            let root = path.words().next().unwrap_or_default();
            let begun = AclPath::ROOTS.into_iter().find(|known| known.starts_with(root));
            let meant = begun.or_else(|| nearest(root, AclPath::ROOTS)).filter(|meant| *meant != root);
            let meant = meant.map(|meant| path.as_str().replacen(root, meant, 1));
            let failure = Failure::new(error.to_string());
            Err(match named(&path, &snapshot.state).or(meant) {
                Some(meant) => failure.help(format!("did you mean `{meant}`?")),
                None => failure.help("a path looks like /, /vms/100, /storage/local, /pool/lab, /nodes/n1"),
            })
        }
    }
}

/// Where something is that was named without its place: a guest by its number, a pool or storage, or what is granted.
fn named(path: &AclPath, state: &AccessState) -> Option<String> {
    let name = path.words().last()?;
    let guest = format!("/vms/{name}").parse::<AclPath>().ok().filter(|guest| guest.check_shape().is_ok());
    let pools = state.pools.keys().map(|pool| format!("/pool/{pool}"));
    let storages = state.pools.values().flat_map(|pool| &pool.storage).map(|storage| format!("/storage/{storage}"));
    let granted = state.acl.keys().filter(|grant| grant.path.check_shape().is_ok()).map(|grant| grant.path.to_string());
    let mut places = guest.map(|guest| guest.to_string()).into_iter().chain(pools).chain(storages).chain(granted);
    places.find(|place| place.rsplit('/').next() == Some(name))
}

/// The privilege that was typed.
///
/// # Errors
/// If no role of the cluster can hold it.
pub(super) fn privilege(typed: &str, snapshot: &Snapshot) -> Result<Privilege, Failure> {
    let known = snapshot.state.known_privileges();
    if let Some(privilege) = known.iter().find(|privilege| privilege.as_str() == typed) {
        return Ok(privilege.clone());
    }
    let release = snapshot.state.release;
    let failure = Failure::new(format!("release {release} knows no privilege `{typed}`"));
    if typed.starts_with('/') {
        return Err(failure.help("the privilege comes first: pve-access who-can PRIVILEGE PATH"));
    }
    if typed.parse::<Principal>().is_ok() {
        return Err(failure.help(format!("what a user or token may do is told by: pve-access permissions '{typed}'")));
    }
    if let Some((_, role)) = snapshot.state.roles.iter().find(|(role, _)| role.as_str() == typed) {
        const SOME: usize = 4;
        let privileges: Vec<&str> = role.privs.iter().take(SOME).map(Privilege::as_str).collect();
        return Err(match privileges.as_slice() {
            [] => failure.help(format!("`{typed}` is a role, and gives no privileges")),
            some => {
                failure.help(format!("`{typed}` is a role: name one of its privileges, such as {}", some.join(", ")))
            }
        });
    }
    let gone = typed.parse().ok().and_then(|privilege| lifetime(&privilege)?.gone);
    Err(match (gone, nearest(typed, known.iter().map(Privilege::as_str))) {
        (Some((since, successor)), _) if since <= release => {
            failure.help(format!("it is gone since {since}: what it allowed is divided among `{successor}` now"))
        }
        (_, Some(meant)) => failure.help(format!("did you mean `{meant}`?")),
        (_, None) => failure.help("a privilege looks like VM.Audit; the role Administrator holds all of them"),
    })
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
