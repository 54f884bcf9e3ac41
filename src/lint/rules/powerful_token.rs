//! Tokens that may hand out permissions.

use crate::lint::finding::{Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::pve::{Principal, Privilege, TokenId};

pub static RULE: Rule = Rule {
    name: "powerful-token",
    severity: Severity::Note,
    summary: "a token holds Permissions.Modify, as the role Administrator gives it",
    why: "Whoever has its secret may give everything, below that path, to anybody. A secret lies in files and variables, and \
          no second factor stands before it. A note, because the token that manages access has to be one of these: know all \
          of them. `--deny powerful-token` makes errors of them.",
    mend: "Let the token be separated (`pveum user token modify USER@REALM NAME --privsep 1`) and grant it what it needs, or \
           its user less.",
    example: "user:ci@pve:1:0::::::\n\
              token:ci@pve!deploy:0:0::\n\
              acl:1:/:ci@pve:Administrator:\n",
    needs: &[Blind::Accounts, Blind::Grants, Blind::Pools],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let Ok(modify) = "Permissions.Modify".parse::<Privilege>() else { return Vec::new() };
    view.state.tokens.keys().filter_map(|token| finding(token, &modify, view)).collect()
}

fn finding(token: &TokenId, modify: &Privilege, view: &View<'_>) -> Option<Finding> {
    let outline = view.everyone.outline(&Principal::Token(token.clone()))?;
    let place = outline.entries().find(|entry| entry.here.contains_key(modify))?.path;
    let message = format!("{token} holds {modify} on {place}");
    Some(Finding::new(vec![Object::Token(token.clone())], message))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::found;

    #[test]
    fn what_it_holds_counts_and_not_what_it_is_granted() {
        let file = "user:ann@pve:1\ntoken:ann@pve!full:0:0\ntoken:ann@pve!part:0:1\ntoken:ann@pve!big:0:1\ntoken:root@pam!sep:0:1\n\
                    user:bob@pve:1\ntoken:bob@pve!ci:0:1\nacl:1:/vms:ann@pve:Administrator:\nacl:1:/:ann@pve!part:PVEAdmin:\n\
                    acl:1:/:ann@pve!big:Administrator:\nacl:1:/:bob@pve!ci:Administrator:\n";
        assert_eq!(
            found(&RULE, file),
            ["ann@pve!big holds Permissions.Modify on /vms", "ann@pve!full holds Permissions.Modify on /vms"]
        );
        assert_eq!(found(&RULE, "token:root@pam!full:0:0\n"), ["root@pam!full holds Permissions.Modify on /"]);
    }
}
