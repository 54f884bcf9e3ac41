//! One user or token, cut out of a state.

use crate::model::AccessState;
use crate::plan::op::Op;
use crate::pve::Principal;

/// Somebody, with as much of a state as bears on it and the part of each op that does.
pub(in crate::plan) struct Figure {
    /// Who.
    pub(in crate::plan) who: Principal,
    /// Who else holds the same at any time.
    pub(in crate::plan) like: Vec<Principal>,
    /// What bears on it, by the op's place.
    pub(in crate::plan) ops: Vec<(usize, Op)>,
    /// Before any of them.
    pub(in crate::plan) state: AccessState,
}
