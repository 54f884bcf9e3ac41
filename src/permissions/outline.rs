//! What somebody holds everywhere, said where it changes.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::Privileges;
use super::tree::{Listing, NodeId, Tree};

/// What one user or token holds everywhere.
///
/// Has an entry only where what is held differs from what reaches the path from above, or where what reaches further
/// down changes. Elsewhere there is what the nearest entry above lets through, and nothing above the first.
#[derive(Clone)]
pub struct Outline<'e> {
    tree: &'e Tree<'e>,
    /// Shared by those who are in the same groups.
    base: Arc<[Change]>,
    /// In order; none overlaps another.
    patches: Arc<[Patch]>,
    nothing: Arc<Privileges>,
}

/// A path at which what is held changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'o> {
    /// The path.
    pub path: String,
    /// What is held there.
    pub here: &'o Arc<Privileges>,
    /// What reaches below; every privilege of it propagates.
    pub below: &'o Arc<Privileges>,
}

/// An entry at a place in the tree.
#[derive(Clone)]
pub(super) struct Change {
    /// Where.
    pub node: NodeId,
    /// What is held there.
    pub here: Arc<Privileges>,
    /// What reaches below.
    pub below: Arc<Privileges>,
}

/// All the changes in a part of the tree, in place of those of the base.
pub(super) struct Patch {
    pub region: Range<NodeId>,
    pub changes: Vec<Change>,
}

/// Changes in the making: takes places in order, and leaves out those at which nothing changes.
pub(super) struct Changes<'e> {
    tree: &'e Tree<'e>,
    from_above: Arc<Privileges>,
    found: Vec<Change>,
    open: Vec<usize>,
}

impl<'e> Changes<'e> {
    /// Of a region that `from_above` reaches.
    pub fn new(tree: &'e Tree<'e>, from_above: Arc<Privileges>) -> Changes<'e> {
        Changes { tree, from_above, found: Vec::new(), open: Vec::new() }
    }

    /// Takes the next place; equal sets are one allocation.
    pub fn add(&mut self, node: NodeId, here: Arc<Privileges>, below: Arc<Privileges>) {
        while self.open.pop_if(|at| !self.tree.under(self.found[*at].node).contains(&node)).is_some() {}
        let reaches = self.open.last().map_or(&self.from_above, |&at| &self.found[at].below);
        if !Arc::ptr_eq(reaches, &here) || !Arc::ptr_eq(reaches, &below) {
            self.open.push(self.found.len());
            self.found.push(Change { node, here, below });
        }
    }

    /// What was found.
    pub fn finish(self) -> Vec<Change> {
        self.found
    }
}

impl<'e> Outline<'e> {
    pub(super) fn new(
        tree: &'e Tree<'e>,
        base: Arc<[Change]>,
        patches: Vec<Patch>,
        nothing: Arc<Privileges>,
    ) -> Outline<'e> {
        Outline { tree, base, patches: patches.into(), nothing }
    }

    /// What is held at a path that is written as the server lists it; the same as
    /// [`Evaluator::at`](super::Evaluator::at) says.
    #[must_use]
    pub fn at(&self, path: &str) -> &Arc<Privileges> {
        let way = self.tree.way(path);
        match way.end {
            Some(id) => self.here(id),
            None => self.reaching(way.above.last()),
        }
    }

    /// What is held below such a path where no entry says otherwise.
    #[must_use]
    pub fn below(&self, path: &str) -> &Arc<Privileges> {
        let way = self.tree.way(path);
        self.reaching(way.end.as_ref().or(way.above.last()))
    }

    /// The entries in the order of the tree: a path before those below it, and these sorted.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.changes().map(|Change { node, here, below }| Entry { path: self.tree.path(*node), here, below })
    }

    /// Whether nothing is held anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// The paths that the server lists and at which anything is held, in the order of the tree.
    pub(super) fn listed(&self) -> Vec<(NodeId, &Arc<Privileges>)> {
        let end = self.tree.under(Tree::ROOT).end;
        let mut listed = Vec::new();
        let mut changes = self.changes().peekable();
        let mut open: Vec<&Change> = Vec::new();
        let mut id = Tree::ROOT;
        while id < end {
            while open.pop_if(|change| !self.tree.under(change.node).contains(&id)).is_some() {}
            let here = if let Some(change) = changes.next_if(|change| change.node == id) {
                open.push(change);
                &change.here
            } else {
                open.last().map_or(&self.nothing, |change| &change.below)
            };
            if !here.is_empty() && self.tree.node(id).listing == Listing::Listed {
                listed.push((id, here));
            }
            let nothing_below = open.last().is_none_or(|change| change.below.is_empty());
            id = if nothing_below {
                // To the next change, or to where something reaches again.
                let changed = changes.peek().map_or(end, |change| change.node);
                changed.min(open.last().map_or(end, |change| self.tree.under(change.node).end))
            } else {
                id.next()
            };
        }
        listed
    }

    /// What is held at a place.
    pub(super) fn here(&self, id: NodeId) -> &Arc<Privileges> {
        match self.nearest(id) {
            Some(change) if change.node == id => &change.here,
            Some(change) => &change.below,
            None => &self.nothing,
        }
    }

    /// What reaches below a place.
    pub(super) fn passed(&self, id: NodeId) -> &Arc<Privileges> {
        self.reaching(Some(&id))
    }

    fn reaching(&self, id: Option<&NodeId>) -> &Arc<Privileges> {
        id.and_then(|&id| self.nearest(id)).map_or(&self.nothing, |change| &change.below)
    }

    /// The places of a region at which anything changes, and those of the base that a patch is laid over.
    pub(super) fn places(&self, region: Range<NodeId>) -> impl Iterator<Item = NodeId> + '_ {
        let from = self.patches.partition_point(|patch| patch.region.end <= region.start);
        let to = self.patches.partition_point(|patch| patch.region.start < region.end);
        let base = within(&self.base, &region);
        let patched = self.patches[from..to].iter().flat_map(move |patch| within(&patch.changes, &region));
        base.iter().chain(patched).map(|change| change.node)
    }

    /// The change at a place or at the nearest above.
    fn nearest(&self, id: NodeId) -> Option<&Change> {
        self.tree.upward(id).find_map(|id| {
            let changes = self.patch(id).map_or(&*self.base, |patch| &patch.changes);
            let at = changes.binary_search_by_key(&id, |change| change.node).ok()?;
            Some(&changes[at])
        })
    }

    fn patch(&self, id: NodeId) -> Option<&Patch> {
        let at = self.patches.partition_point(|patch| patch.region.end <= id);
        self.patches.get(at).filter(|patch| patch.region.contains(&id))
    }

    /// All changes, in order: those of the base between the patches.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        let starts = std::iter::once(Tree::ROOT).chain(self.patches.iter().map(|patch| patch.region.end));
        let ends = self.patches.iter().map(|patch| patch.region.start);
        let ends = ends.chain([self.tree.under(Tree::ROOT).end]);
        let patches = self.patches.iter().map(|patch| patch.changes.as_slice()).chain([[].as_slice()]);
        let between = starts.zip(ends).map(|(start, end)| within(&self.base, &(start..end)));
        between.zip(patches).flat_map(|(base, patch)| base.iter().chain(patch))
    }
}

/// The changes of a region.
fn within<'c>(changes: &'c [Change], region: &Range<NodeId>) -> &'c [Change] {
    let from = changes.partition_point(|change| change.node < region.start);
    let to = changes.partition_point(|change| change.node < region.end);
    &changes[from..to]
}

impl PartialEq for Outline<'_> {
    /// Whether the same is held everywhere; the two may be of different states.
    fn eq(&self, other: &Self) -> bool {
        self.entries().eq(other.entries())
    }
}

impl Eq for Outline<'_> {}

impl fmt::Debug for Outline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}
