//! The paths that a state speaks of, and what is granted at each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::decision::Voice;
use crate::model::AccessState;
use crate::pve::{PoolId, Subject};

/// A place in a [`Tree`]; in the order of the tree, each path before those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(usize);

/// The tree of paths, from `/` down.
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    members: Vec<NodeId>,
    pool: NodeId,
}

/// One path.
pub struct Node<'a> {
    word: Cow<'a, str>,
    parent: Option<NodeId>,
    children: BTreeMap<Cow<'a, str>, NodeId>,
    /// The first place that is not below this one.
    end: NodeId,
    /// Whether the server names the path when it is asked for all of them.
    pub listing: Listing,
    /// The grants here, by whom they name.
    pub grants: BTreeMap<&'a Subject, Vec<Voice<'a>>>,
    /// If this is a guest or storage: the pools that it is in.
    pub pools: Vec<NodeId>,
    /// If this is a pool: which.
    pub pool: Option<&'a PoolId>,
    /// If this is a pool: the guests and storages in it.
    pub members: Vec<NodeId>,
}

/// Whether a path is one of those that GET /access/permissions answers for without `path`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Always there, granted at or above a grant, or in a pool.
    Listed,
    /// Only here because it is a pool's.
    Unlisted,
}

/// The nodes that bear on one path: what is granted above reaches it if it propagates, what is granted at its end does
/// in any case.
pub struct Way {
    /// From the top.
    pub above: Vec<NodeId>,
    /// The path itself, unless the state does not speak of it.
    pub end: Option<NodeId>,
}

impl NodeId {
    /// The next place.
    pub fn next(self) -> NodeId {
        NodeId(self.0 + 1)
    }

    /// Its number among all places of the tree, from 0.
    pub fn index(self) -> usize {
        self.0
    }
}

impl<'a> Tree<'a> {
    /// The top.
    pub const ROOT: NodeId = NodeId(0);

    /// The paths that the server lists in any case, as the recorded permissions of root@pam show.
    const ALWAYS: [&'static str; 7] = ["/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

    /// The tree of a state.
    ///
    /// Leaves out what the server does not see: grants of missing roles, to missing tokens, and to root@pam, who needs
    /// none.
    pub fn new(state: &'a AccessState) -> Tree<'a> {
        let top = Node::new(Cow::Borrowed(""), None, Listing::Listed);
        let mut tree = Tree { nodes: vec![top], members: Vec::new(), pool: Tree::ROOT };
        for path in Tree::ALWAYS {
            tree.insert(words(path), Listing::Listed);
        }
        tree.pool = tree.insert(words("/pool"), Listing::Listed);
        for (grant, &propagate) in &state.acl {
            let heard = match &grant.subject {
                Subject::User(user) => !user.is_root(),
                Subject::Group(_) => true,
                Subject::Token(token) => state.tokens.contains_key(token),
            };
            if let Some(role) = state.roles.get(&grant.role).filter(|_| heard) {
                let node = tree.insert(grant.path.words().map(Cow::Borrowed), Listing::Listed);
                let grants = tree.nodes[node.0].grants.entry(&grant.subject).or_default();
                grants.push(Voice { grant, role, propagate, pool: None });
            }
        }
        for (id, pool) in &state.pools {
            let node = tree.insert(words("/pool").chain(words(id.as_str())), Listing::Unlisted);
            tree.nodes[node.0].pool = Some(id);
            let guests = pool.vms.iter().map(|vm| ("vms", Cow::Owned(vm.to_string())));
            let storages = pool.storage.iter().map(|storage| ("storage", Cow::Borrowed(storage.as_str())));
            for (root, name) in guests.chain(storages) {
                let member = tree.insert([Cow::Borrowed(root), name].into_iter(), Listing::Listed);
                tree.nodes[member.0].pools.push(node);
                tree.nodes[node.0].members.push(member);
            }
        }
        tree.in_order()
    }

    /// The same tree, its places numbered from the top down. A stack instead of recursion, because a file may hold paths
    /// of any depth.
    fn in_order(mut self) -> Tree<'a> {
        let mut order: Vec<usize> = Vec::with_capacity(self.nodes.len());
        let mut open = vec![Tree::ROOT];
        while let Some(id) = open.pop() {
            order.push(id.0);
            open.extend(self.node(id).children.values().rev());
        }
        let mut place = vec![Tree::ROOT; order.len()];
        order.iter().enumerate().for_each(|(to, &from)| place[from] = NodeId(to));
        let moved = |id: &mut NodeId| *id = place[id.0];
        for node in &mut self.nodes {
            let Node { word: _, parent, children, end: _, listing: _, grants: _, pools, pool: _, members } = node;
            parent.iter_mut().chain(children.values_mut()).chain(pools).for_each(moved);
            members.iter_mut().for_each(moved);
        }
        moved(&mut self.pool);
        let mut nodes: Vec<(NodeId, Node<'a>)> = place.iter().copied().zip(self.nodes).collect();
        nodes.sort_unstable_by_key(|(id, _)| *id);
        self.nodes = nodes.into_iter().map(|(_, node)| node).collect();
        for at in (0..self.nodes.len()).rev() {
            let last = self.nodes[at].children.values().next_back().map(|&child| self.node(child).end);
            self.nodes[at].end = last.unwrap_or(NodeId(at + 1));
        }
        self.members = self.places().filter(|(_, node)| !node.pools.is_empty()).map(|(id, _)| id).collect();
        self
    }

    fn insert(&mut self, words: impl Iterator<Item = Cow<'a, str>>, listing: Listing) -> NodeId {
        let mut at = Tree::ROOT;
        for word in words {
            let next = NodeId(self.nodes.len());
            let node = *self.nodes[at.0].children.entry(word.clone()).or_insert(next);
            if node == next {
                self.nodes.push(Node::new(word, Some(at), listing));
            }
            at = node;
            if listing == Listing::Listed {
                self.nodes[at.0].listing = Listing::Listed;
            }
        }
        at
    }

    /// What is known of a path.
    pub fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.0]
    }

    /// The places right below one, each with its word, sorted by it.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = (&str, NodeId)> {
        self.node(id).children.iter().map(|(word, child)| (word.as_ref(), *child))
    }

    /// How many places there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All of it.
    pub fn whole(&self) -> Range<NodeId> {
        self.under(Tree::ROOT)
    }

    /// The paths of a range.
    pub fn nodes(&self, range: Range<NodeId>) -> &[Node<'a>] {
        &self.nodes[range.start.0..range.end.0]
    }

    /// All paths with their places.
    pub fn places(&self) -> impl Iterator<Item = (NodeId, &Node<'a>)> {
        self.nodes.iter().enumerate().map(|(id, node)| (NodeId(id), node))
    }

    /// A path and all below it.
    pub fn under(&self, id: NodeId) -> Range<NodeId> {
        id..self.node(id).end
    }

    /// The guests and storages of a range that are in a pool.
    pub fn members(&self, range: &Range<NodeId>) -> &[NodeId] {
        let (from, to) =
            (self.members.partition_point(|id| *id < range.start), self.members.partition_point(|id| *id < range.end));
        &self.members[from..to]
    }

    /// The paths right below the top that can have guests and storages below them.
    pub fn shelves(&self) -> impl Iterator<Item = NodeId> + '_ {
        let words = ["storage", "vms"].into_iter();
        words.filter_map(|word| self.node(Tree::ROOT).children.get(word).copied())
    }

    /// `/pool` and all pools.
    pub fn pools(&self) -> Range<NodeId> {
        self.under(self.pool)
    }

    /// A path's text.
    pub fn path(&self, id: NodeId) -> String {
        let words: Vec<&str> = self.upward(id).map(|id| self.node(id).word.as_ref()).collect();
        if words.len() == 1 { "/".to_owned() } else { words.into_iter().rev().collect::<Vec<_>>().join("/") }
    }

    /// The path and all paths above it, from below.
    pub fn upward(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), |&id| self.node(id).parent)
    }

    /// The way to a node.
    pub fn way_to(&self, id: NodeId) -> Way {
        let mut above: Vec<NodeId> = self.upward(id).skip(1).collect();
        above.reverse();
        Way { above, end: Some(id) }
    }

    /// The way to a path taken literally, as the server walks it: what does not begin with a slash passes by the top
    /// (api-facts.md, ACL, "Evaluation"), and slashes at the end count for nothing.
    pub fn way(&self, path: &str) -> Way {
        if path == "/" {
            return self.way_to(Tree::ROOT);
        }
        let path = path.trim_end_matches('/');
        let mut way = Way { above: Vec::new(), end: None };
        let mut at = Tree::ROOT;
        for word in path.split('/').filter(|_| !path.is_empty()) {
            way.above.extend(way.end.take());
            if !word.is_empty() {
                let Some(&child) = self.node(at).children.get(word) else { return way };
                at = child;
            }
            way.end = Some(at);
        }
        way
    }
}

impl<'a> Node<'a> {
    fn new(word: Cow<'a, str>, parent: Option<NodeId>, listing: Listing) -> Node<'a> {
        Node {
            word,
            parent,
            children: BTreeMap::new(),
            end: Tree::ROOT,
            listing,
            grants: BTreeMap::new(),
            pools: Vec::new(),
            pool: None,
            members: Vec::new(),
        }
    }
}

fn words<'a>(path: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
    path.split('/').filter(|word| !word.is_empty()).map(Cow::Borrowed)
}
