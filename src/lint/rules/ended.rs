//! Users and tokens whose time is over.

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::pve::UserId;

pub static RULE: Rule = Rule {
    name: "ended",
    severity: Severity::Note,
    summary: "a user or token has expired and is still there",
    why: "It is refused, keeps what it was granted, and works again when somebody changes its `expire`. Tokens of an expired \
          user are told of by `shut-out-token`.",
    mend: "Delete what nobody needs any more, or give it more time. Deleting a user takes its tokens and grants along: \
           `pveum user delete USER@REALM`.",
    example: "user:temp@pve:1:1700000000::::::\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let has_ended = |user: &UserId| view.state.users.get(user).is_some_and(|user| user.expire.has_ended(view.now));
    let users = view.state.users.keys().filter(|user| !user.is_root() && has_ended(user));
    let users = users.map(|user| Finding::new(vec![Object::User(user.clone())], format!("{user} has expired")));
    let tokens =
        view.state.tokens.iter().filter(|(id, token)| token.expire.has_ended(view.now) && !has_ended(id.user()));
    let tokens = tokens.map(|(id, _)| {
        let finding = Finding::new(vec![Object::Token(id.clone())], format!("{id} has expired"));
        finding.cured(Effect::Some, vec![Cure::DeleteToken(id.clone())])
    });
    users.chain(tokens).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn what_is_over_is_told_once() {
        let file = "user:ann@pve:1:1799999999\ntoken:ann@pve!ci:1:0\nuser:bob@pve:1:1800000000\ntoken:bob@pve!ci:1:0\n";
        assert_eq!(found(&RULE, file), ["ann@pve has expired", "bob@pve!ci has expired"]);
    }
}
