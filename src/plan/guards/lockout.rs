//! Nobody could finish or undo it any more.

use crate::model::AccessState;
use crate::permissions::Evaluator;
use crate::plan::Aim;
use crate::plan::exposure::Index;
use crate::plan::op::Op;
use crate::plan::power::{Loss, Power};
use crate::plan::step::Step;
use crate::plan::step::Turn;
use crate::pve::{Principal, UserId};

/// Who would be kept out, and by which step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lockout {
    /// The one who applies would lose what it needs.
    Reader {
        /// Who.
        who: Principal,
        /// How.
        loss: Loss,
        /// The first step by which it loses anything.
        turn: Turn,
        /// How many of the steps after it could not be done any more.
        undone: usize,
    },
    /// Nobody would be left who may do everything.
    Administrator {
        /// Who was the last one.
        who: Principal,
        /// The step by which nobody is.
        turn: Turn,
    },
}

/// Everybody whom the steps lock out.
pub(super) fn lockout(aim: &Aim, steps: &[Step], ops: &[Op], index: &Index<'_>) -> Vec<Lockout> {
    let reader = aim.live.reader.as_ref().and_then(|who| reader(who, aim, steps, ops, index));
    reader.into_iter().chain(administrator(aim, steps, index)).collect()
}

fn reader(who: &Principal, aim: &Aim, steps: &[Step], ops: &[Op], index: &Index<'_>) -> Option<Lockout> {
    let mut power = Power::new(who, index, ops, &aim.live.state, aim.now);
    let mut lost: Option<(Loss, usize)> = None;
    let mut undone = 0;
    for at in 0..ops.len() {
        match &lost {
            Some(_) => undone += power.impossible([at]).len(),
            None => lost = power.loss_by(at).map(|loss| (loss, at)),
        }
        power.commit(at);
    }
    let (loss, at) = lost?;
    Some(Lockout::Reader { who: who.clone(), loss, turn: Turn::of(at, steps)?, undone })
}

/// Whether anybody is left who may give and take everything: Permissions.Modify on `/`, and not refused at the door.
fn administrator(aim: &Aim, steps: &[Step], index: &Index<'_>) -> Option<Lockout> {
    let root = Principal::User(UserId::root());
    let mut state = aim.live.state.clone();
    let mut last = administrator_of(&state, aim.now)?;
    let touches_root = |op: &Op| matches!(op, Op::SetUser { user, .. } if user.is_root());
    if last == root && !steps.iter().any(|step| touches_root(&step.op)) {
        return None;
    }
    let mut bearing = index.bearing_on(&last);
    for (at, step) in steps.iter().enumerate() {
        step.op.apply_to(&mut state);
        if bearing.contains(&at) {
            let Some(next) = administrator_of(&state, aim.now) else {
                return Some(Lockout::Administrator { who: last, turn: Turn::of(at, steps)? });
            };
            bearing = index.bearing_on(&next);
            last = next;
        }
    }
    None
}

/// The first who is an administrator, root@pam before all others.
fn administrator_of(state: &AccessState, now: u64) -> Option<Principal> {
    let root = Principal::User(UserId::root());
    let may_enter = |who: &Principal| state.refusals(who, now).is_empty();
    if state.users.contains_key(root.user()) && may_enter(&root) {
        return Some(root);
    }
    let evaluator = Evaluator::new(state);
    let is_one = |who: &Principal| {
        may_enter(who) && evaluator.at(who, "/").keys().any(|held| held.as_str() == "Permissions.Modify")
    };
    let users = state.users.keys().cloned().map(Principal::User);
    users.chain(state.tokens.keys().cloned().map(Principal::Token)).find(is_one)
}
