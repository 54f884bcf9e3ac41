//! A policy of the files would not hold.

use crate::live::Blind;
use crate::plan::Aim;
use crate::policy::{Fault, Violation, judge};

/// The policies that do not hold once `aim` is reached, judged by what can be seen: who is not visible is not missing.
pub(super) fn policies(aim: &Aim) -> Vec<Violation> {
    let mut violations = judge(&aim.policies, &aim.live.state, &aim.target, aim.now);
    if aim.live.sight.hidden().contains(&Blind::Accounts) {
        violations.iter_mut().for_each(|violation| violation.breaches.retain(|breach| breach.fault != Fault::Missing));
        violations.retain(|violation| !violation.breaches.is_empty() || violation.more > 0);
    }
    violations
}
