//! From what differs to what is done, in an order in which nobody comes to harm on the way.
//!
//! The order of the phases is kept wherever it is safe. What would give somebody for a moment what it holds neither before
//! nor after is put off until it does not, and what takes from the one who applies what the rest needs is put last.

mod anew;
mod arrange;
mod dependency;
mod drafted;
mod refine;

use super::aim::Aim;
use super::op::Op;
use crate::diff::Diff;

/// The ops that lead to what is aimed at.
pub(super) fn order(aim: &Aim, diff: &Diff) -> Vec<Op> {
    let ops = arrange::arrange(drafted::drafted(aim, diff), aim);
    let live = &aim.live.state;
    if live.release.renews_in_place() { ops } else { anew::spelled_out(ops, live) }
}
