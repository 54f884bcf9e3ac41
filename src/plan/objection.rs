//! What speaks against a plan.

use std::collections::BTreeSet;

use super::approve::Waiver;
use super::guards::{Blindness, Deletions, Escalation, Lockout, Oversize, Staleness, Unsettable};
use crate::policy::Violation;

/// A reason not to carry a plan out, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// A saved plan meets another state than it was made for.
    Stale(Staleness),
    /// What the files speak of may be there without being seen: it is not absent for being invisible.
    Blind(Blindness),
    /// The credential cannot set passwords.
    Passwords(Unsettable),
    /// A policy of the files does not hold.
    Policy(Violation),
    /// Nobody could finish or undo it any more.
    Lockout(Lockout),
    /// Somebody would hold on the way what it holds neither before nor after, or may do so.
    Escalation(Escalation),
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
            Objection::Stale(Staleness::Moved { .. }) => Some(Waiver::Stale),
            // What is right on one cluster may be anything on another.
            Objection::Stale(Staleness::Elsewhere { .. }) => None,
            Objection::Blind(_) => Some(Waiver::Blind),
            // What must hold is waived by no longer saying that it must.
            Objection::Policy(_) => None,
            // No waiver makes a token a login.
            Objection::Passwords(_) => None,
            Objection::Lockout(_) => Some(Waiver::Lockout),
            Objection::Escalation(_) => Some(Waiver::Escalation),
            Objection::Deletes(_) => Some(Waiver::Deletes),
            Objection::Size(_) => Some(Waiver::Size),
        }
    }

    /// Whether one of `waivers` lets it pass.
    #[must_use]
    pub fn is_waived(&self, waivers: &BTreeSet<Waiver>) -> bool {
        self.waiver().is_some_and(|waiver| waivers.contains(&waiver))
    }

    /// The name of the guard that objects; it does not depend on whether it can be waived.
    #[must_use]
    pub fn guard(&self) -> &'static str {
        match self {
            Objection::Stale(_) => "stale",
            Objection::Blind(_) => "blind",
            Objection::Passwords(_) => "passwords",
            Objection::Policy(_) => "policy",
            Objection::Lockout(_) => "lockout",
            Objection::Escalation(_) => "escalation",
            Objection::Deletes(_) => "deletes",
            Objection::Size(_) => "size",
        }
    }
}
