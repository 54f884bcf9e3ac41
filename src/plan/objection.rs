//! What speaks against a plan.

use super::approve::Waiver;
use super::guards::{Blindness, Staleness};

/// A reason not to carry a plan out, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind(Blindness),
    /// A saved plan meets another state than it was made for.
    Stale(Staleness),
}

impl Objection {
    /// What lets it pass; nothing lets pass what is never meant.
    #[must_use]
    pub fn waiver(&self) -> Option<Waiver> {
        match self {
            Objection::Blind(_) => Some(Waiver::Blind),
            Objection::Stale(Staleness::Moved { .. }) => Some(Waiver::Stale),
            // What is right on one cluster may be anything on another.
            Objection::Stale(Staleness::Elsewhere { .. }) => None,
        }
    }

    /// The name of the guard that objects; it does not depend on whether it can be waived.
    #[must_use]
    pub fn guard(&self) -> &str {
        match self {
            Objection::Blind(_) => "blind",
            Objection::Stale(_) => "stale",
        }
    }
}
