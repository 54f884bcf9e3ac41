//! What is live, as one reader sees it.
//!
//! Knows how to read a whole cluster and what the reader may have been kept from seeing. Does not know what anybody
//! wants of it.

mod http;
mod listing;
mod snapshot;
mod user_cfg;

pub use snapshot::{Blind, Needed, ReadError, Sight, Snapshot, Source};
pub use user_cfg::{Ignored, UserCfg, UserCfgError};
