//! What a real server answered, and what this program says in its place.

mod fixtures;
mod permissions;
mod transcripts;
mod user_cfg;
