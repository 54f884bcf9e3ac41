//! Policies that are about nobody.

use crate::desired::{Asserted, Desired, Whom};
use crate::diagnostic::{Diagnostic, Findings};
use crate::live::{Blind, Snapshot};
use crate::model::{AccessState, Sense};
use crate::pve::{GroupId, Principal};

/// Warns of patterns that match nobody who will be there: they are probably misspelt.
///
/// Who is named in full and shall always hold something is not among them: that policy is broken.
pub(super) fn check(desired: &Desired, live: &Snapshot, target: &AccessState, findings: &mut Findings) {
    if desired.policies.is_empty() {
        return;
    }
    let hidden = live.sight.hidden().contains(&Blind::Accounts);
    let users = target.users.keys().cloned().map(Principal::User);
    let everybody: Vec<Principal> = users.chain(target.tokens.keys().cloned().map(Principal::Token)).collect();
    for Asserted { policy, span: _, who, never: _, always: _ } in &desired.policies {
        for (whom, span) in policy.who.iter().zip(who) {
            let is_idle = || !everybody.iter().any(|who| whom.matches(who, target.groups_of(who.user())));
            let is_judged = whom.named().is_some() && !policy.always.is_empty();
            if whom.sense == Sense::Exclude || is_judged || !is_idle() {
                continue;
            }
            let warning = Diagnostic::warning(*span, format!("`{whom}` matches nobody"));
            findings.push(match because(whom, target) {
                _ if hidden => warning.help("or nobody that can be seen: not all users, groups and tokens are visible"),
                Some(because) => warning.help(because),
                None => warning,
            });
        }
    }
}

fn because(whom: &Whom, target: &AccessState) -> Option<String> {
    let group: GroupId = whom.to_string().strip_prefix('@')?.parse().ok()?;
    Some(if target.groups.contains_key(&group) {
        format!("the group `{group}` has no members")
    } else {
        format!("there is no group `{group}`")
    })
}
