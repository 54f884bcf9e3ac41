//! Changes that need no closer look.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Propagate;
use crate::plan::op::Op;
use crate::pve::{AclPath, RoleId, Subject};

/// Whose grants hide whose, at one path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tier {
    User,
    Groups,
    Token,
}

/// What is known of the changes at one path so far.
struct Change {
    tier: Tier,
    has_revoked: bool,
}

/// Whether `ops`, in this order, give to whoever has the grants to `subjects` nothing that it has neither before nor after
/// all of them, whatever else is granted to it of `granted`.
///
/// So it is where grants of one tier are made and then others revoked, at paths of which none is above another: at each
/// place there are at first all that were there, with or without new ones, and then all that will be, with or without
/// former ones. What is hidden stays hidden, and what is inherited is inherited before or after too. A pool adds, and
/// what a token holds of what its user does is bounded alike, if only one of the two changes. NoAccess takes
/// away what others give, and is left to the closer look.
pub(super) fn is_plain<'o>(
    ops: impl IntoIterator<Item = &'o Op>,
    subjects: &BTreeSet<Subject>,
    mut granted: impl Iterator<Item = &'o RoleId>,
    current: impl Fn(&AclPath, &Subject, &RoleId) -> Option<Propagate>,
) -> bool {
    if granted.any(denies) {
        return false;
    }
    let mut changes: BTreeMap<&AclPath, Change> = BTreeMap::new();
    for op in ops {
        let (batch, propagate) = match op {
            Op::Grant { batch, propagate } => (batch, Some(*propagate)),
            Op::Revoke { batch } => (batch, None),
            // Nobody has it yet.
            Op::CreateRole { .. } => continue,
            _ => return false,
        };
        let named: Vec<&Subject> = subjects.iter().filter(|subject| batch.subjects().contains(*subject)).collect();
        for subject in named {
            let tier = match subject {
                Subject::User(_) => Tier::User,
                Subject::Group(_) => Tier::Groups,
                Subject::Token(_) => Tier::Token,
            };
            let change = changes.entry(batch.path()).or_insert(Change { tier, has_revoked: false });
            let is_late = propagate.is_some() && change.has_revoked;
            change.has_revoked |= propagate.is_none();
            // A grant that changes in place is gone for one of the two reaches before others have come.
            let changes_in_place =
                |role: &RoleId| propagate.is_some() && current(batch.path(), subject, role).is_some();
            if change.tier != tier || is_late || batch.roles().iter().any(|role| denies(role) || changes_in_place(role))
            {
                return false;
            }
        }
    }
    let tokens = changes.values().filter(|change| change.tier == Tier::Token).count();
    let is_one_sided = tokens == 0 || tokens == changes.len();
    is_one_sided && !are_nested(changes.keys())
}

/// Whether any of `paths` is above another.
fn are_nested<'p>(paths: impl Iterator<Item = &'p &'p AclPath> + Clone) -> bool {
    let known: BTreeSet<&str> = paths.clone().map(|path| path.as_str()).collect();
    let is_below = |path: &&AclPath| {
        let above = path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at.max(1)]);
        above.filter(|above| *above != path.as_str()).any(|above| known.contains(above))
    };
    let mut paths = paths.copied();
    paths.any(|path| is_below(&path))
}

fn denies(role: &RoleId) -> bool {
    role.as_str() == "NoAccess"
}
