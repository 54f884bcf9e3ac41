//! One order for the paths of two states.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::tree::{NodeId, Tree};
use crate::pve::AclPath;

/// The places of two trees in the order of one that has them all: each path before those below it.
pub struct Atlas<'e> {
    trees: [&'e Tree<'e>; 2],
    spots: Vec<Spot>,
    numbers: [Vec<usize>; 2],
}

/// A place of either tree.
struct Spot {
    nodes: [Option<NodeId>; 2],
    parent: Option<usize>,
    /// The first spot that is not below this one.
    end: usize,
    named: Option<Named>,
}

/// What is known of a spot once somebody asked.
#[derive(Clone)]
pub struct Named {
    /// Its path.
    pub path: Arc<str>,
    /// Whether nothing can be below.
    pub is_leaf: bool,
}

impl<'e> Atlas<'e> {
    /// The atlas of two trees. A stack instead of recursion, because a file may hold paths of any depth.
    pub fn new(trees: [&'e Tree<'e>; 2]) -> Atlas<'e> {
        let mut spots: Vec<Spot> = Vec::new();
        let mut open = vec![([Some(Tree::ROOT); 2], None)];
        while let Some((nodes, parent)) = open.pop() {
            let number = spots.len();
            let mut children: BTreeMap<&str, [Option<NodeId>; 2]> = BTreeMap::new();
            for (side, (tree, node)) in trees.into_iter().zip(nodes).enumerate() {
                for (word, child) in node.into_iter().flat_map(|node| tree.children(node)) {
                    children.entry(word).or_default()[side] = Some(child);
                }
            }
            open.extend(children.into_values().rev().map(|child| (child, Some(number))));
            spots.push(Spot { nodes, parent, end: number + 1, named: None });
        }
        for number in (0..spots.len()).rev() {
            let Spot { end, parent, .. } = spots[number];
            if let Some(parent) = parent {
                spots[parent].end = spots[parent].end.max(end);
            }
        }
        let mut numbers = trees.map(|tree| vec![0; tree.len()]);
        for (number, spot) in spots.iter().enumerate() {
            for (side, node) in spot.nodes.into_iter().enumerate() {
                if let Some(node) = node {
                    numbers[side][node.index()] = number;
                }
            }
        }
        Atlas { trees, spots, numbers }
    }

    /// Where a place of the first (0) or the second tree (1) is.
    pub fn spot(&self, side: usize, node: NodeId) -> usize {
        self.numbers[side][node.index()]
    }

    /// The first spot that is not below this one.
    pub fn end(&self, spot: usize) -> usize {
        self.spots[spot].end
    }

    /// The path of a spot; one allocation for each, and none for those that nobody asks for.
    pub fn named(&mut self, spot: usize) -> Named {
        if let Some(known) = &self.spots[spot].named {
            return known.clone();
        }
        let [before, after] = self.spots[spot].nodes;
        let path = match (before, after) {
            (Some(node), _) => self.trees[0].path(node),
            (None, Some(node)) => self.trees[1].path(node),
            (None, None) => String::new(),
        };
        let nothing_below = self.end(spot) == spot + 1;
        let is_leaf = nothing_below && path.parse().is_ok_and(|path: AclPath| path.is_leaf());
        let named = Named { path: path.into(), is_leaf };
        self.spots[spot].named = Some(named.clone());
        named
    }
}
