//! The file that a cluster keeps its access control in grows over its limit (api-facts.md, Limits that matter for size).

use crate::model::AccessState;
use crate::model::user_cfg::{self, FILE_LIMIT};
use crate::plan::growth::Growth;
use crate::plan::step::Step;
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

/// How often the file is measured as soon as it might be too large; from then on, only after so many steps more.
const CLOSELY: usize = 100;
const STRIDE: usize = 64;

/// `steps`, begun at `live`, write a file that is too large.
///
/// It is too large after any of them or not at all: what comes later may make it smaller again, but the server would not
/// get there. It is measured as soon as it might be; where it is almost full for hundreds of steps, the step that is named
/// may be up to 64 steps late.
pub(super) fn size(live: &AccessState, steps: &[Step]) -> Option<Oversize> {
    let measure = |state: &AccessState| user_cfg::write(state).len();
    let now = measure(live);
    let mut room = FILE_LIMIT.checked_sub(now);
    let mut growth = Growth::new(live);
    let mut state = live.clone();
    let mut too_large = None;
    let (mut measured, mut next) = (0, 0);
    for (at, Step { op, .. }) in steps.iter().enumerate() {
        op.apply_to(&mut state);
        if too_large.is_some() {
            continue;
        }
        let most = growth.most_by(op);
        room = room.and_then(|room| room.checked_sub(most));
        if room.is_none() && (at >= next || at + 1 == steps.len()) {
            let bytes = measure(&state);
            room = FILE_LIMIT.checked_sub(bytes);
            too_large = room.is_none().then_some((at, bytes));
            measured += 1;
            next = if measured < CLOSELY { 0 } else { at + STRIDE };
        }
    }
    let (at, bytes) = too_large?;
    Some(Oversize { turn: Turn::of(at, steps)?, bytes, now, finally: measure(&state) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, Role};
    use crate::plan::op::Op;
    use crate::plan::step::narrate;
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
        assert_eq!(size(&live, &narrate(made(5..10), &live)), None);
        let found = size(&live, &narrate(made(5..13), &live)).unwrap();
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
        let found = size(&live, &narrate(ops, &live)).unwrap();
        assert_eq!((found.turn.number, found.finally < FILE_LIMIT), (6, true), "{found:?}");
    }
}
