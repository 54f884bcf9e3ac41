//! Requests in parts, and parts in requests.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::batch::AclBatch;
use crate::plan::op::{Account, Op};
use crate::pve::{Subject, UserId};

/// How many parts a batch is taken into at most, for each is a request.
const MOST_PARTS: usize = 256;

/// Each of the batches at `places` in two: what names `own`, and the rest before it.
pub(super) fn apart(ops: Vec<Op>, places: &BTreeSet<usize>, own: &BTreeSet<Subject>) -> Vec<Op> {
    let part = |(at, op): (usize, Op)| match &op {
        Op::Grant { batch, .. } | Op::Revoke { batch } if places.contains(&at) => {
            let parts = [batch.besides(own), batch.among(own)].into_iter().flatten();
            parts.map(|part| with_batch(&op, part)).collect()
        }
        _ => vec![op],
    };
    ops.into_iter().enumerate().flat_map(part).collect()
}

/// The same with the ops at `places` in the smallest parts that there are; `None` where they are that already.
pub(super) fn finer(ops: &[Op], places: &BTreeSet<usize>) -> Option<Vec<Op>> {
    let mut finer: Vec<Op> = Vec::new();
    let mut joining: BTreeMap<UserId, BTreeSet<_>> = BTreeMap::new();
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Grant { batch, .. } | Op::Revoke { batch } if places.contains(&at) => {
                let cells = batch.cells();
                if cells.len() > MOST_PARTS {
                    finer.push(op.clone());
                } else {
                    finer.extend(cells.into_iter().map(|cell| with_batch(op, cell)));
                }
            }
            Op::CreateUser { user, account: Account { user: attributes, groups } }
                if places.contains(&at) && !groups.is_empty() =>
            {
                joining.insert(user.clone(), groups.clone());
                let account = Account { user: attributes.clone(), groups: BTreeSet::new() };
                finer.push(Op::CreateUser { user: user.clone(), account: account.clone() });
                let after = Account { groups: groups.clone(), ..account.clone() };
                finer.push(Op::SetUser { user: user.clone(), before: account, after });
            }
            // It leaves groups that wait for its name, and joins the others by the same request.
            Op::SetUser { user, before, after } if joining.contains_key(user) => {
                let joined = joining.remove(user).unwrap_or_default();
                finer.retain(|op| !matches!(op, Op::SetUser { user: other, .. } if other == user));
                let groups = before.groups.difference(&joined).cloned().collect();
                let before = Account { groups, ..before.clone() };
                finer.push(Op::SetUser { user: user.clone(), before, after: after.clone() });
            }
            Op::SetUser { user, before, after } if places.contains(&at) => {
                finer.extend(set_in_parts(user, before, after));
            }
            other => finer.push(other.clone()),
        }
    }
    finer.sort_by_key(Op::phase);
    (finer.len() > ops.len()).then_some(finer)
}

/// Leaving groups, changing, joining others; changing first where it shuts somebody out and last where it lets somebody
/// in.
fn set_in_parts(user: &UserId, before: &Account, after: &Account) -> Vec<Op> {
    let staying: BTreeSet<_> = before.groups.intersection(&after.groups).cloned().collect();
    let with =
        |attributes: &Account, groups: &BTreeSet<_>| Account { user: attributes.user.clone(), groups: groups.clone() };
    let stages = if after.user.enable < before.user.enable || after.user.expire < before.user.expire {
        [with(after, &before.groups), with(after, &staying), after.clone()]
    } else {
        [with(before, &staying), with(before, &after.groups), after.clone()]
    };
    let mut ops = Vec::new();
    let mut now = before.clone();
    for next in stages {
        if next != now {
            ops.push(Op::SetUser { user: user.clone(), before: now, after: next.clone() });
        }
        now = next;
    }
    ops
}

fn with_batch(op: &Op, batch: AclBatch) -> Op {
    match op {
        Op::Grant { batch: _, propagate } => Op::Grant { batch, propagate: *propagate },
        _ => Op::Revoke { batch },
    }
}

/// The same with neighbours in one request where one can say both.
pub(super) fn coarser(ops: Vec<Op>) -> Vec<Op> {
    let mut ops = ops;
    loop {
        let number = ops.len();
        let mut joined: Vec<Op> = Vec::with_capacity(number);
        for op in ops {
            match joined.last().and_then(|last| both(last, &op)) {
                Some(both) => {
                    joined.pop();
                    joined.push(both);
                }
                None => joined.push(op),
            }
        }
        if joined.len() == number {
            return joined;
        }
        ops = joined;
    }
}

fn both(first: &Op, second: &Op) -> Option<Op> {
    match (first, second) {
        (Op::Grant { batch, propagate }, Op::Grant { batch: other, propagate: same }) if propagate == same => {
            Some(Op::Grant { batch: batch.with(other)?, propagate: *propagate })
        }
        (Op::Revoke { batch }, Op::Revoke { batch: other }) => Some(Op::Revoke { batch: batch.with(other)? }),
        (Op::SetUser { user, before, after: _ }, Op::SetUser { user: same, before: _, after }) if user == same => {
            Some(Op::SetUser { user: user.clone(), before: before.clone(), after: after.clone() })
        }
        _ => None,
    }
}
