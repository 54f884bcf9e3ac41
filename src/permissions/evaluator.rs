//! The answers to GET /access/permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Privileges;
use super::decision::{Losers, Reach, Voice, both, privileges, replaced, replacing, settle};
use super::explanation::{Basis, Explanation};
use super::reason::{Reason, Side};
use super::standing::{Index, Standing, Subjects};
use super::tree::{Listing, NodeId, Tree, Way};
use crate::model::{AccessState, Grant, Propagate};
use crate::pve::{self, PoolId, Principal, Subject};

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
            Standing::Own(subjects) => given(&self.decide(&subjects, path, &mut ())),
            Standing::Both { token, user } => {
                both(given(&self.decide(&token, path, &mut ())), &given(&self.decide(&user, path, &mut ())))
            }
        }
    }

    /// Why `who` holds at `path` what [`Evaluator::at`] says.
    #[must_use]
    pub fn explain(&self, who: &Principal, path: &str) -> Explanation<'a> {
        let side = |subject, subjects| {
            let mut losers: Vec<(Voice<'a>, Reason<'a>)> = Vec::new();
            let settled = self.decide(&subjects, path, &mut losers);
            Side::new(subject, settled, losers)
        };
        let user = || Subject::User(who.user().clone());
        let basis = match (self.index.standing(self.state, who), who) {
            (Standing::Nobody, _) if self.state.users.contains_key(who.user()) => Basis::NoToken,
            (Standing::Nobody, _) => Basis::NoUser,
            (Standing::Everything, _) => Basis::Everything(self.everything.clone()),
            (Standing::Own(subjects), Principal::Token(id)) if id.user().is_root() => {
                Basis::Token(side(Subject::Token(id.clone()), subjects))
            }
            (Standing::Own(subjects), _) => Basis::User(side(user(), subjects)),
            (Standing::Both { token, user: bound }, _) => {
                Basis::Both { token: side(subject_of(who), token), user: side(user(), bound) }
            }
        };
        let mut explanation = Explanation { who: who.clone(), path: path.to_owned(), basis, ignored: Vec::new() };
        let itself = subject_of(who);
        if explanation.sides().all(|side| side.subject != itself) {
            explanation.ignored = self.grants_on_the_way(&itself, path);
        }
        explanation
    }

    /// The grants to `subject` at the path, at its pools, and above them, whatever they come to.
    fn grants_on_the_way(&self, subject: &Subject, path: &str) -> Vec<&'a Grant> {
        let way = self.tree.way(path);
        let pools = self.pools(&way, path).iter().flat_map(|&pool| self.tree.upward(pool));
        let nodes: BTreeSet<NodeId> = way.above.iter().copied().chain(way.end).chain(pools).collect();
        let grants = nodes.into_iter().filter_map(|id| self.tree.node(id).grants.get(subject)).flatten();
        grants.map(|voice| voice.grant).collect()
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
                let bound = |id| user.get(&id).map(|settled| given(settled)).unwrap_or_default();
                held(&self.decide_all(&token)).map(|(id, token)| (id, both(token, &bound(id)))).collect()
            }
        };
        let some = held.into_iter().filter(|(_, privileges)| !privileges.is_empty());
        some.map(|(id, privileges)| (self.tree.path(id), privileges)).collect()
    }

    /// The grants that decide what `subjects` hold at a literal path.
    fn decide(&self, subjects: &Subjects<'a>, path: &str, losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
        let way = self.tree.way(path);
        let at_path = self.follow(subjects, &way, losers);
        let at_pools = self.decide_at(self.pools(&way, path), subjects, losers);
        settle(&at_path, &at_pools, losers)
    }

    /// The pools that a literal path is a member of: guests and storages get something from their pools under their exact
    /// paths only.
    fn pools(&self, way: &Way, path: &str) -> &[NodeId] {
        let member = way.end.filter(|&id| self.tree.path(id) == path);
        member.map(|id| self.tree.node(id).pools.as_slice()).unwrap_or_default()
    }

    /// The grants that decide at each of `pools`.
    fn decide_at(&self, pools: &[NodeId], subjects: &Subjects<'a>, losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
        let mut at_pools: Vec<Voice<'a>> = Vec::new();
        for &id in pools {
            let pool = self.tree.node(id).pool;
            let mut through = Through { pool, losers };
            let decisive = self.follow(subjects, &self.tree.way_to(id), &mut through);
            at_pools.extend(decisive.into_iter().map(|voice| Voice { pool, propagate: Propagate::No, ..voice }));
        }
        at_pools
    }

    /// The grants that remain at the end of a way, each of whose nodes may replace those from above.
    fn follow(&self, subjects: &Subjects<'a>, way: &Way, losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
        let below = way.above.iter().map(|&id| (id, Reach::Below));
        let steps = below.chain(way.end.map(|id| (id, Reach::Here)));
        steps.fold(Vec::new(), |inherited, (id, reach)| {
            let found = replacing(self.tree.node(id), subjects, reach, losers);
            replaced(inherited, found, losers)
        })
    }

    /// The grants that decide at every listed path at which any do.
    fn decide_all(&self, subjects: &Subjects<'a>) -> BTreeMap<NodeId, Vec<Voice<'a>>> {
        let mut ahead = Ahead::default();
        self.index.paths(subjects).for_each(|id| ahead.add(&self.tree, id));

        let mut at_pools: BTreeMap<NodeId, Vec<Voice<'a>>> = BTreeMap::new();
        self.descend(self.tree.pool(), subjects, &ahead, |id, deciding| {
            let node = self.tree.node(id);
            let through = deciding.iter().map(|&voice| Voice { pool: node.pool, propagate: Propagate::No, ..voice });
            for &member in &node.members {
                at_pools.entry(member).or_default().extend(through.clone());
            }
        });
        at_pools.keys().for_each(|&id| ahead.add(&self.tree, id));

        let mut decisions = BTreeMap::new();
        self.descend(Tree::ROOT, subjects, &ahead, |id, deciding| {
            if self.tree.node(id).listing == Listing::Listed {
                let at_pools = at_pools.get(&id).map(Vec::as_slice).unwrap_or_default();
                decisions.insert(id, settle(deciding, at_pools, &mut ()));
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
        mut visit: impl FnMut(NodeId, &[Voice<'a>]),
    ) {
        let above = Way { end: None, ..self.tree.way_to(start) };
        let mut open: Vec<(NodeId, Rc<[Voice<'a>]>)> = vec![(start, self.follow(subjects, &above, &mut ()).into())];
        while let Some((id, inherited)) = open.pop() {
            let node = self.tree.node(id);
            let here = replacing(node, subjects, Reach::Here, &mut ());
            visit(id, if here.is_empty() { &inherited } else { &here });

            let below = replacing(node, subjects, Reach::Below, &mut ());
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

/// Marks what loses on the way to a pool.
struct Through<'l, 'a, L> {
    pool: Option<&'a PoolId>,
    losers: &'l mut L,
}

impl<'a, L: Losers<'a>> Losers<'a> for Through<'_, 'a, L> {
    fn lose(&mut self, voice: Voice<'a>, reason: Reason<'a>) {
        self.losers.lose(Voice { pool: self.pool, ..voice }, reason);
    }
}

fn subject_of(who: &Principal) -> Subject {
    match who {
        Principal::User(user) => Subject::User(user.clone()),
        Principal::Token(token) => Subject::Token(token.clone()),
    }
}

fn given(settled: &[Voice<'_>]) -> Privileges {
    privileges(settled.iter().map(|voice| (voice.role, voice.propagate)))
}

fn held(decisions: &BTreeMap<NodeId, Vec<Voice<'_>>>) -> impl Iterator<Item = (NodeId, Privileges)> {
    decisions.iter().map(|(&id, settled)| (id, given(settled)))
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
