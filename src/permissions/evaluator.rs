//! The answers to GET /access/permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Privileges;
use super::decision::{Deciding, Reach, both, privileges, replacing, settle};
use super::standing::{Index, Standing, Subjects};
use super::tree::{Listing, NodeId, Tree, Way};
use crate::model::{AccessState, Propagate};
use crate::pve::{self, Principal};

/// Answers who may do what in one state; made once, asked often.
pub struct Evaluator<'a> {
    state: &'a AccessState,
    tree: Tree<'a>,
    index: Index<'a>,
    everything: Privileges,
}

impl<'a> Evaluator<'a> {
    /// Prepares the state for questions.
    #[must_use]
    pub fn new(state: &'a AccessState) -> Evaluator<'a> {
        let tree = Tree::new(state);
        let index = Index::new(&tree);
        Evaluator { state, tree, index, everything: everything(state) }
    }

    /// What `who` holds at `path`, taken literally: at `vms/100` counts what is granted at `/vms` and `/vms/100`, but not
    /// what is granted at `/`.
    #[must_use]
    pub fn at(&self, who: &Principal, path: &str) -> Privileges {
        match self.index.standing(self.state, who) {
            Standing::Nobody => Privileges::new(),
            Standing::Everything => self.everything.clone(),
            Standing::Own(subjects) => privileges(&self.decide(&subjects, path)),
            Standing::Both { token, user } => {
                both(privileges(&self.decide(&token, path)), &privileges(&self.decide(&user, path)))
            }
        }
    }

    /// What `who` holds at every path that the server lists: those that are always there, those at and above grants,
    /// and the members of pools. Paths at which it holds nothing are left out.
    #[must_use]
    pub fn effective(&self, who: &Principal) -> BTreeMap<String, Privileges> {
        let held: BTreeMap<NodeId, Privileges> = match self.index.standing(self.state, who) {
            Standing::Nobody => BTreeMap::new(),
            Standing::Everything => self.tree.listed().map(|id| (id, self.everything.clone())).collect(),
            Standing::Own(subjects) => held(&self.decide_all(&subjects)).collect(),
            Standing::Both { token, user } => {
                let user = self.decide_all(&user);
                let bound = |id| user.get(&id).map(|settled| privileges(settled)).unwrap_or_default();
                held(&self.decide_all(&token)).map(|(id, token)| (id, both(token, &bound(id)))).collect()
            }
        };
        let some = held.into_iter().filter(|(_, privileges)| !privileges.is_empty());
        some.map(|(id, privileges)| (self.tree.path(id), privileges)).collect()
    }

    /// The grants that decide what `subjects` hold at a literal path.
    fn decide(&self, subjects: &Subjects<'a>, path: &str) -> Vec<Deciding<'a>> {
        let way = self.tree.way(path);
        // Guests and storages get something from their pools under their exact paths only.
        let member = way.end.filter(|&id| self.tree.path(id) == path);
        let pools = member.map(|id| self.tree.node(id).pools.as_slice()).unwrap_or_default();
        let at_pools: Vec<Deciding<'a>> =
            pools.iter().flat_map(|&pool| self.follow(subjects, &self.tree.way_to(pool))).collect();
        settle(&self.follow(subjects, &way), &at_pools)
    }

    /// The grants that remain at the end of a way, each of whose nodes may replace those from above.
    fn follow(&self, subjects: &Subjects<'a>, way: &Way) -> Vec<Deciding<'a>> {
        let below = way.above.iter().map(|&id| (id, Reach::Below));
        let steps = below.chain(way.end.map(|id| (id, Reach::Here)));
        steps.fold(Vec::new(), |inherited, (id, reach)| {
            let found = replacing(self.tree.node(id), subjects, reach);
            if found.is_empty() { inherited } else { found }
        })
    }

    /// The grants that decide at every listed path at which any do.
    fn decide_all(&self, subjects: &Subjects<'a>) -> BTreeMap<NodeId, Vec<Deciding<'a>>> {
        let mut ahead = Ahead::default();
        self.index.paths(subjects).for_each(|id| ahead.add(&self.tree, id));

        let mut at_pools: BTreeMap<NodeId, Vec<Deciding<'a>>> = BTreeMap::new();
        self.descend(self.tree.pool(), subjects, &ahead, |id, deciding| {
            for &member in &self.tree.node(id).members {
                at_pools.entry(member).or_default().extend(deciding);
            }
        });
        at_pools.keys().for_each(|&id| ahead.add(&self.tree, id));

        let mut decisions = BTreeMap::new();
        self.descend(Tree::ROOT, subjects, &ahead, |id, deciding| {
            if self.tree.node(id).listing == Listing::Listed {
                let at_pools = at_pools.get(&id).map(Vec::as_slice).unwrap_or_default();
                decisions.insert(id, settle(deciding, at_pools));
            }
        });
        decisions
    }

    /// Visits every node at or below `start` that a grant can reach, with the grants that decide there.
    ///
    /// Where nothing comes from above, only the nodes in `ahead` are looked at, so the work is in proportion to what is
    /// found. A stack instead of recursion, because a file may hold paths of any depth.
    fn descend(
        &self,
        start: NodeId,
        subjects: &Subjects<'a>,
        ahead: &Ahead,
        mut visit: impl FnMut(NodeId, &[Deciding<'a>]),
    ) {
        let above = Way { end: None, ..self.tree.way_to(start) };
        let mut open: Vec<(NodeId, Rc<[Deciding<'a>]>)> = vec![(start, self.follow(subjects, &above).into())];
        while let Some((id, inherited)) = open.pop() {
            let node = self.tree.node(id);
            let here = replacing(node, subjects, Reach::Here);
            visit(id, if here.is_empty() { &inherited } else { &here });

            let below = replacing(node, subjects, Reach::Below);
            let passed = if below.is_empty() { inherited } else { below.into() };
            if passed.is_empty() {
                open.extend(ahead.below(id).map(|child| (child, Rc::clone(&passed))));
            } else {
                open.extend(node.children().map(|child| (child, Rc::clone(&passed))));
            }
        }
    }
}

/// The nodes that lead to some of the tree's, each with its own next steps.
#[derive(Default)]
struct Ahead(BTreeMap<NodeId, BTreeSet<NodeId>>);

impl Ahead {
    fn add(&mut self, tree: &Tree<'_>, id: NodeId) {
        let mut child = id;
        for parent in tree.upward(id).skip(1) {
            if !self.0.entry(parent).or_default().insert(child) {
                return;
            }
            child = parent;
        }
    }

    fn below(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.0.get(&id).into_iter().flatten().copied()
    }
}

fn held(decisions: &BTreeMap<NodeId, Vec<Deciding<'_>>>) -> impl Iterator<Item = (NodeId, Privileges)> {
    decisions.iter().map(|(&id, settled)| (id, privileges(settled)))
}

/// What root@pam holds everywhere: the role Administrator, which no state of a server lacks.
fn everything(state: &AccessState) -> Privileges {
    let administrator = state.roles.iter().find(|(id, _)| id.as_str() == "Administrator");
    let all = match administrator {
        Some((_, role)) => role.privs.clone(),
        None => pve::privileges(state.release).collect(),
    };
    all.into_iter().map(|privilege| (privilege, Propagate::Yes)).collect()
}
