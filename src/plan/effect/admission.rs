//! Who gets in.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccessState, Refusal};
use crate::pve::{Principal, TokenId, UserId};

/// Somebody who no longer gets in, or gets in again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Admission {
    /// Which way.
    pub door: Door,
    /// A user; or a token, if it goes another way than its user.
    pub who: Principal,
    /// What keeps it out, or kept it out before.
    pub bars: Vec<Bar>,
    /// The tokens of a user that go the same way with it.
    pub tokens: Vec<TokenId>,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Got in and does not any more.
    Closes,
    /// Was there, did not get in, and does now.
    Opens,
}

/// What keeps somebody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bar {
    /// It is deleted.
    Deleted,
    /// The server refuses it.
    Refused(Refusal),
}

/// Everybody for whom the door opens or closes.
pub(super) fn admissions(before: &AccessState, after: &AccessState, now: u64) -> Vec<Admission> {
    let turn = |who: &Principal| {
        let was_there = is_there(before, who);
        let (kept_out, keeps_out) = (bars(before, who, now), bars(after, who, now));
        match (kept_out.is_empty(), keeps_out.is_empty()) {
            (true, false) => Some((Door::Closes, keeps_out)),
            (false, true) if was_there => Some((Door::Opens, kept_out)),
            (true, true) | (false, _) => None,
        }
    };
    let mut tokens: BTreeMap<&UserId, BTreeSet<&TokenId>> = BTreeMap::new();
    for token in before.tokens.keys().chain(after.tokens.keys()) {
        tokens.entry(token.user()).or_default().insert(token);
    }
    let users: BTreeSet<&UserId> =
        before.users.keys().chain(after.users.keys()).chain(tokens.keys().copied()).collect();
    let mut admissions = Vec::new();
    for user in users {
        let who = Principal::User(user.clone());
        let own = turn(&who);
        let (mut with_it, mut alone) = (Vec::new(), Vec::new());
        for &token in tokens.get(user).into_iter().flatten() {
            let who = Principal::Token(token.clone());
            match (turn(&who), &own) {
                (Some((door, _)), Some((same, _))) if door == *same => with_it.push(token.clone()),
                (Some((door, bars)), _) => alone.push(Admission { door, who, bars, tokens: Vec::new() }),
                (None, _) => {}
            }
        }
        admissions.extend(own.map(|(door, bars)| Admission { door, who, bars, tokens: with_it }));
        admissions.extend(alone);
    }
    admissions.sort();
    admissions
}

fn is_there(state: &AccessState, who: &Principal) -> bool {
    let user = state.users.contains_key(who.user());
    match who {
        Principal::User(_) => user,
        Principal::Token(token) => user && state.tokens.contains_key(token),
    }
}

/// What keeps `who` out of a cluster in this state; whoever is not there does not get in either.
fn bars(state: &AccessState, who: &Principal, now: u64) -> Vec<Bar> {
    if !is_there(state, who) {
        return vec![Bar::Deleted];
    }
    state.refusals(who, now).into_iter().map(Bar::Refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user_cfg;
    use crate::pve::Release;

    fn read(text: &str) -> AccessState {
        user_cfg::read(text.as_bytes(), Release::MEASURED).state
    }

    fn turns(before: &str, after: &str) -> Vec<String> {
        let admissions = admissions(&read(before), &read(after), 100);
        let line = |Admission { door, who, bars, tokens }: Admission| format!("{door:?} {who} {bars:?} {tokens:?}");
        admissions.into_iter().map(line).collect()
    }

    #[test]
    fn tokens_go_with_their_user_unless_they_go_another_way() {
        let open = "user:ann@pve:1:0:\ntoken:ann@pve!ci:0:0:\ntoken:ann@pve!old:50:0:\n";
        let disabled = "user:ann@pve:0:0:\ntoken:ann@pve!ci:0:0:\ntoken:ann@pve!old:50:0:\n";
        assert_eq!(turns(open, disabled), ["Closes ann@pve [Refused(Disabled)] [ann@pve!ci]"]);
        assert_eq!(turns(disabled, open), ["Opens ann@pve [Refused(Disabled)] [ann@pve!ci]"]);
        assert_eq!(turns(open, ""), ["Closes ann@pve [Deleted] [ann@pve!ci]"]);
        assert_eq!(turns("", open), [""; 0], "who is new gets in, and that is no news");
        assert_eq!(
            turns(open, "user:ann@pve:1:0:\ntoken:ann@pve!old:0:0:\n"),
            ["Closes ann@pve!ci [Deleted] []", "Opens ann@pve!old [Refused(TokenExpired(At(50)))] []",]
        );
    }
}
