//! `user.cfg`, the file that a cluster keeps all of this in.
//!
//! Knows what the server makes of any file, and the file that it writes for a state. Does not know where the bytes come
//! from; realms are in [`domains_cfg`](super::domains_cfg), secrets in neither.

mod encode;
mod field;
mod ignored;
#[cfg(test)]
mod laws;
mod read;
mod write;

pub use field::list as split_list;
pub use ignored::{Ignored, Reason};
pub use read::{Reading, read};
pub use write::write;

/// The greatest file that a cluster's file system takes, in bytes; of domains.cfg too (api-facts.md, Limits that matter
/// for size).
pub const FILE_LIMIT: usize = 1024 * 1024;

pub(super) use encode::{decode, encode};
pub(super) use field::is_blank;
