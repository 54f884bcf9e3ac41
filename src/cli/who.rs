//! Names that are typed, looked for among those that exist.

use std::time::{SystemTime, UNIX_EPOCH};

use super::failure::Failure;
use crate::diagnostic::nearest;
use crate::live::{Blind, Snapshot};
use crate::pve::{AclPath, GroupId, Principal, Privilege};

/// The user or token that was typed.
///
/// # Errors
/// If there is none, with those that may have been meant.
pub(super) fn principal(typed: &str, snapshot: &Snapshot) -> Result<Principal, Failure> {
    let state = &snapshot.state;
    if let Some(group) = typed.strip_prefix('@').and_then(|name| name.parse::<GroupId>().ok()) {
        let members: Vec<String> =
            state.members().get(&group).into_iter().flatten().take(3).map(|user| format!("`{user}`")).collect();
        let failure = Failure::new(format!("`{typed}` is a group: what it is granted, its members may do"));
        return Err(match members.as_slice() {
            [] => failure.help("ask for a user or a token"),
            members => failure.help(format!("ask for one of them, such as {}", members.join(", "))),
        });
    }
    let kind = match typed.parse::<Principal>() {
        Ok(Principal::User(user)) if state.users.contains_key(&user) => return Ok(Principal::User(user)),
        Ok(Principal::Token(token)) if state.tokens.contains_key(&token) => return Ok(Principal::Token(token)),
        Ok(Principal::User(_)) => "user",
        Ok(Principal::Token(_)) => "token",
        Err(_) => "user or token",
    };
    let failure = Failure::new(format!("there is no {kind} `{typed}` on {}", snapshot.cluster));
    let failure = match near(typed, snapshot).as_slice() {
        [] => failure.help("a user is named like ann@pve, a token like api@pam!homepage (quote the `!` in a shell)"),
        near => failure.help(format!("did you mean {}?", near.join(" or "))),
    };
    Err(match Blind::Accounts.needs().filter(|_| snapshot.sight.hidden().contains(&Blind::Accounts)) {
        Some(needed) => failure.help(format!(
            "it may exist all the same: this credential does not see all {} (it lacks {needed})",
            Blind::Accounts
        )),
        None => failure,
    })
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
            let failure = Failure::new(error.to_string());
            Err(match meant {
                Some(meant) => failure.help(format!("did you mean `{}`?", path.as_str().replacen(root, meant, 1))),
                None => failure.help("a path looks like /, /vms/100, /storage/local, /pool/lab, /nodes/n1"),
            })
        }
    }
}

/// The privilege that was typed.
///
/// # Errors
/// If no role of the cluster can hold it.
pub(super) fn privilege(typed: &str, snapshot: &Snapshot) -> Result<Privilege, Failure> {
    let known: Vec<&Privilege> = {
        let mut known: Vec<&Privilege> = snapshot.state.roles.values().flat_map(|role| &role.privs).collect();
        known.sort();
        known.dedup();
        known
    };
    if let Some(privilege) = known.iter().find(|privilege| privilege.as_str() == typed) {
        return Ok((*privilege).clone());
    }
    let failure = Failure::new(format!("release {} knows no privilege `{typed}`", snapshot.state.release));
    let role = snapshot.state.roles.keys().find(|role| role.as_str() == typed);
    Err(match (role, nearest(typed, known.iter().map(|privilege| privilege.as_str()))) {
        (Some(_), _) => failure.help(format!("`{typed}` is a role: name one of its privileges")),
        (None, Some(meant)) => failure.help(format!("did you mean `{meant}`?")),
        (None, None) => failure.help("a privilege looks like VM.Audit; the role Administrator holds all of them"),
    })
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
