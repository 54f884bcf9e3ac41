//! What speaks against a plan.

use super::approve::Waiver;
use super::guards::{Blindness, Deletions, Escalation, Lockout, Oversize};

/// A reason not to carry a plan out, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind(Blindness),
    /// Too much of a kind would be deleted.
    Deletes(Deletions),
    /// The cluster's file would grow over its limit.
    Size(Oversize),
    /// Nobody could finish or undo it any more.
    Lockout(Lockout),
    /// Somebody would hold on the way what it holds neither before nor after, or may do so.
    Escalation(Escalation),
}

impl Objection {
    /// What lets it pass; nothing lets pass what is never meant.
    #[must_use]
    pub fn waiver(&self) -> Option<Waiver> {
        match self {
            Objection::Blind(_) => Some(Waiver::Blind),
            Objection::Deletes(_) => Some(Waiver::Deletes),
            Objection::Size(_) => Some(Waiver::Size),
            Objection::Lockout(_) => Some(Waiver::Lockout),
            Objection::Escalation(_) => Some(Waiver::Escalation),
        }
    }
}
