//! Putting off what is not safe yet.

use std::collections::BTreeSet;

use super::dependency::dependencies;
use super::refine;
use crate::plan::aim::Aim;
use crate::plan::exposure::{Concern, Index, Trial, Watch};
use crate::plan::op::Op;
use crate::plan::power::Power;
use crate::pve::Subject;

/// `drafted` in the order in which they come unless something speaks against it, some of them in parts.
pub(super) fn arrange(drafted: Vec<Op>, aim: &Aim) -> Vec<Op> {
    if is_safe_as_drafted(&drafted, aim) {
        return drafted;
    }
    let number = drafted.len();
    let mut ops = drafted;
    let mut best = way(&ops, &BTreeSet::new(), aim);
    if !best.shared.is_empty() {
        ops = refine::apart(ops, &best.shared, &best.own);
        best = way(&ops, &BTreeSet::new(), aim);
    }
    // With too many to look at, another attempt sees no more than the first.
    if best.forced > 0 && best.unexamined == 0 {
        let stuck = best.stuck.clone();
        (ops, best) = less_forced((ops, best), aim);
        if best.forced > 0
            && let Some(finer) = refine::finer(&ops, &stuck)
        {
            let again = way(&finer, &BTreeSet::new(), aim);
            let (finer, again) = less_forced((finer, again), aim);
            if again.forced < best.forced {
                (ops, best) = (finer, again);
            }
        }
    }
    let is_finer = ops.len() > number;
    let mut ops: Vec<Option<Op>> = ops.into_iter().map(Some).collect();
    let sequence = best.sequence.into_iter().filter_map(|at| ops[at].take()).collect();
    if is_finer { refine::coarser(sequence) } else { sequence }
}

/// Whether nobody comes to harm by `ops` in their order, which is the usual case and quickly seen.
fn is_safe_as_drafted(ops: &[Op], aim: &Aim) -> bool {
    let index = Index::new(&aim.live.state, ops, aim.now);
    let nobody = Watch::nobody(aim.now);
    index.suspects(Concern::InOrder).is_empty()
        && Round::new(ops, aim, &index, nobody).go(&BTreeSet::new()).sequence.into_iter().eq(0..ops.len())
}

fn way(ops: &[Op], first: &BTreeSet<usize>, aim: &Aim) -> Arranged {
    let index = Index::new(&aim.live.state, ops, aim.now);
    Round::new(ops, aim, &index, Watch::new(&index, Concern::AnyOrder)).go(first)
}

/// What was put off for too long may have been safe in the beginning: some more attempts, which begin with it.
fn less_forced((ops, arranged): (Vec<Op>, Arranged), aim: &Aim) -> (Vec<Op>, Arranged) {
    const MOST_ATTEMPTS: usize = 3;
    let mut best = arranged;
    let mut first = BTreeSet::new();
    let mut stuck = best.stuck.clone();
    for _ in 0..MOST_ATTEMPTS {
        let number = first.len();
        first.extend(stuck);
        if best.forced == 0 || first.len() == number {
            break;
        }
        let again = way(&ops, &first, aim);
        stuck = again.stuck.clone();
        if again.forced < best.forced {
            best = again;
        }
    }
    (ops, best)
}

/// What has come of looking for an order.
struct Arranged {
    sequence: Vec<usize>,
    /// The ops that had to be done although somebody gets by them what it should not have.
    forced: usize,
    /// Those that were not safe when nothing else could be done any more.
    stuck: BTreeSet<usize>,
    /// Batches that were put last for the sake of some of their subjects only.
    shared: BTreeSet<usize>,
    /// How many could not be looked at.
    unexamined: usize,
    /// Whose grants are those of the one who applies.
    own: BTreeSet<Subject>,
}

/// What speaks against doing an op now.
enum Verdict {
    /// Nothing.
    Safe(Trial),
    /// Something that must be done before has not been done.
    Blocked,
    /// Somebody would get what it should not have.
    Escalates(Trial),
    /// The one who applies would lose what it needs.
    TakesPower,
}

/// One attempt at an order.
struct Round<'a> {
    ops: &'a [Op],
    before: Vec<BTreeSet<usize>>,
    after: Vec<Vec<usize>>,
    watch: Watch,
    power: Option<Power>,
    /// Whether the one who applies has lost what it needs: then there is nothing more to save for it.
    is_lost: bool,
    is_done: Vec<bool>,
    put_off: BTreeSet<usize>,
    again: BTreeSet<usize>,
    arranged: Arranged,
}

impl<'a> Round<'a> {
    fn new(ops: &'a [Op], aim: &Aim, index: &Index<'_>, watch: Watch) -> Round<'a> {
        let before = dependencies(ops);
        let mut after = vec![Vec::new(); ops.len()];
        for (at, before) in before.iter().enumerate() {
            before.iter().for_each(|&earlier| after[earlier].push(at));
        }
        let reader = aim.live.reader.as_ref();
        let power = reader.map(|reader| Power::new(reader, index, ops, &aim.live.state, aim.now));
        let own = power.as_ref().map(|power| power.own().clone()).unwrap_or_default();
        let arranged = Arranged {
            sequence: Vec::new(),
            forced: 0,
            stuck: BTreeSet::new(),
            shared: BTreeSet::new(),
            unexamined: watch.unexamined.len(),
            own,
        };
        Round {
            ops,
            before,
            after,
            watch,
            power,
            is_lost: false,
            is_done: vec![false; ops.len()],
            put_off: BTreeSet::new(),
            again: BTreeSet::new(),
            arranged,
        }
    }

    /// One after the other, those in `first` before the others.
    fn go(mut self, first: &BTreeSet<usize>) -> Arranged {
        let others = (0..self.ops.len()).filter(|at| !first.contains(at));
        for at in first.iter().copied().chain(others) {
            self.consider(at);
            while let Some(at) = self.again.pop_first() {
                self.consider(at);
            }
        }
        while !self.put_off.is_empty() {
            self.force();
            while let Some(at) = self.again.pop_first() {
                self.consider(at);
            }
        }
        self.arranged
    }

    /// Does it if nothing speaks against it, and puts it off otherwise.
    fn consider(&mut self, at: usize) {
        match self.verdict(at) {
            Verdict::Safe(trial) => self.take(at, trial),
            Verdict::Blocked | Verdict::Escalates(_) => drop(self.put_off.insert(at)),
            Verdict::TakesPower => {
                if let Op::Grant { batch, propagate: _ } | Op::Revoke { batch } = &self.ops[at]
                    && batch.besides(&self.arranged.own).is_some()
                {
                    self.arranged.shared.insert(at);
                }
                self.put_off.insert(at);
            }
        }
    }

    fn verdict(&self, at: usize) -> Verdict {
        if self.before[at].iter().any(|&earlier| !self.is_done[earlier]) {
            return Verdict::Blocked;
        }
        if !self.is_lost && self.power.as_ref().is_some_and(|power| power.loss_by(at).is_some()) {
            return Verdict::TakesPower;
        }
        let trial = self.watch.attempt(at);
        if self.watch.is_safe(&trial) { Verdict::Safe(trial) } else { Verdict::Escalates(trial) }
    }

    /// Does it, and has another look at what may be safe now.
    fn take(&mut self, at: usize, trial: Trial) {
        self.watch.commit(trial);
        self.put_off.remove(&at);
        self.is_done[at] = true;
        self.arranged.sequence.push(at);
        let concerned = self.power.as_mut().filter(|power| power.is_concerned(at));
        if let Some(power) = concerned {
            power.commit(at);
        }
        if !self.put_off.is_empty() {
            let own = self.power.iter().filter(|power| power.is_concerned(at)).flat_map(Power::bearing);
            let others = self.watch.related(at).chain(self.after[at].iter().copied()).chain(own);
            self.again.extend(others.filter(|other| self.put_off.contains(other)));
        }
    }

    /// Does one of those that something speaks against, because nothing else is left.
    fn force(&mut self) {
        let verdicts: Vec<(usize, Verdict)> = self.put_off.iter().map(|&at| (at, self.verdict(at))).collect();
        let mut unsafe_now: Vec<(usize, usize, Trial)> = Vec::new();
        let mut takers: Vec<usize> = Vec::new();
        for (at, verdict) in verdicts {
            match verdict {
                Verdict::Safe(trial) => return self.take(at, trial),
                Verdict::Escalates(trial) => unsafe_now.push((self.watch.harm(&trial), at, trial)),
                Verdict::TakesPower => takers.push(at),
                Verdict::Blocked => {}
            }
        }
        if self.arranged.stuck.is_empty() {
            self.arranged.stuck.extend(unsafe_now.iter().map(|(_, at, _)| *at));
        }
        if let Some((_, at, trial)) = unsafe_now.into_iter().min_by_key(|(harm, at, _)| (*harm, *at)) {
            self.arranged.forced += 1;
            return self.take(at, trial);
        }
        let left = |taken: usize| self.put_off.iter().copied().filter(move |&at| at != taken);
        let cost = |at: usize| {
            let power = self.power.as_ref();
            let trial = self.watch.attempt(at);
            let impossible = power.map_or(0, |power| power.impossible_after(at, left(at)).len());
            (impossible, self.watch.harm(&trial), at)
        };
        let Some((_, harm, at)) = takers.into_iter().map(cost).min() else {
            // Dependencies have no circles, so this is out of reach; were it not, this would still end.
            return self.put_off.clear();
        };
        self.is_lost = true;
        self.arranged.forced += usize::from(harm > 0);
        let trial = self.watch.attempt(at);
        self.take(at, trial);
    }
}
