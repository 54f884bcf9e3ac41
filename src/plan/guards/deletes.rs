//! More is deleted than anybody means to: a file that was cut short, a wrong folder, a wrong cluster.

use std::collections::BTreeSet;

use crate::desired::Kind;
use crate::diff::{Delta, Diff};
use crate::model::{AccessState, Origin};
use crate::plan::op::Op;
use crate::plan::step::Step;

/// A share of this many hundredths may go without a word.
const MOST_HUNDREDTHS: usize = 30;

/// Of fewer than this, any share may: one of three groups is nothing unusual.
const FEWEST: usize = 10;

/// The kinds of which too much is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletions {
    /// Each with its share; never empty.
    pub shares: Vec<Share>,
}

/// How much of a kind is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Of what; of roles, the custom ones alone count.
    pub kind: Kind,
    /// How many go, asked for or along with something else.
    pub deleted: usize,
    /// How many there are.
    pub of: usize,
    /// The numbers of the steps that delete them, from 1.
    pub steps: BTreeSet<usize>,
}

impl Share {
    /// In hundredths, rounded up: what is too much never looks as if it were not.
    #[must_use]
    pub fn hundredths(&self) -> usize {
        (self.deleted * 100).div_ceil(self.of.max(1))
    }

    fn is_too_much(&self) -> bool {
        self.of >= FEWEST && self.deleted * 100 > self.of * MOST_HUNDREDTHS
    }
}

/// `steps` delete too much of what is in `live`.
pub(super) fn deletes(live: &AccessState, diff: &Diff, steps: &[Step]) -> Option<Deletions> {
    // Memberships are no objects, and realms and pools cannot be declared.
    let Diff { realms: _, roles, groups, users, tokens, memberships: _, pools: _, acl } = diff;
    let custom = live.roles.values().filter(|role| role.origin == Origin::Custom).count();
    let counts = [
        (Kind::Roles, gone(roles.values()), custom),
        (Kind::Groups, gone(groups.values()), live.groups.len()),
        (Kind::Users, gone(users.values()), live.users.len()),
        (Kind::Tokens, gone(tokens.values()), live.tokens.len()),
        (Kind::Acl, gone(acl.values()), live.acl.len()),
    ];
    let shares = counts
        .into_iter()
        .map(|(kind, deleted, of)| Share { kind, deleted, of, steps: BTreeSet::new() })
        .filter(Share::is_too_much)
        .map(|share| Share { steps: steps_deleting(share.kind, steps), ..share })
        .collect::<Vec<_>>();
    (!shares.is_empty()).then_some(Deletions { shares })
}

fn gone<'a, T: 'a>(deltas: impl Iterator<Item = &'a Delta<T>>) -> usize {
    deltas.filter(|delta| delta.after().is_none()).count()
}

fn steps_deleting(kind: Kind, steps: &[Step]) -> BTreeSet<usize> {
    let deletes = |step: &Step| match kind {
        Kind::Roles => matches!(step.op, Op::DeleteRole { .. }),
        Kind::Groups => matches!(step.op, Op::DeleteGroup { .. }),
        Kind::Users => matches!(step.op, Op::DeleteUser { .. }),
        Kind::Tokens => matches!(step.op, Op::DeleteToken { .. }) || !step.along.tokens.is_empty(),
        Kind::Acl => matches!(step.op, Op::Revoke { .. }) || !step.along.grants.is_empty(),
    };
    (1..).zip(steps).filter(|(_, step)| deletes(step)).map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::model::user_cfg;
    use crate::pve::Release;

    fn shares(groups: usize, deleted: usize) -> Vec<(Kind, usize, usize, usize)> {
        let lines: String = (0..groups).map(|at| format!("group:g{at}:::\n")).collect();
        let live = user_cfg::read(lines.as_bytes(), Release::MEASURED).state;
        let mut target = live.clone();
        let ops: Vec<Op> =
            live.groups.keys().take(deleted).map(|group| Op::DeleteGroup { group: group.clone() }).collect();
        ops.iter().for_each(|op| _ = op.apply_to(&mut target));
        let steps = crate::plan::step::narrate(ops, &live);
        let found = deletes(&live, &diff(&live, &target), &steps);
        let shares = found.map(|found| found.shares).unwrap_or_default();
        shares.iter().map(|share| (share.kind, share.deleted, share.hundredths(), share.steps.len())).collect()
    }

    #[test]
    fn more_than_thirty_hundredths_of_ten_are_too_much() {
        assert_eq!(shares(10, 4), [(Kind::Groups, 4, 40, 4)]);
        assert_eq!(shares(10, 3), []);
        assert_eq!(shares(9, 9), []);
        assert_eq!(shares(1000, 301), [(Kind::Groups, 301, 31, 301)]);
    }
}
