//! What single users and tokens hold on the way from one state to another.
//!
//! Knows whom a change concerns, and works out what each of those holds from what bears on it alone: its own grants,
//! its groups and theirs, the roles that these name. Does not know whether that is good or bad.

mod figure;
mod holding;
mod index;
mod plain;
mod pools;
mod sketch;
mod watch;

pub(super) use figure::Figure;
pub use holding::{Place, Reach};
pub(super) use index::{Concern, Index};
pub(super) use watch::{Trial, Watch, Watched};
