//! A policy of the files would not hold.

use crate::plan::Aim;
use crate::policy::{Violation, judge};

/// The policies that do not hold once `aim` is reached.
pub(super) fn policies(aim: &Aim) -> Vec<Violation> {
    judge(&aim.policies, &aim.live.state, &aim.target, aim.now)
}
