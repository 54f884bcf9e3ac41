//! What a real server answered, and what this program says in its place.

mod fixtures;
mod permissions;
mod user_cfg;
