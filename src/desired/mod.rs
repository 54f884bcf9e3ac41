//! What the files say.
//!
//! Knows the language of the desired-state file: reads it from YAML, with a place in the text for everything that can
//! be wrong with it, and writes states in it. Does not know what is live: whether a name that
//! the files mention exists is `resolve`'s question.

mod acl;
mod cluster;
mod command;
mod contradictions;
mod document;
mod expire;
mod fields;
mod file_path;
mod files;
mod groups;
mod lint;
mod look_alike;
mod names;
mod node;
mod notes;
mod parse;
mod passwords;
mod paths;
mod pointless;
mod policies;
mod policy;
mod privileges;
mod roles;
mod rotation;
mod schema;
mod secrets;
mod selection;
mod sink;
mod syntax;
mod text;
mod tokens;
mod users;
mod value;
mod write;
mod yaml;

use std::path::PathBuf;

pub use document::{
    Cluster, Declared, Desired, Destination, Format, GrantOrigin, GroupWish, Lint, Located, PasswordSource, Presence,
    RoleWish, Rotation, Sink, TokenWish, UserWish, Wish,
};
pub use expire::day_or_time;
pub use names::unaddressable;
pub use parse::{File, Loaded, parse};
pub use policy::{Among, Asserted, Policy, Who, Whom, WrittenAt, selected};
pub use privileges::check_privileges;
pub use schema::schema;
pub use selection::{Kind, Selection, SelectionError};
pub use write::{Accounts, Provenance, Written, write};

/// Reads files, and the `*.yaml` of folders, as one document; everything that is wrong is found at once.
pub fn load(paths: &[PathBuf]) -> Loaded {
    let (files, findings) = files::read(paths);
    parse::understand(files, findings)
}
