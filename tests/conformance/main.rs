//! What a real server answered, and what this program says in its place.

mod fixtures;
mod user_cfg;
