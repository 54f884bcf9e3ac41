//! The answers to GET /access/permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::Privileges;
use super::decision::{Losers, Reach, Voice, both, given, replaced, replacing, settle};
use super::drawing::Drawing;
use super::everyone::Everyone;
use super::explanation::{Basis, Explanation};
use super::outline::Outline;
use super::reason::{Reason, Side};
use super::standing::{Index, Standing, Subjects};
use super::tree::{NodeId, Tree, Way};
use crate::model::{AccessState, Grant, Propagate};
use crate::pve::{self, PoolId, Principal, Subject};

/// Answers who may do what in one state; made once, asked often.
pub struct Evaluator<'a> {
    pub(super) state: &'a AccessState,
    pub(super) tree: Tree<'a>,
    pub(super) index: Index<'a>,
    everything: OnceLock<Privileges>,
}

impl<'a> Evaluator<'a> {
    /// Prepares the state for questions.
    #[must_use]
    pub fn new(state: &'a AccessState) -> Evaluator<'a> {
        let tree = Tree::new(state);
        let index = Index::new(&tree);
        Evaluator { state, tree, index, everything: OnceLock::new() }
    }

    /// What root@pam holds everywhere; most never ask.
    pub(super) fn everything(&self) -> &Privileges {
        self.everything.get_or_init(|| everything(self.state))
    }

    /// What `who` holds at `path`, taken literally: at `vms/100` counts what is granted at `/vms` and `/vms/100`, but not
    /// what is granted at `/`.
    #[must_use]
    pub fn at(&self, who: &Principal, path: &str) -> Privileges {
        match self.index.standing(self.state, who) {
            Standing::Nobody => Privileges::new(),
            Standing::Everything => self.everything().clone(),
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
            (Standing::Everything, _) => Basis::Everything(self.everything().clone()),
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

    /// What `who` holds everywhere, said where it changes.
    #[must_use]
    pub fn outline(&self, who: &Principal) -> Outline<'_> {
        Drawing::new(self).outline(&self.index.standing(self.state, who))
    }

    /// What all users and tokens of the state hold everywhere.
    #[must_use]
    pub fn everyone(&self) -> Everyone<'_> {
        Everyone::new(self)
    }

    /// What `who` holds at every path that the server lists: those that are always there, those at and above grants,
    /// and the members of pools. Paths at which it holds nothing are left out.
    #[must_use]
    pub fn effective(&self, who: &Principal) -> BTreeMap<String, Privileges> {
        let outline = self.outline(who);
        let listed = outline.listed().into_iter();
        listed.map(|(id, held)| (self.tree.path(id), Privileges::clone(held))).collect()
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
    pub(super) fn decide_at(
        &self,
        pools: &[NodeId],
        subjects: &Subjects<'a>,
        losers: &mut impl Losers<'a>,
    ) -> Vec<Voice<'a>> {
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
    pub(super) fn follow(&self, subjects: &Subjects<'a>, way: &Way, losers: &mut impl Losers<'a>) -> Vec<Voice<'a>> {
        let below = way.above.iter().map(|&id| (id, Reach::Below));
        let steps = below.chain(way.end.map(|id| (id, Reach::Here)));
        steps.fold(Vec::new(), |inherited, (id, reach)| {
            let found = replacing(self.tree.node(id), subjects, reach, losers);
            replaced(inherited, found, losers)
        })
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

/// What root@pam holds everywhere: the role Administrator, which no state of a server lacks.
fn everything(state: &AccessState) -> Privileges {
    let administrator = state.roles.iter().find(|(id, _)| id.as_str() == "Administrator");
    let all = match administrator {
        Some((_, role)) => role.privs.clone(),
        None => pve::privileges(state.release).collect(),
    };
    all.into_iter().map(|privilege| (privilege, Propagate::Yes)).collect()
}
