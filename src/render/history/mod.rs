//! What runs have done, as their journal tells.

mod json;
mod text;

pub use json::{history_json, history_schema};
pub use text::{Telling, damage, history};
