//! A separated token that may do nothing.

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::permissions::{Entry, Mend, mends};
use crate::pve::{AclPath, Principal, Subject, TokenId};

pub static RULE: Rule = Rule {
    name: "powerless-token",
    severity: Severity::Error,
    summary: "a token with privilege separation may do nothing",
    why: "With privilege separation, which is Proxmox VE's default, a token may do only what is granted to its user *and* to \
          the token itself. One without a grant of its own is let in and gets empty answers: the dashboard shows zeros, not an \
          error.",
    mend: "Grant to the token what it shall do, within what its user may do, or let it do all that its user may: \
           `pveum user token modify USER@REALM NAME --privsep 0`. `pve-access permissions TOKEN --why` tells what is missing.",
    example: "user:api@pam:1:0::::::\n\
              token:api@pam!homepage:0:1::\n\
              acl:1:/:api@pam:PVEAuditor:\n",
    needs: &[Blind::Accounts, Blind::Grants, Blind::Pools],
    check,
};

fn check(view: &View<'_>) -> Vec<Finding> {
    let is_nothing = |Entry { path, here, below }: Entry<'_>| {
        // Below a guest there is nothing.
        here.is_empty() && (below.is_empty() || path.parse().is_ok_and(|path: AclPath| path.is_leaf()))
    };
    let may_do_nothing = |token: &TokenId| {
        let outline = view.everyone.outline(&Principal::Token(token.clone()));
        outline.is_some_and(|outline| outline.entries().all(is_nothing))
    };
    view.separated().filter(|token| may_do_nothing(token)).map(|token| finding(token, view)).collect()
}

fn finding(token: &TokenId, view: &View<'_>) -> Finding {
    let user = token.user();
    let own = Subject::Token(token.clone());
    let place = place(token, view);
    let because = match (view.granted(&own).next(), &place) {
        (None, Some(_)) => "nothing is granted to the token itself".to_owned(),
        (None, None) => format!("nothing is granted to it, and {user} may do nothing either"),
        (Some(_), Some(_)) => format!("what is granted to it, {user} does not hold there"),
        (Some(_), None) => format!("its user {user} may do nothing"),
    };
    let objects = vec![Object::Token(token.clone())];
    let finding = Finding::new(objects, format!("{token} may do nothing: {because}"));
    let Some(place) = place else { return finding };
    let explanation = view.evaluator.explain(&Principal::Token(token.clone()), &place);
    let cures = mends(token, &[explanation], view.state).into_iter().map(|mend| match mend {
        Mend::Grant(grant, propagate) => Cure::Grant(grant, propagate),
        Mend::Revoke(grant) => Cure::Revoke(grant),
    });
    finding.cured(Effect::Some, cures.collect())
}

/// Where the token could do something: the first path at which its user may, which of root@pam is the top.
fn place(token: &TokenId, view: &View<'_>) -> Option<String> {
    let user = view.everyone.outline(&Principal::User(token.user().clone()))?;
    user.entries().find(|entry| !entry.here.is_empty()).map(|entry| entry.path)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::{cures, found};

    const USER: &str =
        "user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:1::\ngroup:ops:ann@pve::\nacl:1:/vms:@ops:PVEVMUser:\n";

    #[test]
    fn what_is_granted_to_neither_or_to_one_is_nothing() {
        let told = |lines: &str| found(&RULE, &format!("{USER}{lines}"));
        assert_eq!(told(""), ["ann@pve!ci may do nothing: nothing is granted to the token itself"]);
        assert_eq!(
            told("acl:1:/nodes:ann@pve!ci:PVEAuditor:\n"),
            ["ann@pve!ci may do nothing: what is granted to it, ann@pve does not hold there"]
        );
        assert_eq!(told("acl:1:/vms/100:ann@pve!ci:PVEVMUser:\n"), [""; 0]);
        assert_eq!(
            found(&RULE, "user:bob@pve:1\ntoken:bob@pve!ci:0:1\nacl:1:/:bob@pve!ci:PVEAuditor:\n"),
            ["bob@pve!ci may do nothing: its user bob@pve may do nothing"]
        );
        assert_eq!(found(&RULE, "user:bob@pve:1\ntoken:bob@pve!ci:0:0\n"), [""; 0], "not separated");
    }

    #[test]
    fn what_its_user_holds_first_is_offered() {
        assert_eq!(cures(&RULE, USER), ["Grant PVEVMUser on /vms to ann@pve!ci"]);
        assert_eq!(cures(&RULE, "token:root@pam!ci:0:1\n"), ["Grant PVEAuditor on / to root@pam!ci"]);
    }
}
