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
    /// Somebody has changed it.
    Moved {
        /// When the plan was made, in seconds since 1970.
        since: u64,
        /// What has changed; never empty.
        changes: Diff,
    },
}

/// `live` is another cluster than `saved` is for, or has moved since.
pub(in crate::plan) fn stale(saved: &Saved, live: &Snapshot) -> Option<Staleness> {
    if saved.cluster != live.cluster {
        return Some(Staleness::Elsewhere { made_for: saved.cluster.clone(), live: live.cluster.clone() });
    }
    let changes = diff(&saved.footing.state(), &Footing::of(&live.state).state());
    (!changes.is_empty()).then_some(Staleness::Moved { since: saved.made, changes })
}
