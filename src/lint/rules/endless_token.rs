//! Tokens that never expire.

use crate::lint::finding::{Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::model::Expire;

pub static RULE: Rule = Rule {
    name: "endless-token",
    severity: Severity::Note,
    summary: "a token never expires",
    why: "A secret that leaked without anybody noticing works until somebody thinks of it. Users without an end are no \
          finding: people leave by being disabled, and nearly every user would be one. Neither is a token whose user has an \
          end, or is disabled.",
    mend: "Have it end, and its secret renewed before: `rotate: {every: 90d}` in a desired-state file. Or let it end once, with \
           `expire: 2027-06-30` there, or `pveum user token modify USER@REALM NAME --expire SECONDS`, in seconds since 1970. \
           Where tokens are not meant to end, allow this rule.",
    example: "user:api@pam:1:0::::::\n\
              token:api@pam!homepage:0:0::\n",
    needs: &[],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let tokens = view.state.tokens.iter().filter(|(id, token)| {
        let user = view.state.users.get(id.user());
        token.expire == Expire::Never && user.is_some_and(|user| user.enable.is_yes() && user.expire == Expire::Never)
    });
    tokens.map(|(id, _)| Finding::new(vec![Object::Token(id.clone())], format!("{id} never expires"))).collect()
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn a_token_ends_with_its_user() {
        let file = "user:ann@pve:1:0\ntoken:ann@pve!ci:0:0\ntoken:ann@pve!cd:1900000000:0\nuser:bob@pve:1:1900000000\n\
                    token:bob@pve!ci:0:0\nuser:eve@pve:0:0\ntoken:eve@pve!ci:0:0\n";
        assert_eq!(found(&RULE, file), ["ann@pve!ci never expires"]);
    }
}
