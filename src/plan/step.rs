//! An op in its place in the plan.

use serde::{Deserialize, Serialize};

use super::op::Op;
use crate::model::{AccessState, Along};

/// One request, and what the server does along with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What is asked for.
    pub op: Op,
    /// What goes when the step's turn has come.
    pub along: Along,
}

/// Each op with what it takes along at its turn, from `live` on.
pub(super) fn narrate(ops: Vec<Op>, live: &AccessState) -> Vec<Step> {
    let mut state = live.clone();
    let step = |op: Op| {
        let along = op.apply_to(&mut state);
        Step { op, along }
    };
    ops.into_iter().map(step).collect()
}
