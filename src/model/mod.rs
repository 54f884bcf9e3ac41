//! The one normal form of both sides: everything about access that a cluster holds, or shall hold.
//!
//! Knows what each object consists of and what goes with what when something is deleted. Does not know where a
//! state comes from, what a file says about it, or how one state becomes another.

mod admission;
mod along;
pub mod domains_cfg;
mod lock;
mod object;
mod pattern;
mod search;
mod state;
mod text;
pub mod user_cfg;

pub use admission::Refusal;
pub use along::Along;
pub use lock::{Holder, Lock, Unsigned};
pub use object::{Enable, Expire, Grant, Group, Origin, Pool, Privsep, Propagate, Realm, Role, Token, User};
pub use pattern::{Against, Pattern, PatternError, Patterns, Sense};
pub use search::{Around, Intricate, Search};
pub use state::AccessState;
pub use text::Text;
