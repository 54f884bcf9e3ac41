//! Who, what and where, in few words or in all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::words::visible;
use super::Detail;
use crate::model::{AccessState, Origin};
use crate::permissions::Extent;
use crate::plan::Plan;
use crate::plan::effect::Place;
use crate::pve::{AclPath, Principal, Privilege, TokenId, UserId};

/// Some of many: `a, b +3`.
pub(super) fn some(names: &[String], detail: Detail) -> String {
    const SOME: usize = 3;
    match detail {
        Detail::Brief if names.len() > SOME => format!("{} +{}", names[..SOME - 1].join(", "), names.len() - SOME + 1),
        Detail::Brief | Detail::Full => names.join(", "),
    }
}

/// `ann@pve with token ci, bob@pve +3`: a token goes with its user where both are meant.
pub(super) fn who(principals: &[Arc<Principal>], detail: Detail) -> String {
    let mut tokens: BTreeMap<&UserId, Vec<&TokenId>> = BTreeMap::new();
    for principal in principals {
        if let Principal::User(user) = &**principal {
            tokens.insert(user, Vec::new());
        }
    }
    let mut alone: Vec<String> = Vec::new();
    for principal in principals {
        if let Principal::Token(token) = &**principal {
            match tokens.get_mut(token.user()) {
                Some(with_user) => with_user.push(token),
                None => alone.push(visible(token)),
            }
        }
    }
    let with_tokens = |(user, tokens): (&UserId, Vec<&TokenId>)| {
        let names: Vec<String> = tokens.iter().map(|token| visible(token.name())).collect();
        match names.len() {
            0 => visible(user),
            1 => format!("{} with token {}", visible(user), names[0]),
            _ => format!("{} with tokens {}", visible(user), some(&names, detail)),
        }
    };
    let names: Vec<String> = tokens.into_iter().map(with_tokens).chain(alone).collect();
    some(&names, detail)
}

/// Whether all are one user and its tokens.
pub(super) fn is_one(principals: &[Arc<Principal>]) -> bool {
    match principals {
        [] | [_] => true,
        [first, rest @ ..] => {
            matches!(**first, Principal::User(_))
                && rest.iter().all(|one| matches!(&**one, Principal::Token(token) if token.user() == first.user()))
        }
    }
}

/// `PVEAuditor`, or `VM.Allocate VM.Clone +9` where no role holds exactly these.
pub(super) fn privileges(privileges: &BTreeSet<Privilege>, plan: &Plan, detail: Detail) -> String {
    const SOME: usize = 3;
    let names: Vec<String> = privileges.iter().map(visible).collect();
    let role = [&plan.aim.target, &plan.aim.live.state].into_iter().find_map(|state| role_of(privileges, state));
    match (role, detail) {
        (Some(role), Detail::Brief) => role,
        (Some(role), Detail::Full) => format!("{role} ({})", names.join(" ")),
        (None, Detail::Brief) if names.len() > SOME => {
            format!("{} +{}", names[..SOME - 1].join(" "), names.len() - SOME + 1)
        }
        (None, Detail::Brief | Detail::Full) => names.join(" "),
    }
}

/// The role that holds exactly these; of several, a builtin one.
fn role_of(privileges: &BTreeSet<Privilege>, state: &AccessState) -> Option<String> {
    let same = state.roles.iter().filter(|(_, role)| role.privs == *privileges);
    let role = same.min_by_key(|(id, role)| (role.origin == Origin::Custom, *id));
    role.map(|(id, _)| visible(id))
}

/// `on /vms/101, /vms/102 +7`, `on /vms and below`, `below /vms`, `on /vms alone`
pub(super) fn places(places: &[Place], detail: Detail) -> String {
    let names: Vec<String> = places.iter().map(place).collect();
    let on = if places.first().is_some_and(|place| place.extent == Extent::Below) { "" } else { "on " };
    format!("{on}{}", some(&names, detail))
}

fn place(Place { path, extent }: &Place) -> String {
    let is_leaf = path.parse().is_ok_and(|path: AclPath| path.is_leaf());
    match extent {
        Extent::All => format!("{} and below", visible(path)),
        Extent::Here if is_leaf => visible(path),
        Extent::Here => format!("{} alone", visible(path)),
        Extent::Below => format!("below {}", visible(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principals(names: &[&str]) -> Vec<Arc<Principal>> {
        names.iter().map(|name| Arc::new(name.parse().unwrap())).collect()
    }

    #[test]
    fn tokens_go_with_their_user() {
        let names = ["ann@pve", "bob@pve", "ann@pve!ci", "carl@pve!app", "bob@pve!a1", "bob@pve!b2"];
        assert_eq!(
            who(&principals(&names), Detail::Brief),
            "ann@pve with token ci, bob@pve with tokens a1, b2, carl@pve!app"
        );
        assert_eq!(who(&principals(&["\u{1b}[2J@pve"]), Detail::Full), "\\u{1b}[2J@pve");
    }

    #[test]
    fn of_many_the_first_are_named() {
        let many = ["a@pve", "b@pve", "c@pve", "d@pve"];
        assert_eq!(who(&principals(&many), Detail::Brief), "a@pve, b@pve +2");
        assert_eq!(who(&principals(&many), Detail::Full), "a@pve, b@pve, c@pve, d@pve");
    }

    #[test]
    fn places_say_how_far_they_reach() {
        let place = |path: &str, extent| Place { path: path.into(), extent };
        let said = |places: &[Place]| super::places(places, Detail::Brief);
        assert_eq!(said(&[place("/", Extent::All)]), "on / and below");
        assert_eq!(said(&[place("/vms", Extent::Here)]), "on /vms alone");
        assert_eq!(said(&[place("/vms", Extent::Below)]), "below /vms");
        assert_eq!(said(&[place("/vms/100", Extent::Here), place("/vms", Extent::Below)]), "on /vms/100, below /vms");
        let guests: Vec<Place> = (100..109).map(|guest| place(&format!("/vms/{guest}"), Extent::Here)).collect();
        assert_eq!(said(&guests), "on /vms/100, /vms/101 +7");
    }
}
