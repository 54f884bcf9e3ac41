//! Grants to a separated token of what its user does not hold.

use std::collections::BTreeSet;

use crate::lint::finding::{Cure, Effect, Finding, Object};
use crate::lint::naming::some;
use crate::lint::removal::{Removal, harmless};
use crate::lint::rule::{Rule, Severity};
use crate::lint::view::View;
use crate::live::Blind;
use crate::model::{Grant, Propagate};
use crate::permissions::Outline;
use crate::pve::{AclPath, Principal, Privilege, Subject};

pub static RULE: Rule = Rule {
    name: "token-beyond-user",
    severity: Severity::Note,
    summary: "a separated token is granted what its user does not hold",
    why: "It has no effect now: such a token may do only what its user may do too. But the day the user is granted more, the \
          token gets it as well, and nobody looks at tokens then. Told of are privileges that the user holds neither at the \
          path nor, where the grant reaches below, anywhere below it. A token that may do nothing at all is told of by \
          `powerless-token`.",
    mend: "Grant to the token a role that holds no more than it needs, or take back the grant.",
    example: "user:ann@pve:1:0::::::\n\
              token:ann@pve!ci:0:1::\n\
              acl:1:/vms:ann@pve:PVEVMUser:\n\
              acl:1:/vms:ann@pve!ci:PVEVMAdmin:\n",
    needs: &[Blind::Accounts, Blind::Grants, Blind::Pools],
    check,
};

/// A grant, and what of it the user does not hold.
struct Beyond<'v> {
    removal: Removal<'v>,
    privs: BTreeSet<&'v Privilege>,
    is_whole: bool,
}

fn check(view: &View<'_>) -> Vec<Finding> {
    let mut beyond: Vec<Beyond<'_>> = Vec::new();
    for (subject, entries) in view.subjects() {
        let Subject::Token(token) = subject else { continue };
        let is_separated = view.state.tokens.get(token).is_some_and(|token| token.privsep.is_yes());
        let who = Principal::Token(token.clone());
        let may_do_nothing = view.everyone.outline(&who).is_none_or(Outline::is_empty);
        if token.user().is_root() || !is_separated || may_do_nothing {
            continue;
        }
        let Some(user) = view.everyone.outline(&Principal::User(token.user().clone())) else { continue };
        for (path, entry) in entries {
            for (grant, propagate) in entry {
                let Some(role) = view.state.roles.get(&grant.role) else { continue };
                let here = user.at(path.as_str());
                if role.privs.iter().all(|privilege| here.contains_key(privilege)) {
                    continue;
                }
                let held = held(user, path, *propagate);
                let privs: BTreeSet<&Privilege> =
                    role.privs.iter().filter(|privilege| !held.contains(*privilege)).collect();
                if !privs.is_empty() {
                    let is_whole = privs.len() == role.privs.len();
                    beyond.push(Beyond { removal: Removal { path, subject, grants: vec![grant] }, privs, is_whole });
                }
            }
        }
    }
    let (whole, part): (Vec<Beyond<'_>>, Vec<Beyond<'_>>) = beyond.into_iter().partition(|beyond| beyond.is_whole);
    let removals: Vec<Removal<'_>> = whole.iter().map(|beyond| beyond.removal.clone()).collect();
    let whole = whole.iter().zip(harmless(view, &removals));
    let found = whole.chain(part.iter().map(|beyond| (beyond, false)));
    found.flat_map(|(beyond, harmless)| finding(beyond, harmless)).collect()
}

/// What a user holds where a grant at `path` to its token counts; what is granted at a pool counts at its members.
fn held(user: &Outline<'_>, path: &AclPath, propagate: Propagate) -> BTreeSet<Privilege> {
    let is_pool = path.words().next() == Some("pool");
    let start = format!("{}/", path.as_str().trim_end_matches('/'));
    let counts = |place: &str| is_pool || propagate.is_yes() && place.starts_with(&start);
    let below = user.entries().filter(|entry| counts(&entry.path)).flat_map(|entry| [entry.here, entry.below]);
    let here = [user.at(path.as_str()), user.below(path.as_str())];
    below.chain(here).flat_map(|held| held.keys().cloned()).collect()
}

fn finding(Beyond { removal, privs, is_whole }: &Beyond<'_>, harmless: bool) -> Option<Finding> {
    let Subject::Token(token) = removal.subject else { return None };
    let Grant { path, subject: _, role } = removal.grants.first()?;
    let user = token.user();
    let message = if *is_whole {
        format!("{token} is granted {role} on {path}, of which {user} holds nothing there")
    } else {
        format!("{token} is granted {role} on {path}, of which {user} does not hold {}", some(privs))
    };
    let grants = || removal.grants.iter().map(|grant| (*grant).clone());
    let objects = grants().map(Object::Grant).chain([Object::Token(token.clone())]);
    let finding = Finding::new(objects.collect(), message);
    Some(if harmless { finding.cured(Effect::None, grants().map(Cure::Revoke).collect()) } else { finding })
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::lint::tests::{cures, found};

    fn file(lines: &str) -> String {
        format!(
            "user:ann@pve:1\ntoken:ann@pve!ci:0:1\nacl:1:/vms:ann@pve:PVEVMUser:\nacl:1:/vms/9999:ann@pve!ci:PVEVMUser:\n{lines}"
        )
    }

    fn told(lines: &str) -> Vec<String> {
        found(&RULE, &file(lines))
    }

    #[test]
    fn a_part_and_the_whole_are_told_apart() {
        assert_eq!(
            told("role:Two:VM.Audit,VM.Allocate\nacl:1:/vms:ann@pve!ci:Two:\n"),
            ["ann@pve!ci is granted Two on /vms, of which ann@pve does not hold VM.Allocate"]
        );
        assert_eq!(
            told("acl:1:/nodes:ann@pve!ci:PVEAuditor:\n"),
            ["ann@pve!ci is granted PVEAuditor on /nodes, of which ann@pve holds nothing there"]
        );
    }

    #[test]
    fn what_its_user_holds_further_down_is_not_beyond_it() {
        for lines in [
            "acl:1:/:ann@pve!ci:PVEVMUser:\n",
            "acl:1:/vms/100:ann@pve!ci:PVEVMUser:\n",
            "pool:p::100\nacl:0:/pool/p:ann@pve!ci:PVEVMUser:\n",
            "token:root@pam!ci:0:1\nacl:1:/nodes:root@pam!ci:PVEAuditor:\n",
            "token:ann@pve!full:0:0\nacl:1:/nodes:ann@pve!full:PVEAuditor:\n",
        ] {
            assert_eq!(told(lines), [""; 0], "{lines}");
        }
        assert_eq!(told("acl:0:/:ann@pve!ci:PVEVMUser:\n").len(), 1, "it does not reach there");
    }

    #[test]
    fn only_what_hides_nothing_is_to_go() {
        assert_eq!(
            cures(&RULE, &file("acl:1:/nodes:ann@pve!ci:PVEAuditor:\n")),
            ["Revoke PVEAuditor on /nodes to ann@pve!ci"]
        );
        let hiding = file("acl:1:/vms:ann@pve!ci:PVEVMUser:\nacl:1:/vms/100:ann@pve!ci:PVEDatastoreAdmin:\n");
        assert_eq!(found(&RULE, &hiding).len(), 1);
        assert_eq!(cures(&RULE, &hiding), [""; 0]);
    }
}
