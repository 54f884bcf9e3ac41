//! What to do about a token that may do nothing.

use std::collections::BTreeSet;

use super::super::document::{Document, Line, Style};
use super::super::plan::grant_name;
use super::super::sight::is_whole;
use super::super::words::{listed, shell, visible};
use super::door::closed;
use super::{Held, Rights};
use crate::model::{AccessState, Grant, Privsep, Propagate};
use crate::permissions::{Basis, Explanation, Side};
use crate::pve::{AclPath, Principal, RoleId, Subject, TokenId};

/// What it means that a separated token holds nothing, and the way out if its user holds something; nothing for others.
pub(super) fn advice(rights: &Rights<'_>) -> Option<Document> {
    let Rights { snapshot, who, held, reasons, unexplained: _, now } = rights;
    let Principal::Token(token) = who else { return None };
    let holds_nothing = match held {
        Held::At(_, privileges) => privileges.is_empty(),
        Held::Everywhere(stretches) => stretches.is_empty(),
        Held::Listed(listed) => listed.is_empty(),
    };
    let is_separated = snapshot.state.tokens.get(token).is_some_and(|token| token.privsep == Privsep::Yes);
    if !holds_nothing || !is_separated || reasons.is_empty() {
        return None;
    }
    let mut document = Document::default();
    let user = visible(token.user());
    let name = visible(token);
    document.push(Line::default().with(Style::Strong, "What this means"));
    document.push(Line::plain(format!(
        "  {name} is a token with privilege separation (privsep 1, Proxmox VE's default for new tokens)."
    )));
    document.push(Line::plain(if token.user().is_root() {
        format!("  Such a token may do only what is granted to the token itself, whatever {user} may do.")
    } else {
        format!("  Such a token may do only what its user {user} may do AND what is granted to the token itself.")
    }));
    let mends = mends(token, reasons, &snapshot.state);
    if mends.is_empty() {
        document.push(Line::plain(if is_whole(snapshot) {
            format!("  {user} itself may do nothing here, and no grant to the token changes that: see to {user} first.")
        } else {
            format!("  What {user} itself may do here cannot be seen.")
        }));
        return Some(document);
    }
    let gets = match closed(who, &snapshot.state, *now).as_slice() {
        [] => "so it gets",
        _ => "so even if let in it gets",
    };
    document.push(Line::plain(format!(
        "  {}, {gets} empty answers: a dashboard shows zeros, not an error.",
        lacking(reasons, &user, is_whole(snapshot))
    )));
    document.gap();
    document.push(Line::default().with(Style::Strong, "To mend it, either"));
    let (revoked, granted): (Vec<&Mend>, Vec<&Mend>) = mends.iter().partition(|mend| matches!(mend, Mend::Revoke(_)));
    if !revoked.is_empty() {
        document.push(Line::plain("  take back what denies the token everything, and"));
        revoked.iter().for_each(|mend| document.push(Line::plain(format!("      {}", command(token, mend)))));
    }
    document.push(Line::plain(if token.user().is_root() {
        "  grant to the token what it shall do, such as to look at everything:".to_owned()
    } else {
        format!("  grant to the token what it shall do, within what {user} may do:")
    }));
    granted.iter().for_each(|mend| document.push(Line::plain(format!("      {}", command(token, mend)))));
    document.push(Line::plain(format!("  or let it do all that {user} may do, now and later:")));
    document.push(Line::plain(format!(
        "      pveum user token modify {} {} --privsep 0",
        shell(token.user()),
        shell(token.name())
    )));
    document.push(Line::plain(format!(
        "      (in a desired-state file: `privsep: false` for {name} under `tokens`, or an entry for it under `acl`)"
    )));
    Some(document)
}

/// What keeps the token from what its user holds.
fn lacking(reasons: &[Explanation<'_>], user: &str, is_whole: bool) -> String {
    let sides: Vec<&Side<'_>> = sides(reasons).map(|(token, _)| token).collect();
    let denying: BTreeSet<String> =
        sides.iter().flat_map(|side| side.denying()).map(|deciding| visible(grant_name(deciding.grant))).collect();
    if !denying.is_empty() {
        let denying: Vec<String> = denying.into_iter().collect();
        format!("{} takes away what is granted to the token", listed(&denying))
    } else if sides.iter().any(|side| !side.privileges().is_empty()) {
        format!("What is granted to the token, {user} does not hold")
    } else if is_whole {
        "Nothing that is granted to the token counts here".to_owned()
    } else {
        "Nothing that is granted to the token counts here, as far as can be seen".to_owned()
    }
}

/// Something that is done for the token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mend {
    /// Takes back a grant of NoAccess.
    Revoke(Grant),
    /// Grants what counts for the user, where it counts for the token.
    Grant(Grant, Propagate),
}

/// What gives the token a part of what its user holds, for some of the places; nothing if the user holds nothing.
///
/// An entry of the token's own replaces what is granted to it further up, so what is to count has to stand beside it.
fn mends(token: &TokenId, reasons: &[Explanation<'_>], state: &AccessState) -> Vec<Mend> {
    const SOME: usize = 3;
    let mut mends = BTreeSet::new();
    for (own, user) in sides(reasons) {
        let place = own.deciding.iter().filter(|deciding| deciding.pools.is_empty()).map(|it| &it.grant.path).max();
        let Some(user) = user else {
            let path = place.cloned().unwrap_or_else(AclPath::root);
            mends.extend("PVEAuditor".parse().ok().map(|role| Mend::Grant(to(token, &path, &role), Propagate::Yes)));
            continue;
        };
        for deciding in user.deciding.iter().filter(|deciding| !deciding.role.privs.is_empty()) {
            let propagate = match place {
                Some(place) if *place != deciding.grant.path => Propagate::Yes,
                _ => state.acl.get(deciding.grant).copied().unwrap_or(Propagate::Yes),
            };
            let at = place.unwrap_or(&deciding.grant.path);
            mends.insert(Mend::Grant(to(token, at, &deciding.grant.role), propagate));
        }
    }
    let mut mends: Vec<Mend> = mends.into_iter().take(SOME).collect();
    if !mends.is_empty() {
        let denying: BTreeSet<&Grant> =
            sides(reasons).flat_map(|(own, _)| own.denying()).map(|deciding| deciding.grant).collect();
        mends.extend(denying.into_iter().take(SOME).cloned().map(Mend::Revoke));
    }
    mends
}

/// The token's side, and its user's unless that is root@pam, who has none.
fn sides<'e, 'a>(reasons: &'e [Explanation<'a>]) -> impl Iterator<Item = (&'e Side<'a>, Option<&'e Side<'a>>)> {
    reasons.iter().filter_map(|explanation| match &explanation.basis {
        Basis::Both { token, user } => Some((token, Some(user))),
        Basis::Token(token) => Some((token, None)),
        Basis::NoUser | Basis::NoToken | Basis::Everything(_) | Basis::User(_) => None,
    })
}

fn to(token: &TokenId, path: &AclPath, role: &RoleId) -> Grant {
    Grant { path: path.clone(), subject: Subject::Token(token.clone()), role: role.clone() }
}

fn command(token: &TokenId, mend: &Mend) -> String {
    let (verb, grant, alone) = match mend {
        Mend::Revoke(grant) => ("delete", grant, ""),
        Mend::Grant(grant, Propagate::No) => ("modify", grant, " --propagate 0"),
        Mend::Grant(grant, Propagate::Yes) => ("modify", grant, ""),
    };
    format!("pveum acl {verb} {} --tokens {} --roles {}{alone}", shell(&grant.path), shell(token), shell(&grant.role))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::model::user_cfg;
    use crate::permissions::Evaluator;
    use crate::pve::Release;

    /// For every separated token of the recorded configurations that holds nothing somewhere: with the mends it does.
    #[test]
    fn what_is_advised_helps() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pve/permissions");
        let (mut mended, mut hopeless, mut revoked, mut beside) = (0, 0, 0, 0);
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "cfg") {
                continue;
            }
            let state = user_cfg::read(&fs::read(&file).unwrap(), Release::MEASURED).state;
            let paths: BTreeSet<&AclPath> = state.acl.keys().map(|grant| &grant.path).collect();
            let evaluator = Evaluator::new(&state);
            for id in state.tokens.keys().filter(|id| state.tokens[*id].privsep == Privsep::Yes) {
                let who = Principal::Token(id.clone());
                for path in paths.iter().map(|path| path.as_str()) {
                    let explanation = evaluator.explain(&who, path);
                    if !explanation.privileges().is_empty() {
                        continue;
                    }
                    let mends = mends(id, std::slice::from_ref(&explanation), &state);
                    if mends.is_empty() {
                        let user = Principal::User(id.user().clone());
                        assert!(evaluator.at(&user, path).is_empty(), "{who} at {path} in {}", file.display());
                        hopeless += 1;
                        continue;
                    }
                    let mut after = state.clone();
                    for mend in &mends {
                        match mend {
                            Mend::Revoke(grant) => {
                                revoked += 1;
                                after.acl.remove(grant);
                            }
                            Mend::Grant(grant, propagate) => {
                                beside += usize::from(
                                    state.acl.keys().any(|it| it.path == grant.path && it.subject == grant.subject),
                                );
                                after.acl.insert(grant.clone(), *propagate);
                            }
                        }
                    }
                    let held = Evaluator::new(&after).at(&who, path);
                    assert!(!held.is_empty(), "{who} at {path} in {}: {mends:?}", file.display());
                    mended += 1;
                }
            }
        }
        assert!(mended > 0 && hopeless > 0 && revoked > 0 && beside > 0, "{mended} {hopeless} {revoked} {beside}");
    }
}
