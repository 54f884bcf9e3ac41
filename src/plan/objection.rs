//! What speaks against a plan.

use super::approve::Waiver;
use super::guards::Blindness;
use crate::policy::Violation;

/// A reason not to carry a plan out, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind(Blindness),
    /// A policy of the files does not hold.
    Policy(Violation),
}

impl Objection {
    /// What lets it pass; nothing lets pass what is never meant.
    #[must_use]
    pub fn waiver(&self) -> Option<Waiver> {
        match self {
            Objection::Blind(_) => Some(Waiver::Blind),
            Objection::Policy(_) => None,
        }
    }
}
