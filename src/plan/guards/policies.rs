//! A policy of the files would not hold.

use crate::live::Blind;
use crate::plan::Aim;
use crate::policy::{Accounts, Violation, judge};

/// The policies that do not hold once `aim` is reached, judged by what can be seen: who is not visible is not missing.
pub(super) fn policies(aim: &Aim) -> Vec<Violation> {
    let is_blind = aim.live.sight.hidden().contains(&Blind::Accounts);
    let accounts = if is_blind { Accounts::Visible } else { Accounts::All };
    judge(&aim.policies, &aim.live.state, &aim.target, accounts, aim.now)
}
