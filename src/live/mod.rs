//! What is live, as one reader sees it.
//!
//! Knows how to read a whole cluster and what the reader may have been kept from seeing. Does not know what anybody
//! wants of it.

mod copy;
mod http;
mod listing;
mod snapshot;

pub use copy::{Copy, CopyError, Ignored};
pub use snapshot::{Blind, Needed, ReadError, Sight, Snapshot, Source};
