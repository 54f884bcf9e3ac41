//! The file that a cluster keeps its access control in grows over its limit (api-facts.md, Limits that matter for size).

use crate::model::AccessState;
use crate::model::user_cfg::{self, FILE_LIMIT};
use crate::plan::op::{Op, Phase};
use crate::plan::step::Turn;

/// user.cfg would not fit any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// The first step that the server would refuse for it.
    pub turn: Turn,
    /// How large the file would be then, in bytes.
    pub bytes: usize,
    /// How large it is now, in bytes.
    pub now: usize,
    /// How large it would be after the last step, in bytes: what is deleted on the way may make room again.
    pub finally: usize,
}

/// `ops`, begun at `live`, write a file that is too large.
///
/// The file is largest where something is deleted after something was added, or at the end; only there it is measured.
pub(super) fn size(live: &AccessState, ops: &[Op]) -> Option<Oversize> {
    let mut state = live.clone();
    let (mut too_large, mut finally) = (None, 0);
    let mut begin = (0, live.clone());
    for (at, op) in ops.iter().enumerate() {
        op.apply_to(&mut state);
        let next = ops.get(at + 1);
        if next.is_none_or(|next| shrinks(next) && !shrinks(op)) {
            finally = user_cfg::write(&state).len();
            if finally > FILE_LIMIT && too_large.is_none() {
                too_large = Some(first(&begin.1, &ops[begin.0..=at]).map(|(number, bytes)| (begin.0 + number, bytes)));
            }
            begin = (at + 1, state.clone());
        }
    }
    let (number, bytes) = too_large??;
    let turn = Turn::of(number - 1, ops)?;
    Some(Oversize { turn, bytes, now: user_cfg::write(live).len(), finally })
}

/// The number of the first of `ops`, from 1, after which the file is too large, if it is after the last.
fn first(begin: &AccessState, ops: &[Op]) -> Option<(usize, usize)> {
    let after = |number: usize| {
        let mut state = begin.clone();
        ops[..number].iter().for_each(|op| _ = op.apply_to(&mut state));
        user_cfg::write(&state).len()
    };
    let numbers: Vec<usize> = (1..=ops.len()).collect();
    let number = *numbers.get(numbers.partition_point(|&number| after(number) <= FILE_LIMIT))?;
    Some((number, after(number)))
}

/// Whether what it does makes the file smaller, for the most part.
fn shrinks(op: &Op) -> bool {
    op.phase() >= Phase::Revoke
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Role};
    use crate::pve::{Privilege, Release, RoleId};

    fn role(at: usize) -> RoleId {
        format!("R{at}-{}", "x".repeat(100_000)).parse().unwrap()
    }

    fn state(roles: usize) -> AccessState {
        let mut state = AccessState::empty(Release::MEASURED);
        let privs: std::collections::BTreeSet<Privilege> = ["VM.Audit".parse().unwrap()].into();
        state.roles.extend((0..roles).map(|at| (role(at), Role { privs: privs.clone(), origin: Origin::Custom })));
        state
    }

    fn made(roles: std::ops::Range<usize>) -> Vec<Op> {
        roles.map(|at| Op::CreateRole { role: role(at), privs: ["VM.Audit".parse().unwrap()].into() }).collect()
    }

    #[test]
    fn the_first_step_that_does_not_fit_is_named() {
        let live = state(5);
        assert_eq!(size(&live, &made(5..10)), None);
        let found = size(&live, &made(5..13)).unwrap();
        assert_eq!(
            (found.turn.number, found.bytes > FILE_LIMIT, found.finally > found.bytes),
            (6, true, true),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_deleted_later_makes_no_room_in_time() {
        let live = state(5);
        let gone = (0..5).map(|at| Op::DeleteRole { role: role(at) });
        let ops: Vec<Op> = made(5..11).into_iter().chain(gone).collect();
        let found = size(&live, &ops).unwrap();
        assert_eq!((found.turn.number, found.finally < FILE_LIMIT), (6, true), "{found:?}");
    }
}
