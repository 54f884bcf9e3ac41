//! Tokens of a user who is not let in.

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::{number, some};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::model::Refusal;
use crate::pve::{Principal, TokenId, UserId};

pub static RULE: Rule = Rule {
    name: "shut-out-token",
    severity: Severity::Warning,
    summary: "a token of a user who is disabled or expired",
    why: "The tokens of a user who is disabled or whose time is over are refused with 401, whatever they are granted. What \
          uses them has stopped working; and they work again the day somebody enables the user, for whoever has kept the \
          secret.",
    mend: "Delete the tokens if nobody shall use them any more. If somebody shall, let the user in: `pveum user modify \
           USER@REALM --enable 1 --expire 0`.",
    example: "user:eve@pve:0:0::::::\n\
              token:eve@pve!backup:0:0::\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    view.state.users.keys().filter_map(|user| finding(user, view)).collect()
}

fn finding(user: &UserId, view: &View<'_>) -> Option<Finding> {
    let lasts = |token: &&&TokenId| view.state.tokens.get(**token).is_some_and(|it| !it.expire.has_ended(view.now));
    let tokens: Vec<&TokenId> = view.tokens(user).iter().filter(lasts).copied().collect();
    if tokens.is_empty() {
        return None;
    }
    let refusals = view.state.refusals(&Principal::User(user.clone()), view.now);
    let why = refusals.iter().map(|refusal| match refusal {
        Refusal::Disabled => "is disabled",
        Refusal::UserExpired(_) | Refusal::TokenExpired(_) => "has expired",
    });
    let why: Vec<&str> = why.collect();
    if why.is_empty() {
        return None;
    }
    let message =
        format!("{} {} refused: {user} {}", some(&tokens), number(tokens.len(), "is", "are"), why.join(" and "));
    let objects = tokens.iter().map(|token| Object::Token((*token).clone())).chain([Object::User(user.clone())]);
    let cures = tokens.iter().map(|token| Cure::DeleteToken((*token).clone())).collect();
    Some(Finding::new(objects.collect(), message).cured(Effect::Some, cures))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn all_tokens_of_one_user_are_one_finding() {
        let file = "user:ann@pve:0:1\ntoken:ann@pve!a1:0:0\ntoken:ann@pve!b2:0:1\ntoken:ann@pve!ended:1:1\n";
        assert_eq!(found(&RULE, file), ["ann@pve!a1 and ann@pve!b2 are refused: ann@pve is disabled and has expired"]);
    }

    #[test]
    fn who_is_let_in_or_has_no_token_is_none() {
        assert_eq!(found(&RULE, "user:ann@pve:1:0\ntoken:ann@pve!a1:1:0\nuser:bob@pve:0:1\n"), [""; 0]);
        assert_eq!(found(&RULE, "user:ann@pve:1:1800000000\ntoken:ann@pve!a1:0:0\n"), [""; 0], "its last second");
    }
}
