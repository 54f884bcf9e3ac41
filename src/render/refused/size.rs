//! How large the cluster's file would grow.

use super::{Refusal, turn_in_words};
use crate::model::user_cfg::FILE_LIMIT;
use crate::plan::{Oversize, Waiver};

pub(super) fn refusal(Oversize { turn, bytes, now, finally }: &Oversize, allow: Option<Waiver>) -> Refusal {
    let room = if finally > &FILE_LIMIT {
        "Delete what is not needed any more, or shorten comments, first.".to_owned()
    } else {
        format!(
            "After the last step it would be {} and fit: delete first, and create in a run of its own.",
            size(*finally)
        )
    };
    Refusal {
        fault: format!("user.cfg would pass its limit of 1 MiB with {}: {}", turn_in_words(turn), size(*bytes)),
        facts: vec![
            format!("It is {} now. The cluster would refuse this step, and the run would stop half-way.", size(*now)),
            room,
        ],
        commands: Vec::new(),
        allow,
    }
}

/// Bytes in KiB, rounded up, so that what is too large looks so.
fn size(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}
