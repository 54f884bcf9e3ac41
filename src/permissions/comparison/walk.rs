//! Two outlines side by side.

use std::sync::Arc;

use super::super::Privileges;
use super::super::outline::{Change, Outline};
use super::atlas::Atlas;
use super::losses::{Changed, Losses};
use super::{Extent, Part};

/// In what somebody's outlines differ: what is lost, and what is gained.
pub type Differences = [Vec<(usize, Part)>; 2];

/// What reaches further down from a spot.
struct Open {
    end: usize,
    held: [Arc<Privileges>; 2],
    changed: [Changed; 2],
}

/// What becomes of one side at a spot.
struct Turn {
    here: Changed,
    below: Changed,
    from_above: Changed,
}

/// Walks both outlines from the top down; a spot is told apart by its number in the atlas.
pub fn walk(outlines: [&Outline<'_>; 2], atlas: &mut Atlas<'_>, losses: &mut Losses) -> Differences {
    let [mut before, mut after] = outlines.map(|outline| outline.changes().peekable());
    let nothing = Arc::new(Privileges::new());
    let unchanged = losses.nothing();
    let top =
        Open { end: usize::MAX, held: [Arc::clone(&nothing), nothing], changed: [Arc::clone(&unchanged), unchanged] };
    let mut open = vec![top];
    let mut found: Differences = [Vec::new(), Vec::new()];
    loop {
        let next = |side, change: Option<&&Change>| change.map(|change| atlas.spot(side, change.node));
        let (first, second) = (next(0, before.peek()), next(1, after.peek()));
        let Some(spot) = first.into_iter().chain(second).min() else { return found };
        while open.len() > 1 && open.pop_if(|above| above.end <= spot).is_some() {}
        // The one at the bottom stays.
        let Some(above) = open.last() else { return found };
        let [held_before, held_after] = &above.held;
        let (here_before, below_before) = sides(before.next_if(|_| first == Some(spot)), held_before);
        let (here_after, below_after) = sides(after.next_if(|_| second == Some(spot)), held_after);
        let [lost_above, gained_above] = above.changed.clone();
        let lost = Turn {
            here: losses.between(&here_before, &here_after),
            below: losses.between(&below_before, &below_after),
            from_above: lost_above,
        };
        let gained = Turn {
            here: losses.between(&here_after, &here_before),
            below: losses.between(&below_after, &below_before),
            from_above: gained_above,
        };
        for (found, turn) in found.iter_mut().zip([&lost, &gained]) {
            parts(found, spot, turn, atlas);
        }
        open.push(Open {
            end: atlas.end(spot),
            held: [below_before, below_after],
            changed: [lost.below, gained.below],
        });
    }
}

fn sides(change: Option<&Change>, reaches: &Arc<Privileges>) -> (Arc<Privileges>, Arc<Privileges>) {
    let (here, below) = change.map_or((reaches, reaches), |change| (&change.here, &change.below));
    (Arc::clone(here), Arc::clone(below))
}

/// Says what is not said above.
fn parts(found: &mut Vec<(usize, Part)>, spot: usize, turn: &Turn, atlas: &mut Atlas<'_>) {
    let Turn { here, below, from_above } = turn;
    let is_new = |set: &Changed| !Arc::ptr_eq(set, from_above);
    if !is_new(here) && !is_new(below) {
        return;
    }
    let named = atlas.named(spot);
    let mut push = |extent, privileges: &Changed| {
        let part = Part { path: Arc::clone(&named.path), extent, privileges: Arc::clone(privileges) };
        found.push((spot, part));
    };
    match (is_new(here), !named.is_leaf && is_new(below)) {
        (true, true) if Arc::ptr_eq(here, below) => push(Extent::All, here),
        (is_here, is_below) => {
            if is_here {
                push(Extent::Here, here);
            }
            if is_below {
                push(Extent::Below, below);
            }
        }
    }
}
