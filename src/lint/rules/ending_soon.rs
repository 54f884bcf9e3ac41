//! Users and tokens whose time is nearly over.

use crate::lint::finding::{Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::model::Expire;
use crate::pve::Principal;

/// How long before its end something is told of.
const DAYS: u64 = 30;

pub static RULE: Rule = Rule {
    name: "ending-soon",
    severity: Severity::Warning,
    summary: "a user or token expires within 30 days",
    why: "On that day whatever uses it stops working, without a warning from Proxmox VE. Who is disabled is no finding, and \
          neither is a token that ends with its user, or whose file says `rotate`.",
    mend: "Give it more time, or let it end: `pveum user modify USER@REALM --expire SECONDS`, `pveum user token modify \
           USER@REALM NAME --expire SECONDS`, in seconds since 1970; or `expire: 2027-06-30` in a desired-state file. A \
           token gets a new secret and a new end in time where the file says `rotate: {every: 90d}`; its secret alone is \
           renewed by `pveum user token modify USER@REALM NAME --regenerate 1` (since 9.1).",
    example: "user:ann@pve:1:0::::::\n\
              token:ann@pve!ci:1801000000:1::\n\
              acl:1:/:ann@pve,ann@pve!ci:PVEAuditor:\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let is_let_in = |who: &Principal| view.state.refusals(who, view.now).is_empty();
    let users = view.state.users.iter().map(|(id, user)| (Principal::User(id.clone()), user.expire));
    let tokens = view.state.tokens.iter().filter(|(id, token)| {
        let user = view.state.users.get(id.user()).map(|user| user.expire);
        let ends_alone = user.and_then(|user| view.days_left(user)).is_none_or(|_| user != Some(token.expire));
        ends_alone && !view.rotating.contains(*id)
    });
    let tokens = tokens.map(|(id, token)| (Principal::Token(id.clone()), token.expire));
    let soon = users.chain(tokens).filter_map(|(who, expire)| {
        let days = view.days_left(expire).filter(|days| *days <= DAYS)?;
        is_let_in(&who).then(|| finding(&who, days))
    });
    soon.collect()
}

fn finding(who: &Principal, days: u64) -> Finding {
    let when = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    };
    let object = match who {
        Principal::User(user) => Object::User(user.clone()),
        Principal::Token(token) => Object::Token(token.clone()),
    };
    Finding::new(vec![object], format!("{who} expires {when}"))
}

impl View<'_> {
    /// How many whole days are left of it; nothing if it has no end, or has ended.
    fn days_left(&self, expire: Expire) -> Option<u64> {
        const DAY: u64 = 86_400;
        match expire {
            Expire::At(end) if !expire.has_ended(self.now) => Some(end.saturating_sub(self.now) / DAY),
            Expire::At(_) | Expire::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    /// Lint looks at it at 1,800,000,000.
    #[test]
    fn thirty_days_are_soon() {
        let file = "user:ann@pve:1:1800000000\nuser:bob@pve:1:1800172800\nuser:eve@pve:1:1802678399\nuser:joe@pve:1:1802678400\n";
        assert_eq!(
            found(&RULE, file),
            ["ann@pve expires today", "bob@pve expires in 2 days", "eve@pve expires in 30 days"]
        );
    }

    #[test]
    fn who_is_shut_out_already_is_none() {
        for file in [
            "user:ann@pve:0:1800000001\n",
            "user:ann@pve:1:1799999999\n",
            "user:ann@pve:0:0\ntoken:ann@pve!ci:1800000001:0\n",
            "user:ann@pve:1:0\ntoken:ann@pve!ci:0:0\n",
        ] {
            assert_eq!(found(&RULE, file), [""; 0], "{file}");
        }
    }

    #[test]
    fn a_token_that_ends_with_its_user_is_told_of_once() {
        assert_eq!(
            found(&RULE, "user:ann@pve:1:1800000001\ntoken:ann@pve!ci:1800000001:0\n"),
            ["ann@pve expires today"]
        );
        assert_eq!(found(&RULE, "user:ann@pve:1:0\ntoken:ann@pve!ci:1800100000:0\n"), ["ann@pve!ci expires tomorrow"]);
    }
}
