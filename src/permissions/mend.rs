//! What would give a separated token something that it does not hold.

use std::collections::BTreeSet;

use super::explanation::{Basis, Explanation};
use super::reason::Side;
use crate::model::{AccessState, Grant, Propagate};
use crate::pve::{AclPath, RoleId, Subject, TokenId};

/// Something that is done for the token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mend {
    /// Takes back a grant of NoAccess.
    Revoke(Grant),
    /// Grants what counts for the user, where it counts for the token.
    Grant(Grant, Propagate),
}

/// What gives the token a part of what its user holds, for some of the places that are explained; nothing if the user
/// holds nothing there.
///
/// An entry of the token's own replaces what is granted to it further up, so what is to count has to stand beside it.
#[must_use]
pub fn mends(token: &TokenId, reasons: &[Explanation<'_>], state: &AccessState) -> Vec<Mend> {
    const SOME: usize = 3;
    let mut mends = BTreeSet::new();
    for (own, user) in token_sides(reasons) {
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
            token_sides(reasons).flat_map(|(own, _)| own.denying()).map(|deciding| deciding.grant).collect();
        mends.extend(denying.into_iter().take(SOME).cloned().map(Mend::Revoke));
    }
    mends
}

/// The token's side, and its user's unless that is root@pam, who has none.
pub fn token_sides<'e, 'a>(
    reasons: &'e [Explanation<'a>],
) -> impl Iterator<Item = (&'e Side<'a>, Option<&'e Side<'a>>)> {
    reasons.iter().filter_map(|explanation| match &explanation.basis {
        Basis::Both { token, user } => Some((token, Some(user))),
        Basis::Token(token) => Some((token, None)),
        Basis::NoUser | Basis::NoToken | Basis::Everything(_) | Basis::User(_) => None,
    })
}

fn to(token: &TokenId, path: &AclPath, role: &RoleId) -> Grant {
    Grant { path: path.clone(), subject: Subject::Token(token.clone()), role: role.clone() }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::model::{Privsep, user_cfg};
    use crate::permissions::Evaluator;
    use crate::pve::{Principal, Release};

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
