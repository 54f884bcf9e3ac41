//! Carrying a plan out.
//!
//! Knows how to do approved steps one after the other, to bring secrets to safety before going on, and to read back
//! what has come of it. Does not know why a step is in a plan.

mod bearer;
mod cluster;
mod delivery;
mod errand;
mod journal;
mod left_password;
mod lock;
mod observer;
mod outcome;
mod password;
mod program;
mod rescue;
mod run;
mod secret_source;
mod sink;
mod stored;

pub use cluster::{Cluster, Receipt};
pub use delivery::{Delivery, DeliveryError};
pub use journal::{
    Beginning, Came, Course, Damage, Ending, Event, Extent, History, HistoryError, Intended, Journal, ReadBack, Record,
    Run, Sent, StepTaken,
};
pub use left_password::{LeftFate, LeftPassword};
pub use lock::{Held, Latch, Left, NotLocked, break_lock, take_lock};
pub use observer::{NotRecorded, Observer, Stop};
pub use outcome::{Done, Fate, Outcome, Remedy, StepEnd, Verification};
pub use password::{PasswordError, PasswordFault, Passwords};
pub use run::run;
pub use secret_source::SourceError;
pub use sink::{CommandError, Commands, Replaceable, SinkError};
pub use stored::{Condition, Stored, secret_in, stored, try_each};
