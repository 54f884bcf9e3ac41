//! What the files speak of, is not visible, and may be there all the same.

use std::collections::BTreeSet;

use crate::desired::Desired;
use crate::live::{Blind, Snapshot};
use crate::model::AccessState;

/// The kinds of things that the reader of `live` cannot see completely and that it matters to see for reaching
/// `target`: something declared is not visible, or a deletion would take along what nobody sees.
pub(super) fn unseen(desired: &Desired, live: &Snapshot, target: &AccessState) -> BTreeSet<Blind> {
    let Desired { cluster: _, roles: _, groups, users, tokens, acl } = desired;
    let seen = &live.state;
    let deletes = seen.tokens.keys().any(|token| !target.tokens.contains_key(token))
        || seen.users.keys().any(|user| !target.users.contains_key(user))
        || seen.groups.keys().any(|group| !target.groups.contains_key(group))
        || seen.roles.keys().any(|role| !target.roles.contains_key(role));
    let matters = |kind: &Blind| match kind {
        Blind::Accounts => {
            groups.keys().any(|group| !seen.groups.contains_key(group))
                || users.keys().any(|user| !seen.users.contains_key(user))
                || tokens.keys().any(|token| !seen.tokens.contains_key(token))
        }
        Blind::Grants => deletes || acl.keys().any(|grant| !seen.acl.contains_key(grant)),
        // Nothing that is declared relies on pools.
        Blind::Pools => false,
    };
    live.sight.hidden().iter().copied().filter(matters).collect()
}
