//! What a plan means: who gains and loses which privileges where, and who gets in or no longer does.
//!
//! Adding a grant can take privileges away, because a user's own entry hides those of its groups and an entry further
//! down replaces what is inherited. So a list of grants does not say what a plan does; this does, with the causes.

mod admission;
mod cause;
mod grouping;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use admission::{Admission, Bar, Door};
pub use cause::{Cause, Novelty};

use super::Aim;
use crate::live::Blind;
use crate::model::AccessState;
use crate::permissions::{Changed, Comparison, Evaluator, Extent};
use crate::pve::Principal;

/// What becomes of everybody when a plan is carried out.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Privileges that are lost, then those that are gained; of each, what concerns most people first.
    pub shifts: Vec<Shift>,
    /// Who no longer gets in, and who gets in again; sorted.
    pub admissions: Vec<Admission>,
    /// What the reader does not see all of, and what the rest may therefore be wrong about.
    pub hidden: BTreeSet<Blind>,
}

/// Some privileges that some principals lose or gain at some places.
///
/// For one principal and one path counts the place nearest to the path, at it or above; a place without a shift is as it
/// was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Whether they are lost or gained.
    pub direction: Direction,
    /// Who; users before tokens, each sorted, never empty.
    pub who: Vec<Arc<Principal>>,
    /// Where; in the order of the tree, never empty.
    pub places: Vec<Place>,
    /// What; nothing where a shift that comes before says something about all that is below a path, and nothing is lost or
    /// gained here.
    pub privileges: Changed,
    /// In how many shifts that come before it this is an exception, each in the one before.
    pub depth: usize,
    /// Why.
    pub causes: Causes,
}

/// Where something is lost or gained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path.
    pub path: Arc<str>,
    /// What of it.
    pub extent: Extent,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Held before, not held after.
    Loss,
    /// Held after, not held before.
    Gain,
}

/// Why something is lost or gained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Causes {
    /// These are all, the ones that surprise first; there are none of what does not change.
    Known(Vec<Cause>),
    /// Nobody looked: there was too much before it.
    Unexamined,
}

impl Effect {
    /// What reaching `aim` means.
    pub(super) fn of(aim: &Aim) -> Effect {
        let (live, target) = (&aim.live.state, &aim.target);
        let hidden = aim.live.sight.hidden_deciding();
        if live == target {
            return Effect { hidden, ..Effect::default() };
        }
        Effect { hidden, ..Effect::between(live, target, aim.now) }
    }

    /// What becomes of everybody between two states, at `now` in seconds since 1970.
    pub fn between(before: &AccessState, after: &AccessState, now: u64) -> Effect {
        let (first, second) = (Evaluator::new(before), Evaluator::new(after));
        let comparison = Comparison::new(&first, &second);
        let mut inquiry = cause::Inquiry::new([(before, &first), (after, &second)]);
        Effect {
            shifts: grouping::shifts(comparison, &mut inquiry),
            admissions: admission::admissions(before, after, now),
            hidden: BTreeSet::new(),
        }
    }

    /// Whether nobody loses, gains, gets in or no longer gets in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Effect { shifts, admissions, hidden: _ } = self;
        shifts.is_empty() && admissions.is_empty()
    }
}

impl Shift {
    /// Whether nothing is lost or gained, in spite of what is said further up.
    #[must_use]
    pub fn is_exception(&self) -> bool {
        self.privileges.is_empty()
    }
}
