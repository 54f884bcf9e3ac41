//! From grants to outlines.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::Privileges;
use super::decision::{Reach, Voice, replaced, replacing, settle};
use super::evaluator::Evaluator;
use super::outline::{Change, Changes, Outline, Patch};
use super::sets::Sets;
use super::standing::{Standing, Subjects};
use super::tree::{NodeId, Tree, Way};

/// Outlines in the making, and what they share: members of the same groups have the groups' part in common, and the
/// part of each of them is drawn only where its own grants make a difference.
pub struct Drawing<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    sets: Sets,
    nothing: Arc<Privileges>,
    bases: BTreeMap<Subjects<'a>, Arc<[Change]>>,
    sides: BTreeMap<Subjects<'a>, Outline<'e>>,
}

impl<'e, 'a> Drawing<'e, 'a> {
    /// A drawing of nobody yet.
    pub fn new(evaluator: &'e Evaluator<'a>) -> Drawing<'e, 'a> {
        let mut sets = Sets::default();
        let nothing = sets.keep(Privileges::new());
        Drawing { evaluator, sets, nothing, bases: BTreeMap::new(), sides: BTreeMap::new() }
    }

    /// The outline of whoever stands like this.
    pub fn outline(&mut self, standing: &Standing<'a>) -> Outline<'e> {
        match standing {
            Standing::Nobody => self.drawn(Vec::new()),
            Standing::Everything => {
                let all = self.sets.keep(self.evaluator.everything().clone());
                let mut changes = Changes::new(&self.evaluator.tree, Arc::clone(&self.nothing));
                changes.add(Tree::ROOT, Arc::clone(&all), all);
                self.drawn(changes.finish())
            }
            Standing::Own(subjects) => self.side(subjects),
            Standing::Both { token, user } => {
                let (token, user) = (self.side(token), self.side(user));
                self.both(&token, &user)
            }
        }
    }

    fn drawn(&self, changes: Vec<Change>) -> Outline<'e> {
        Outline::new(&self.evaluator.tree, changes.into(), Vec::new(), Arc::clone(&self.nothing))
    }

    fn side(&mut self, subjects: &Subjects<'a>) -> Outline<'e> {
        if let Some(known) = self.sides.get(subjects) {
            return known.clone();
        }
        let groups = subjects.groups();
        let outline = if groups.is_empty() {
            let changes = self.changes(subjects, &self.evaluator.tree.whole());
            self.drawn(changes)
        } else {
            let base = self.base(groups);
            let regions = self.own_regions(subjects).into_iter();
            let patches = regions.map(|region| Patch { changes: self.changes(subjects, &region), region }).collect();
            Outline::new(&self.evaluator.tree, base, patches, Arc::clone(&self.nothing))
        };
        self.sides.insert(subjects.clone(), outline.clone());
        outline
    }

    fn base(&mut self, groups: Subjects<'a>) -> Arc<[Change]> {
        if let Some(known) = self.bases.get(&groups) {
            return Arc::clone(known);
        }
        let base: Arc<[Change]> = self.changes(&groups, &self.evaluator.tree.whole()).into();
        self.bases.insert(groups, Arc::clone(&base));
        base
    }

    /// The parts of the tree in which own grants can make a difference to those of the groups: below them, and at the
    /// members of pools below them.
    fn own_regions(&self, subjects: &Subjects<'a>) -> Vec<Range<NodeId>> {
        let Evaluator { tree, index, .. } = self.evaluator;
        let own = subjects.own();
        let mut places: BTreeSet<NodeId> = index.paths(&own, &tree.whole()).collect();
        places.extend(self.pooled(&own, &tree.whole()));
        let mut regions: Vec<Range<NodeId>> = Vec::new();
        for place in places {
            if regions.last().is_none_or(|region| !region.contains(&place)) {
                regions.push(tree.under(place));
            }
        }
        regions
    }

    /// Where what `subjects` hold changes in a region.
    fn changes(&mut self, subjects: &Subjects<'a>, region: &Range<NodeId>) -> Vec<Change> {
        let evaluator = self.evaluator;
        let way = Way { end: None, ..evaluator.tree.way_to(region.start) };
        let mut open: Vec<(NodeId, Vec<Voice<'a>>)> = vec![(region.end, evaluator.follow(subjects, &way, &mut ()))];
        let from_above = open.iter().map(|(_, voices)| self.reaching(voices)).next();
        let mut changes = Changes::new(&evaluator.tree, from_above.unwrap_or_else(|| Arc::clone(&self.nothing)));
        let mut at_pool: BTreeMap<NodeId, Vec<Voice<'a>>> = BTreeMap::new();
        for id in self.places(subjects, region) {
            let node = evaluator.tree.node(id);
            while open.pop_if(|(end, _)| *end <= id).is_some() {}
            let inherited = open.last().map(|(_, voices)| voices.clone()).unwrap_or_default();

            let at_path = replacing(node, subjects, Reach::Here, &mut ());
            let at_path = replaced(inherited.clone(), at_path, &mut ());
            let mut at_pools: Vec<Voice<'a>> = Vec::new();
            for &pool in &node.pools {
                let found = at_pool.entry(pool);
                at_pools.extend(found.or_insert_with(|| evaluator.decide_at(&[pool], subjects, &mut ())).iter());
            }
            let here = self.sets.given(&settle(&at_path, &at_pools, &mut ()));

            let passed = replacing(node, subjects, Reach::Below, &mut ());
            let passed = replaced(inherited, passed, &mut ());
            changes.add(id, here, self.reaching(&passed));
            open.push((evaluator.tree.under(id).end, passed));
        }
        changes.finish()
    }

    fn reaching(&mut self, passed: &[Voice<'a>]) -> Arc<Privileges> {
        self.sets.given(&settle(passed, &[], &mut ()))
    }

    /// The places of a region at which anything can change for `subjects`, and its first one.
    ///
    /// Pools add to their members what is granted at them or above. Where that is at `/` and counts at the member too, it
    /// is no change; it is one if grants further down have replaced it.
    fn places(&self, subjects: &Subjects<'a>, region: &Range<NodeId>) -> BTreeSet<NodeId> {
        let Evaluator { tree, index, .. } = self.evaluator;
        let granted_at = |id: NodeId| index.paths(subjects, &(id..id.next())).next().is_some();
        let mut places = BTreeSet::from([region.start]);
        places.extend(index.paths(subjects, region));
        places.extend(self.pooled(subjects, region));
        if granted_at(Tree::ROOT) {
            let replaced = tree.shelves().filter(|shelf| region.contains(shelf) && granted_at(*shelf));
            places.extend(replaced.flat_map(|shelf| tree.members(&tree.under(shelf))));
        }
        places
    }

    /// Members, in a region, of pools at or above which something below `/` is granted, and maybe others.
    fn pooled(&self, subjects: &Subjects<'a>, region: &Range<NodeId>) -> Vec<NodeId> {
        let Evaluator { tree, index, .. } = self.evaluator;
        let granted: Vec<NodeId> = index.paths(subjects, &tree.pools()).collect();
        let members = tree.members(region);
        if granted.is_empty() || members.len() <= granted.len() {
            return if granted.is_empty() { Vec::new() } else { members.to_vec() };
        }
        let pools = granted.into_iter().flat_map(|id| tree.nodes(tree.under(id)));
        pools.flat_map(|pool| &pool.members).copied().filter(|member| region.contains(member)).collect()
    }

    /// What both hold.
    fn both(&mut self, token: &Outline<'e>, user: &Outline<'e>) -> Outline<'e> {
        let tree = &self.evaluator.tree;
        let mut places: BTreeSet<NodeId> = BTreeSet::new();
        for place in token.places(tree.whole()) {
            places.insert(place);
            if !token.passed(place).is_empty() {
                places.extend(user.places(tree.under(place)));
            }
        }
        let mut changes = Changes::new(tree, Arc::clone(&self.nothing));
        for id in places {
            let here = self.sets.both(token.here(id), user.here(id));
            changes.add(id, here, self.sets.both(token.passed(id), user.passed(id)));
        }
        self.drawn(changes.finish())
    }
}
