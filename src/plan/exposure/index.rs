//! Which ops bear on whom.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::figure::Figure;
use super::plain::is_plain;
use super::pools::Pools;
use super::sketch::{Alphabet, Sketch, exceeds};
use crate::model::{AccessState, Grant, Privsep, Propagate, Role};
use crate::plan::op::Op;
use crate::pve::{AclPath, GroupId, Principal, RoleId, Subject, TokenId, UserId};

/// How much work goes into finding out in bits who comes to harm, for all together: some hundred milliseconds' worth.
const MOST_WORK: usize = 6_000_000;

/// Some ops on some state, looked up by whom and what they name.
pub(in crate::plan) struct Index<'a> {
    pub(super) live: &'a AccessState,
    pub(super) now: u64,
    ops: &'a [Op],
    granted: BTreeMap<&'a Subject, Vec<(&'a Grant, Propagate)>>,
    batches: BTreeMap<&'a Subject, Vec<usize>>,
    of_user: BTreeMap<&'a UserId, Vec<usize>>,
    of_token: BTreeMap<&'a TokenId, Vec<usize>>,
    of_group: BTreeMap<&'a GroupId, Vec<usize>>,
    of_role: BTreeMap<&'a RoleId, Vec<usize>>,
    pools: Pools<'a>,
    alphabet: Option<Alphabet<'a>>,
}

/// Who is worth a closer look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Concern {
    /// Who comes to harm when the ops are done in their order, or may do so as far as there was time to see.
    InOrder,
    /// Who could come to harm in any order, as far as is known without trying.
    AnyOrder,
}

/// Somebody worth a closer look, before it is taken.
pub(in crate::plan) struct Suspect {
    /// Who.
    pub(in crate::plan) who: Principal,
    /// Who else holds the same at any time.
    pub(in crate::plan) like: Vec<Principal>,
    bearing: Bearing,
}

impl Suspect {
    /// How many ops bear on it.
    pub(in crate::plan) fn ops(&self) -> usize {
        self.bearing.ops.len()
    }
}

/// Whose grants count for somebody at any time, and which ops bear on it.
struct Bearing {
    subjects: BTreeSet<Subject>,
    ops: BTreeSet<usize>,
}

/// Like whom a token is at any time.
enum Likeness {
    /// It holds nothing.
    Nothing,
    /// It holds what its user holds.
    User,
    /// Like none that is known.
    Nobody,
}

fn push(suspects: &mut Vec<Suspect>, suspect: Suspect) -> usize {
    suspects.push(suspect);
    suspects.len() - 1
}

impl<'a> Index<'a> {
    pub(in crate::plan) fn new(live: &'a AccessState, ops: &'a [Op], now: u64) -> Index<'a> {
        let mut index = Index {
            live,
            now,
            ops,
            granted: BTreeMap::new(),
            batches: BTreeMap::new(),
            of_user: BTreeMap::new(),
            of_token: BTreeMap::new(),
            of_group: BTreeMap::new(),
            of_role: BTreeMap::new(),
            pools: Pools::new(live),
            alphabet: Alphabet::new(live, ops),
        };
        for (grant, propagate) in &live.acl {
            index.granted.entry(&grant.subject).or_default().push((grant, *propagate));
        }
        for (at, op) in ops.iter().enumerate() {
            match op {
                Op::Grant { batch, propagate: _ } | Op::Revoke { batch } => {
                    batch.subjects().iter().for_each(|subject| index.batches.entry(subject).or_default().push(at));
                }
                Op::CreateUser { user, account: _ }
                | Op::SetUser { user, before: _, after: _ }
                | Op::DeleteUser { user } => {
                    index.of_user.entry(user).or_default().push(at);
                }
                Op::CreateToken { token, attributes: _ }
                | Op::SetToken { token, before: _, after: _ }
                | Op::RotateToken { token, before: _, after: _ }
                | Op::DeleteToken { token } => index.of_token.entry(token).or_default().push(at),
                Op::CreateRole { role, privs: _ }
                | Op::SetRole { role, before: _, after: _ }
                | Op::DeleteRole { role } => {
                    index.of_role.entry(role).or_default().push(at);
                }
                Op::DeleteGroup { group } => index.of_group.entry(group).or_default().push(at),
                // Nobody is in a group that is not there, and nobody's rights depend on a comment or a password.
                Op::CreateGroup { group: _, comment: _ }
                | Op::SetGroup { group: _, before: _, after: _ }
                | Op::SetPassword { user: _ } => {}
            }
        }
        index
    }

    /// Everybody who could hold on the way what it holds neither before nor after: whom more than one op bears on, and not
    /// only in ways that are known to be harmless.
    pub(in crate::plan) fn suspects(&self, concern: Concern) -> Vec<Suspect> {
        let users = self.live.users.keys().chain(self.of_user.keys().copied()).collect::<BTreeSet<_>>();
        let tokens = self.live.tokens.keys().chain(self.of_token.keys().copied()).collect::<BTreeSet<_>>();
        let mut left = MOST_WORK;
        let mut suspects: Vec<Suspect> = Vec::new();
        let mut of_user: BTreeMap<&UserId, usize> = BTreeMap::new();
        // Members of the same groups who have nothing of their own hold the same.
        let mut members: BTreeMap<(&BTreeSet<GroupId>, bool), Option<usize>> = BTreeMap::new();
        for user in users.into_iter().filter(|user| !user.is_root()) {
            let who = Principal::User(user.clone());
            let own = Subject::User(user.clone());
            let has_own = self.granted.contains_key(&own) || self.batches.contains_key(&own);
            let suspect = if has_own || self.of_user.contains_key(user) {
                self.suspect(who, concern, &mut left).map(|suspect| push(&mut suspects, suspect))
            } else {
                let is_admitted = self.live.refusals(&who, self.now).is_empty();
                match members.entry((self.live.groups_of(user), is_admitted)) {
                    Entry::Occupied(known) => known.get().inspect(|&at| suspects[at].like.push(who)),
                    Entry::Vacant(first) => {
                        let suspect = self.suspect(who, concern, &mut left);
                        *first.insert(suspect.map(|suspect| push(&mut suspects, suspect)))
                    }
                }
            };
            if let Some(at) = suspect {
                of_user.insert(user, at);
            }
        }
        for token in tokens {
            let who = Principal::Token(token.clone());
            match self.likeness(token) {
                Likeness::Nothing => {}
                Likeness::User => {
                    if let Some(&at) = of_user.get(token.user()) {
                        suspects[at].like.push(who);
                    }
                }
                Likeness::Nobody => suspects.extend(self.suspect(who, concern, &mut left)),
            }
        }
        suspects
    }

    fn suspect(&self, who: Principal, concern: Concern, left: &mut usize) -> Option<Suspect> {
        let bearing = self.bearing(&who);
        let Bearing { subjects, ops } = &bearing;
        let is_safe = ops.iter().filter(|&&at| matters(&self.ops[at])).nth(1).is_none()
            || self.is_plain(subjects, ops)
            || concern == Concern::InOrder && self.is_harmless(&who, &bearing, left);
        (!is_safe).then_some(Suspect { who, like: Vec::new(), bearing })
    }

    /// Whether `who` holds after each op nothing that it holds neither before nor after all; `false` if that takes more
    /// work than is `left`.
    fn is_harmless(&self, who: &Principal, Bearing { subjects, ops }: &Bearing, left: &mut usize) -> bool {
        let Some(alphabet) = self.alphabet.as_ref().filter(|_| !who.user().is_root()) else { return false };
        let granted = || subjects.iter().filter_map(|subject| self.granted.get(subject)).flatten();
        let mut paths: BTreeSet<&AclPath> = granted().map(|(grant, _)| &grant.path).collect();
        for &at in ops {
            if let Op::Grant { batch, propagate: _ } | Op::Revoke { batch } = &self.ops[at]
                && subjects.iter().any(|subject| batch.subjects().contains(subject))
            {
                paths.insert(batch.path());
            }
        }
        let Some(less) = left.checked_sub((ops.len() + 2) * (2 * paths.len() + 2)) else { return false };
        *left = less;
        let pools = self.pools.among(&paths);
        let named = paths.iter().map(|path| path.as_str());
        let mut sketch = Sketch::new(who, subjects, (self.live, self.now), alphabet, named, &pools);
        for (grant, propagate) in granted() {
            sketch.grant(grant.path.as_str(), &grant.subject, &grant.role, propagate.is_yes());
        }
        let Some(less) = left.checked_sub(ops.len() * sketch.size()) else { return false };
        *left = less;
        let mut states = vec![sketch.held()];
        for op in ops.iter().map(|&at| &self.ops[at]) {
            sketch.apply(op);
            states.push(sketch.held());
        }
        let [before, .., after] = states.as_slice() else { return true };
        !states.iter().any(|held| exceeds(held, before, after))
    }

    /// A closer look at somebody.
    pub(in crate::plan) fn figure_of(
        &self,
        Suspect { who, like, bearing: Bearing { subjects, ops } }: Suspect,
    ) -> Figure {
        Figure { like, ..self.drawn(who, &subjects, &ops) }
    }

    /// What there is to know of a token without looking at it closer.
    fn likeness(&self, id: &TokenId) -> Likeness {
        let Some(token) = self.live.tokens.get(id).filter(|_| !self.of_token.contains_key(id)) else {
            return Likeness::Nobody;
        };
        let own = Subject::Token(id.clone());
        match token.privsep {
            _ if token.expire.has_ended(self.now) => Likeness::Nothing,
            Privsep::No => Likeness::User,
            Privsep::Yes if self.granted.contains_key(&own) || self.batches.contains_key(&own) => Likeness::Nobody,
            Privsep::Yes => Likeness::Nothing,
        }
    }

    fn is_plain(&self, subjects: &BTreeSet<Subject>, ops: &BTreeSet<usize>) -> bool {
        let granted = subjects.iter().filter_map(|subject| self.granted.get(subject)).flatten();
        let current = |path: &AclPath, subject: &Subject, role: &RoleId| {
            let granted = self.granted.get(subject)?.iter();
            granted
                .filter(|(grant, _)| grant.path == *path && grant.role == *role)
                .map(|(_, propagate)| *propagate)
                .next()
        };
        is_plain(ops.iter().map(|&at| &self.ops[at]), subjects, granted.map(|(grant, _)| &grant.role), current)
    }

    /// One user or token, whatever bears on it.
    pub(in crate::plan) fn figure(&self, who: &Principal) -> Figure {
        let Bearing { subjects, ops } = self.bearing(who);
        self.drawn(who.clone(), &subjects, &ops)
    }

    /// The ops that bear on `who`.
    pub(in crate::plan) fn bearing_on(&self, who: &Principal) -> BTreeSet<usize> {
        self.bearing(who).ops
    }

    /// Every subject whose grants count for `who` at any time.
    pub(in crate::plan) fn subjects(&self, who: &Principal) -> BTreeSet<Subject> {
        let user = who.user();
        let mut groups: BTreeSet<&GroupId> = self.live.groups_of(user).iter().collect();
        for &at in self.of_user.get(user).into_iter().flatten() {
            match &self.ops[at] {
                Op::CreateUser { user: _, account } => groups.extend(&account.groups),
                Op::SetUser { user: _, before: _, after } => groups.extend(&after.groups),
                _ => {}
            }
        }
        let mut subjects: BTreeSet<Subject> = groups.into_iter().cloned().map(Subject::Group).collect();
        subjects.insert(Subject::User(user.clone()));
        if let Principal::Token(token) = who {
            subjects.insert(Subject::Token(token.clone()));
        }
        subjects
    }

    fn bearing(&self, who: &Principal) -> Bearing {
        let subjects = self.subjects(who);
        let mut ops: BTreeSet<usize> = self.of_user.get(who.user()).into_iter().flatten().copied().collect();
        if let Principal::Token(token) = who {
            ops.extend(self.of_token.get(token).into_iter().flatten());
        }
        let mut roles: BTreeSet<&RoleId> = BTreeSet::new();
        for subject in &subjects {
            if let Subject::Group(group) = subject {
                ops.extend(self.of_group.get(group).into_iter().flatten());
            }
            roles.extend(self.granted.get(subject).into_iter().flatten().map(|(grant, _)| &grant.role));
            for &at in self.batches.get(subject).into_iter().flatten() {
                ops.insert(at);
                if let Op::Grant { batch, propagate: _ } = &self.ops[at] {
                    roles.extend(batch.roles());
                }
            }
        }
        ops.extend(roles.into_iter().filter_map(|role| self.of_role.get(role)).flatten());
        Bearing { subjects, ops }
    }

    /// `who` with as much of the state as bears on it, and the part of each op that does.
    fn drawn(&self, who: Principal, subjects: &BTreeSet<Subject>, ops: &BTreeSet<usize>) -> Figure {
        let mut state = AccessState::empty(self.live.release);
        let ops: Vec<(usize, Op)> = ops.iter().filter_map(|&at| Some((at, part(&self.ops[at], subjects)?))).collect();
        let mut paths: BTreeSet<&AclPath> = BTreeSet::new();
        for (grant, propagate) in subjects.iter().filter_map(|subject| self.granted.get(subject)).flatten() {
            paths.insert(&grant.path);
            self.add_role(&grant.role, &mut state);
            state.acl.insert((*grant).clone(), *propagate);
        }
        for (_, op) in &ops {
            if let Op::Grant { batch, propagate: _ } | Op::Revoke { batch } = op {
                paths.insert(batch.path());
                batch.roles().iter().for_each(|role| self.add_role(role, &mut state));
            }
        }
        state.pools = self.pools.among(&paths);
        let user = who.user();
        if let Some(attributes) = self.live.users.get(user) {
            state.users.insert(user.clone(), attributes.clone());
        }
        state.set_groups_of(user, self.live.groups_of(user).clone());
        if let Principal::Token(token) = &who
            && let Some(attributes) = self.live.tokens.get(token)
        {
            state.tokens.insert(token.clone(), attributes.clone());
        }
        if user.is_root() {
            let administrator = self.live.roles.keys().find(|role| role.as_str() == "Administrator");
            administrator.into_iter().for_each(|role| self.add_role(role, &mut state));
        }
        Figure { who, like: Vec::new(), ops, state }
    }

    fn add_role(&self, role: &RoleId, state: &mut AccessState) {
        if let Some(Role { privs, origin }) = self.live.roles.get(role)
            && !state.roles.contains_key(role)
        {
            state.roles.insert(role.clone(), Role { privs: privs.clone(), origin: *origin });
        }
    }
}

/// Whether an op can make a difference to what anybody holds, once its turn has come.
fn matters(op: &Op) -> bool {
    match op {
        Op::CreateRole { .. } | Op::CreateGroup { .. } | Op::SetGroup { .. } | Op::SetPassword { .. } => false,
        Op::SetUser { user: _, before, after } => {
            before.groups != after.groups
                || before.user.enable != after.user.enable
                || before.user.expire != after.user.expire
        }
        Op::SetToken { token: _, before, after } | Op::RotateToken { token: _, before, after } => {
            before.expire != after.expire || before.privsep != after.privsep
        }
        Op::CreateUser { .. }
        | Op::CreateToken { .. }
        | Op::Grant { .. }
        | Op::SetRole { .. }
        | Op::Revoke { .. }
        | Op::DeleteToken { .. }
        | Op::DeleteUser { .. }
        | Op::DeleteGroup { .. }
        | Op::DeleteRole { .. } => true,
    }
}

/// What of an op names one of `subjects`; all of it where it names none.
fn part(op: &Op, subjects: &BTreeSet<Subject>) -> Option<Op> {
    Some(match op {
        Op::Grant { batch, propagate } => Op::Grant { batch: batch.among(subjects)?, propagate: *propagate },
        Op::Revoke { batch } => Op::Revoke { batch: batch.among(subjects)? },
        other => other.clone(),
    })
}
