//! Proxmox VE's permission algorithm.
//!
//! Knows what every user and token may do in a given state, exactly as the server would say. Does not know where the
//! state comes from.

mod decision;
mod evaluator;
mod explanation;
mod reason;
mod standing;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;

pub use evaluator::Evaluator;
pub use explanation::{Basis, Explanation};
pub use reason::{Deciding, Hidden, Reason, Side};

use crate::model::Propagate;
use crate::pve::Privilege;

/// What somebody holds at a path: presence is the right, the value only says whether it reaches below.
pub type Privileges = BTreeMap<Privilege, Propagate>;
