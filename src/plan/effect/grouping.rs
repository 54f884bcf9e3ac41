//! From each principal's differences to lines that a person can read: who shares one, and what comes below what.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cause::Inquiry;
use super::{Causes, Direction, Place, Shift};
use crate::permissions::{Changed, Comparison, Extent, Part};
use crate::pve::Principal;

/// The number of somebody who loses or gains something.
type Person = u32;

/// One part that some have in common, below another one.
struct Node {
    part: Part,
    /// In order.
    who: Vec<Person>,
    children: Vec<usize>,
}

/// What tells nodes apart: what is above, the path, what of it, and the privileges; sets and paths by their addresses.
type NodeKey = (Option<usize>, *const u8, Extent, *const u8);

/// A node, and those of its people of whom it is spoken.
type Said = (usize, Vec<Person>);

/// What is said of one or several places.
struct Line {
    who: Vec<Person>,
    places: Vec<Place>,
    privileges: Changed,
    causes: Causes,
    /// What is said of the same people further down.
    below: Vec<Said>,
}

/// What tells lines apart; the privileges by their address.
type LineKey = (*const u8, Causes, Vec<Person>);

/// Everything that is lost and gained; causes are looked for in the order in which it is shown.
pub(super) fn shifts(comparison: Comparison, inquiry: &mut Inquiry<'_>) -> Vec<Shift> {
    let mut people: Vec<Arc<Principal>> = Vec::new();
    let mut numbers: Vec<Vec<Person>> = Vec::new();
    for difference in &comparison.differences {
        let from = people.len();
        people.extend(difference.who.iter().cloned().map(Arc::new));
        // More than 2^32 people do not fit into a cluster's file of 1 MiB.
        numbers.push((from..people.len()).filter_map(|number| Person::try_from(number).ok()).collect());
    }
    let parts = |direction| {
        comparison.differences.iter().map(move |difference| match direction {
            Direction::Loss => &difference.lost,
            Direction::Gain => &difference.gained,
        })
    };
    let (lost, gained) = (forest(parts(Direction::Loss).zip(&numbers)), forest(parts(Direction::Gain).zip(&numbers)));
    // As large as what is made of it.
    drop(comparison);
    let mut reversed = inquiry.reversed();
    let mut shifts = Vec::new();
    for (direction, inquiry, (nodes, roots)) in
        [(Direction::Loss, inquiry, lost), (Direction::Gain, &mut reversed, gained)]
    {
        let mut showing = Showing { nodes, people: &people, inquiry, direction, shifts: Vec::new() };
        let roots = roots.into_iter().map(|at| (at, showing.nodes[at].who.clone())).collect();
        showing.show(roots, 0);
        shifts.append(&mut showing.shifts);
    }
    shifts
}

/// The parts of all, each once for all that have it below the same.
fn forest<'c>(parts: impl Iterator<Item = (&'c Vec<Part>, &'c Vec<Person>)>) -> (Vec<Node>, Vec<usize>) {
    let (mut nodes, mut roots): (Vec<Node>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut known: BTreeMap<NodeKey, usize> = BTreeMap::new();
    for (parts, who) in parts {
        let mut open: Vec<usize> = Vec::new();
        for part in parts {
            let is_above = |at: &usize| nodes[*at].part.is_above(&part.path) && nodes[*at].part.extent != Extent::Here;
            while open.pop_if(|at| !is_above(at)).is_some() {}
            let above = open.last().copied();
            let Part { path, extent, privileges } = part;
            let key = (above, Arc::as_ptr(path).cast::<u8>(), *extent, Arc::as_ptr(privileges).cast::<u8>());
            let at = *known.entry(key).or_insert_with(|| {
                nodes.push(Node { part: part.clone(), who: Vec::new(), children: Vec::new() });
                let at = nodes.len() - 1;
                above.map_or(&mut roots, |above| &mut nodes[above].children).push(at);
                at
            });
            nodes[at].who.extend(who);
            open.push(at);
        }
    }
    (nodes, roots)
}

/// Nodes on their way to shifts.
struct Showing<'s, 'a> {
    nodes: Vec<Node>,
    people: &'s [Arc<Principal>],
    inquiry: &'s mut Inquiry<'a>,
    direction: Direction,
    shifts: Vec<Shift>,
}

impl Showing<'_, '_> {
    /// Says what siblings say, each with what is below it. A tree is as deep as paths are, and the paths of a file of 1 MiB
    /// can be below one another a thousand times.
    fn show(&mut self, mut siblings: Vec<Said>, depth: usize) {
        siblings.sort_by_key(|(_, who)| Reverse(who.len()));
        let mut lines: Vec<Line> = Vec::new();
        let mut known: BTreeMap<LineKey, usize> = BTreeMap::new();
        for (at, who) in siblings {
            let Part { path, extent, privileges } = self.nodes[at].part.clone();
            let place = Place { path, extent };
            let pieces = self.pieces(&place, &privileges, who);
            for ((causes, who), below) in pieces.iter().zip(self.below(at, &pieces)) {
                let key = (Arc::as_ptr(&privileges).cast::<u8>(), causes.clone(), who.clone());
                let line = *known.entry(key).or_insert_with_key(|(_, causes, who)| {
                    let (who, causes, privileges) = (who.clone(), causes.clone(), Arc::clone(&privileges));
                    lines.push(Line { who, places: Vec::new(), privileges, causes, below: Vec::new() });
                    lines.len() - 1
                });
                lines[line].places.push(place.clone());
                lines[line].below.extend(below);
            }
        }
        drop(known);
        lines.sort_by_key(|line| (Reverse(line.who.len()), line.who.first().copied()));
        for Line { who, mut places, privileges, causes, below } in lines {
            places.sort_by(|one, other| one.path.split('/').cmp(other.path.split('/')));
            let mut who: Vec<Arc<Principal>> =
                who.iter().filter_map(|&number| self.people.get(number as usize)).cloned().collect();
            who.sort();
            self.shifts.push(Shift { direction: self.direction, who, places, privileges, depth, causes });
            self.show(below, depth + 1);
        }
    }

    /// Those who have a part, by why they do.
    fn pieces(&mut self, place: &Place, privileges: &Changed, who: Vec<Person>) -> Vec<(Causes, Vec<Person>)> {
        if privileges.is_empty() {
            return vec![(Causes::Known(Vec::new()), who)];
        }
        if !self.inquiry.afford(who.len()) {
            return vec![(Causes::Unexamined, who)];
        }
        let mut pieces: Vec<(Causes, Vec<Person>)> = Vec::new();
        let mut known: BTreeMap<Causes, usize> = BTreeMap::new();
        for number in who {
            let Some(person) = self.people.get(number as usize) else { continue };
            let causes = self.inquiry.causes(person, place, privileges);
            let causes = Causes::Known(causes.into_iter().collect());
            let piece = *known.entry(causes).or_insert_with_key(|causes| {
                pieces.push((causes.clone(), Vec::new()));
                pieces.len() - 1
            });
            pieces[piece].1.push(number);
        }
        pieces
    }

    /// For each piece of a node, what is said of the same people below it.
    fn below(&self, at: usize, pieces: &[(Causes, Vec<Person>)]) -> Vec<Vec<Said>> {
        let mut below: Vec<Vec<Said>> = pieces.iter().map(|_| Vec::new()).collect();
        let piece_of: BTreeMap<Person, usize> =
            pieces.iter().enumerate().flat_map(|(piece, (_, who))| who.iter().map(move |&one| (one, piece))).collect();
        for &child in &self.nodes[at].children {
            let all = &self.nodes[child].who;
            let mut of_piece: BTreeMap<usize, Vec<Person>> = BTreeMap::new();
            // Whichever are fewer are gone through; both are in order.
            if all.len() <= piece_of.len() {
                for one in all {
                    if let Some(&piece) = piece_of.get(one) {
                        of_piece.entry(piece).or_default().push(*one);
                    }
                }
            } else {
                for (one, &piece) in &piece_of {
                    if all.binary_search(one).is_ok() {
                        of_piece.entry(piece).or_default().push(*one);
                    }
                }
            }
            of_piece.into_iter().for_each(|(piece, who)| below[piece].push((child, who)));
        }
        below
    }
}
