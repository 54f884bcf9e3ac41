//! What must hold, held against what everybody may do.
//!
//! Knows exactly whether a policy holds in a state: for every path that there could be, whether anything is there or
//! not. Does not know what follows from a policy that is broken.

mod cause;
mod judge;
mod territory;
mod violation;

pub use judge::{Accounts, judge};
pub use violation::{Breach, Extent, Fault, Obstacle, Place, Since, Violation};
