//! The cluster is not what a saved plan was made for.

use crate::diff::{Diff, diff};
use crate::live::Snapshot;
use crate::plan::saved::{Footing, Saved};

/// How the cluster is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// It is not the one that the plan was made for.
    Elsewhere {
        /// The one that it was made for.
        made_for: String,
        /// The one that is there.
        live: String,
    },
    /// Somebody has changed it, otherwise than the plan does.
    Moved {
        /// When the plan was made, in seconds since 1970.
        since: u64,
        /// What has changed beside steps of the plan that are done; never empty.
        changes: Diff,
    },
}

/// `live` is another cluster than `saved` is for, or has moved since.
pub(in crate::plan) fn stale(saved: &Saved, live: &Snapshot) -> Option<Staleness> {
    if saved.cluster != live.cluster {
        return Some(Staleness::Elsewhere { made_for: saved.cluster.clone(), live: live.cluster.clone() });
    }
    let now = Footing::of(&live.state).state();
    let changes = diff(&saved.begun(&now), &now);
    (!changes.is_empty()).then_some(Staleness::Moved { since: saved.made, changes })
}
