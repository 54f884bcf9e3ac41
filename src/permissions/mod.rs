//! Proxmox VE's permission algorithm.
//!
//! Knows what every user and token may do in a given state, exactly as the server would say. Does not know where the
//! state comes from.

mod comparison;
mod decision;
mod drawing;
mod evaluator;
mod everyone;
mod explanation;
mod mend;
mod outline;
mod places;
mod reason;
mod sets;
mod standing;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;

pub use comparison::{Changed, Comparison, Difference, Extent, Part};
pub use evaluator::Evaluator;
pub use everyone::Everyone;
pub use explanation::{Basis, Explanation};
pub use mend::{Mend, mends, token_sides};
pub use outline::{Entry, Outline};
pub use reason::{Deciding, Hidden, Reason, Side};

use crate::model::Propagate;
use crate::pve::Privilege;

/// What somebody holds at a path: presence is the right, the value only says whether it reaches below.
pub type Privileges = BTreeMap<Privilege, Propagate>;
