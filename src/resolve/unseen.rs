//! What the files speak of, is not visible, and may be there all the same.

use std::collections::BTreeSet;

use crate::desired::Desired;
use crate::live::{Blind, Snapshot};
use crate::model::AccessState;
use crate::pve::TokenId;

/// The kinds of things that the reader of `live` cannot see completely and that it matters to see for reaching
/// `target`: something declared is not visible, or a deletion would take along what nobody sees. Where secrets are not
/// renewed in place, those `renewed` are deleted, too.
pub(super) fn unseen(
    desired: &Desired,
    live: &Snapshot,
    target: &AccessState,
    renewed: &BTreeSet<TokenId>,
) -> BTreeSet<Blind> {
    let Desired { cluster: _, lint: _, roles: _, groups, users, tokens, acl, policies: _ } = desired;
    let seen = &live.state;
    let remakes = !renewed.is_empty() && !seen.release.renews_in_place();
    let deletes = remakes
        || seen.tokens.keys().any(|token| !target.tokens.contains_key(token))
        || seen.users.keys().any(|user| !target.users.contains_key(user))
        || seen.groups.keys().any(|group| !target.groups.contains_key(group))
        || seen.roles.keys().any(|role| !target.roles.contains_key(role));
    let hidden = live.sight.hidden();
    let group_is_missing = || groups.keys().any(|group| !seen.groups.contains_key(group));
    let matters = |kind: &Blind| match kind {
        Blind::Accounts => {
            // A hidden group may be known from its members alone, and what is said of it then is not what it is.
            groups
                .keys()
                .any(|group| !seen.groups.contains_key(group) || target.groups.get(group) != seen.groups.get(group))
                || users.keys().any(|user| !seen.users.contains_key(user))
                || tokens.keys().any(|token| !seen.tokens.contains_key(token))
        }
        Blind::Grants => {
            // A grant can hide a single group from a reader who sees all others.
            let may_hide = !hidden.contains(&Blind::Accounts) && group_is_missing();
            deletes || may_hide || acl.keys().any(|grant| !seen.acl.contains_key(grant))
        }
        // Nothing that is declared relies on these.
        Blind::Pools | Blind::Realms => false,
    };
    hidden.iter().copied().filter(matters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{self, File};
    use crate::live::Sight;
    use crate::model::user_cfg;
    use crate::pve::Release;
    use crate::resolve::target::target;

    const LIVE: &str = "user:ann@pve:1:0::::::\ntoken:ann@pve!tok:0:1::\nuser:bob@pve:1:0::::::\n\
                        group:ops:ann@pve::\nrole:R:VM.Audit:\nacl:1:/:@ops:R:\n";

    fn unseen_for(text: &str) -> Vec<Blind> {
        unseen_without(&[Blind::Accounts, Blind::Grants, Blind::Pools], text)
    }

    fn unseen_without(hidden: &[Blind], text: &str) -> Vec<Blind> {
        let desired = desired::parse(vec![File { path: "x.yaml".into(), text: format!("version: 1\n{text}") }]);
        assert!(!desired.findings.has_errors(), "{:?}", desired.findings);
        let live = Snapshot {
            state: user_cfg::read(LIVE.as_bytes(), Release::MEASURED).state,
            sight: Sight::Partial(hidden.iter().copied().collect()),
            reader: None,
            cluster: "test".to_owned(),
            lock: None,
            ignored: Vec::new(),
        };
        let target = target(&desired.desired, &live.state);
        unseen(&desired.desired, &live, &target, &BTreeSet::new()).into_iter().collect()
    }

    #[test]
    fn what_is_seen_needs_no_better_sight() {
        assert_eq!(unseen_for(""), []);
        assert_eq!(
            unseen_for(
                "users: {ann@pve: {comment: x}}\ngroups: {ops: {}}\ntokens: {ann@pve!tok: {}}\nacl: [{path: /, roles: R, groups: ops}]"
            ),
            []
        );
    }

    #[test]
    fn what_is_declared_and_not_seen_may_be_there() {
        for text in
            ["users: {eve@pve: {}}", "groups: {dev: {state: absent}}", "tokens: {bob@pve!tok: {secret: {file: x}}}"]
        {
            assert_eq!(unseen_for(text), [Blind::Accounts], "{text}");
        }
        assert_eq!(unseen_for("acl: [{path: /vms, roles: R, groups: ops, state: absent}]"), [Blind::Grants]);
    }

    /// A hidden group is known from its members, without its comment.
    #[test]
    fn what_changes_of_a_group_may_be_so_already() {
        assert_eq!(unseen_for("groups: {ops: {comment: On call}}"), [Blind::Accounts]);
    }

    /// With User.Modify on /access/groups one sees all users, and each group at which no hidden grant takes that away.
    #[test]
    fn a_hidden_grant_may_hide_a_group() {
        let unseen = |text| unseen_without(&[Blind::Grants], text);
        assert_eq!(unseen("groups: {dev: {comment: x}}"), [Blind::Grants]);
        assert_eq!(unseen("groups: {dev: {state: absent}}"), [Blind::Grants]);
        assert_eq!(unseen("groups: {ops: {comment: x}}\nusers: {eve@pve: {}}"), []);
    }

    #[test]
    fn what_is_deleted_may_take_along_what_nobody_sees() {
        for text in [
            "users: {bob@pve: {state: absent}}",
            "roles: {R: {state: absent}}",
            "tokens: {ann@pve!tok: {state: absent}}",
        ] {
            assert_eq!(unseen_for(text), [Blind::Grants], "{text}");
        }
        // A group takes along members that are hidden, too.
        assert_eq!(unseen_for("groups: {ops: {state: absent}}"), [Blind::Accounts, Blind::Grants]);
    }
}
