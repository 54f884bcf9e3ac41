//! What the files say.
//!
//! Knows the language of the desired-state file: reads it from YAML, with a place in the text for everything that can
//! be wrong with it. Does not know what is live: whether a name that the files mention exists is `resolve`'s question.

mod document;

pub use document::{
    Cluster, Declared, Desired, Format, GrantOrigin, GroupWish, Located, Presence, RoleWish, Sink, TokenWish, UserWish,
    Wish,
};
