//! Who is refused before anybody looks at what it may do.

use super::object::{Expire, User};
use super::state::AccessState;
use crate::pve::Principal;

/// Why the server answers a user or token with 401, whatever is granted to it (api-facts.md, Authentication).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The user is disabled; its tokens are refused with it.
    Disabled,
    /// The user's time is over; its tokens are refused with it.
    UserExpired(Expire),
    /// The token's own time is over.
    TokenExpired(Expire),
}

impl Expire {
    /// Whether it is over at `now`, in seconds since 1970; the second that it names still counts (pve-access-control,
    /// `check_user_enabled`).
    #[must_use]
    pub fn has_ended(self, now: u64) -> bool {
        match self {
            Expire::Never => false,
            Expire::At(end) => end < now,
        }
    }
}

impl AccessState {
    /// What keeps `who` out at `now`, in seconds since 1970; nothing also if it does not exist.
    #[must_use]
    pub fn refusals(&self, who: &Principal, now: u64) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        if let Some(User { enable, expire, .. }) = self.users.get(who.user()) {
            refusals.extend((!enable.is_yes()).then_some(Refusal::Disabled));
            refusals.extend(expire.has_ended(now).then_some(Refusal::UserExpired(*expire)));
        }
        if let Principal::Token(id) = who
            && let Some(token) = self.tokens.get(id)
        {
            refusals.extend(token.expire.has_ended(now).then_some(Refusal::TokenExpired(token.expire)));
        }
        refusals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user_cfg;
    use crate::pve::Release;

    #[test]
    fn a_token_is_refused_with_its_user() {
        let file = b"user:ann@pve:0:100:\ntoken:ann@pve!ci:50:0:\nuser:bob@pve:1:0:\ntoken:bob@pve!ci:0:0:\n";
        let state = user_cfg::read(file, Release::MEASURED).state;
        let refusals = |who: &str, now: u64| state.refusals(&who.parse().unwrap(), now);
        let (user, token) = (Refusal::UserExpired(Expire::At(100)), Refusal::TokenExpired(Expire::At(50)));
        assert_eq!(refusals("ann@pve", 100), [Refusal::Disabled]);
        assert_eq!(refusals("ann@pve", 101), [Refusal::Disabled, user]);
        assert_eq!(refusals("ann@pve!ci", 50), [Refusal::Disabled]);
        assert_eq!(refusals("ann@pve!ci", 101), [Refusal::Disabled, user, token]);
        assert!(refusals("bob@pve!ci", u64::MAX).is_empty() && refusals("gone@pve", 1).is_empty());
    }
}
