//! What speaks against a plan.

use super::approve::Waiver;
use super::guards::{Blindness, Deletions, Oversize};

/// A reason not to carry a plan out, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind(Blindness),
    /// Too much of a kind would be deleted.
    Deletes(Deletions),
    /// The cluster's file would grow over its limit.
    Size(Oversize),
}

impl Objection {
    /// What lets it pass; nothing lets pass what is never meant.
    #[must_use]
    pub fn waiver(&self) -> Option<Waiver> {
        match self {
            Objection::Blind(_) => Some(Waiver::Blind),
            Objection::Deletes(_) => Some(Waiver::Deletes),
            Objection::Size(_) => Some(Waiver::Size),
        }
    }
}
