//! HTTP to one cluster: its endpoints and what goes over the wire.
//!
//! Knows requests, answers and which failures leave what undecided. Does not know about states, plans or files.

mod error;

pub use error::{ApiError, Request};
