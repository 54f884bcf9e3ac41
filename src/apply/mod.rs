//! Carrying a plan out.
//!
//! Knows how to do approved steps one after the other, to bring secrets to safety before going on, and to read back
//! what has come of it. Does not know why a step is in a plan.

mod cluster;
mod delivery;
mod form;
mod missing;
mod observer;
mod outcome;
mod rescue;
mod run;
mod sink;
mod stored;

pub use cluster::{Cluster, Receipt};
pub use delivery::{Delivery, DeliveryError};
pub use missing::{Missing, missing};
pub use observer::{Observer, Stop};
pub use outcome::{Done, Fate, Outcome, StepEnd, Verification};
pub use run::run;
pub use sink::{Replaceable, SinkError};
pub use stored::secret_in;
