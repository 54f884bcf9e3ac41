//! What somebody holds on the way, in bits: whether there is anything to look at closer.
//!
//! Gives the answers of the evaluator as far as they matter here (which privileges, not how far they propagate), for one
//! user or token, and knows no more of the state than bears on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{AccessState, Enable, Expire, Pool, Privsep};
use crate::plan::op::Op;
use crate::pve::{GroupId, PoolId, Principal, Privilege, RoleId, Subject};

/// Privileges, one a bit.
type Bits = u128;

/// Which bit stands for which privilege, and what the roles of a state hold.
pub(super) struct Alphabet<'a> {
    bits: BTreeMap<&'a Privilege, u32>,
    roles: BTreeMap<&'a RoleId, Bits>,
}

impl<'a> Alphabet<'a> {
    /// The alphabet of a state and of ops on it; `None` if there are more privileges than bits.
    pub(super) fn new(live: &'a AccessState, ops: &'a [Op]) -> Option<Alphabet<'a>> {
        let new = ops.iter().filter_map(|op| match op {
            Op::CreateRole { role: _, privs } | Op::SetRole { role: _, before: _, after: privs } => Some(privs),
            _ => None,
        });
        let all: BTreeSet<&Privilege> = live.roles.values().map(|role| &role.privs).chain(new).flatten().collect();
        let mut alphabet = Alphabet { bits: all.into_iter().zip(0..).collect(), roles: BTreeMap::new() };
        if alphabet.bits.len() > Bits::BITS as usize {
            return None;
        }
        alphabet.roles = live.roles.iter().map(|(id, role)| (id, alphabet.set(&role.privs))).collect();
        Some(alphabet)
    }

    fn set(&self, privileges: &BTreeSet<Privilege>) -> Bits {
        privileges.iter().filter_map(|privilege| self.bits.get(privilege)).fold(0, |set, bit| set | 1 << bit)
    }
}

/// What is held at a path, and what is held below it.
type Held = (Bits, Bits);

/// Grants that decide together.
#[derive(Clone, Copy, Default)]
struct Voices {
    is_any: bool,
    denies: bool,
    gives: Bits,
}

impl Voices {
    fn or(self, others: Voices) -> Voices {
        if self.is_any { self } else { others }
    }

    fn and(self, Voices { is_any, denies, gives }: Voices) -> Voices {
        Voices { is_any: self.is_any || is_any, denies: self.denies || denies, gives: self.gives | gives }
    }
}

/// The grants of one tier at a path: all, and those that reach below.
#[derive(Clone, Copy, Default)]
struct Tier {
    here: Voices,
    below: Voices,
}

/// A path that makes a difference.
struct Spot {
    above: Option<usize>,
    pools: Vec<usize>,
}

/// Somebody, as far as the ops have come.
pub(super) struct Sketch<'s> {
    who: &'s Principal,
    own: [Subject; 2],
    subjects: &'s BTreeSet<Subject>,
    now: u64,
    alphabet: &'s Alphabet<'s>,
    /// Sorted, so each after those above it.
    spots: Vec<Spot>,
    numbers: BTreeMap<String, usize>,
    user: Option<(Enable, Expire)>,
    token: Option<(Expire, Privsep)>,
    groups: BTreeSet<&'s GroupId>,
    roles: BTreeMap<&'s RoleId, Option<Bits>>,
    grants: BTreeMap<(usize, &'s Subject, &'s RoleId), bool>,
}

impl<'s> Sketch<'s> {
    /// Before any op: `who`, to whom nothing is granted but at `paths`, with the pools that these make matter.
    pub(super) fn new(
        who: &'s Principal,
        subjects: &'s BTreeSet<Subject>,
        (live, now): (&'s AccessState, u64),
        alphabet: &'s Alphabet<'s>,
        paths: impl Iterator<Item = &'s str>,
        pools: &BTreeMap<PoolId, Pool>,
    ) -> Sketch<'s> {
        let mut numbers: BTreeMap<String, usize> = paths.map(|path| (normal(path), 0)).collect();
        let pooled = pools.iter().map(|(id, pool)| (normal(&format!("/pool/{id}")), members(pool))).collect::<Vec<_>>();
        for (path, members) in &pooled {
            numbers.insert(path.clone(), 0);
            numbers.extend(members.iter().map(|member| (member.clone(), 0)));
        }
        numbers.values_mut().enumerate().for_each(|(at, number)| *number = at);
        let above = |path: &String| ancestors(path).find_map(|above| numbers.get(above).copied());
        let mut spots: Vec<Spot> = numbers.keys().map(|path| Spot { above: above(path), pools: Vec::new() }).collect();
        for (path, members) in &pooled {
            members.iter().for_each(|member| spots[numbers[member]].pools.push(numbers[path]));
        }
        let user = who.user();
        let token = match who {
            Principal::User(_) => None,
            Principal::Token(id) => live.tokens.get(id).map(|token| (token.expire, token.privsep)),
        };
        Sketch {
            who,
            own: [Subject::User(user.clone()), subject_of(who)],
            subjects,
            now,
            alphabet,
            spots,
            numbers,
            user: live.users.get(user).map(|user| (user.enable, user.expire)),
            token,
            groups: live.groups_of(user).iter().collect(),
            roles: BTreeMap::new(),
            grants: BTreeMap::new(),
        }
    }

    /// Is granted something; only at the paths that were named.
    pub(super) fn grant(&mut self, path: &str, subject: &'s Subject, role: &'s RoleId, propagates: bool) {
        if let Some(&number) = self.numbers.get(&normal(path)) {
            self.grants.insert((number, subject, role), propagates);
        }
    }

    /// How much work it is to say what is held.
    pub(super) fn size(&self) -> usize {
        self.spots.len() + self.grants.len()
    }

    /// Goes on to after `op`, as `Op::apply_to` does.
    pub(super) fn apply(&mut self, op: &'s Op) {
        match op {
            Op::CreateRole { role, privs } => _ = self.roles.insert(role, Some(self.alphabet.set(privs))),
            Op::SetRole { role, before: _, after } => {
                if self.role(role).is_some() {
                    self.roles.insert(role, Some(self.alphabet.set(after)));
                }
            }
            Op::DeleteRole { role } => {
                self.roles.insert(role, None);
                self.grants.retain(|(_, _, named), _| *named != role);
            }
            Op::CreateGroup { group: _, comment: _ }
            | Op::SetGroup { group: _, before: _, after: _ }
            | Op::SetPassword { user: _ } => {}
            Op::DeleteGroup { group } => {
                self.groups.remove(group);
                self.grants.retain(|(_, named, _), _| !matches!(named, Subject::Group(named) if named == group));
            }
            Op::CreateUser { user: _, account } => {
                self.user = Some((account.user.enable, account.user.expire));
                self.groups.extend(&account.groups);
            }
            Op::SetUser { user: _, before, after } => {
                if let Some((enable, expire)) = &mut self.user {
                    if before.user.enable != after.user.enable {
                        *enable = after.user.enable;
                    }
                    if before.user.expire != after.user.expire {
                        *expire = after.user.expire;
                    }
                    if before.groups != after.groups {
                        self.groups = after.groups.iter().collect();
                    }
                }
            }
            Op::DeleteUser { user: _ } => {
                (self.user, self.token) = (None, None);
                self.groups.clear();
                self.grants.retain(|(_, named, _), _| matches!(named, Subject::Group(_)));
            }
            Op::CreateToken { token: _, attributes } => {
                self.token = Some((attributes.expire, attributes.privsep));
            }
            Op::SetToken { token: _, before, after } | Op::RotateToken { token: _, before, after } => {
                if let Some((expire, privsep)) = &mut self.token {
                    if before.expire != after.expire {
                        *expire = after.expire;
                    }
                    if before.privsep != after.privsep {
                        *privsep = after.privsep;
                    }
                }
            }
            Op::DeleteToken { token: _ } => {
                self.token = None;
                self.grants.retain(|(_, named, _), _| !matches!(named, Subject::Token(_)));
            }
            Op::Grant { batch, propagate } => {
                for subject in self.subjects.iter().filter(|subject| batch.subjects().contains(*subject)) {
                    let path = batch.path().as_str();
                    batch.roles().iter().for_each(|role| self.grant(path, subject, role, propagate.is_yes()));
                }
            }
            Op::Revoke { batch } => {
                let number = self.numbers.get(&normal(batch.path().as_str())).copied();
                for (number, subject) in number.into_iter().flat_map(|at| self.subjects.iter().map(move |to| (at, to)))
                {
                    if batch.subjects().contains(subject) {
                        batch.roles().iter().for_each(|role| _ = self.grants.remove(&(number, subject, role)));
                    }
                }
            }
        }
    }

    /// What is held at each path and below it: nothing by who is not there or refused at the door.
    pub(super) fn held(&self) -> Vec<Held> {
        let nothing = || vec![(0, 0); self.spots.len()];
        let Some((enable, expire)) = &self.user else { return nothing() };
        if !enable.is_yes() || expire.has_ended(self.now) {
            return nothing();
        }
        let [user, token] = &self.own;
        match (self.who, &self.token) {
            (Principal::User(_), _) => self.side(user, &self.groups),
            (Principal::Token(_), None) => nothing(),
            (Principal::Token(_), Some((expire, _))) if expire.has_ended(self.now) => nothing(),
            (Principal::Token(_), Some((_, Privsep::No))) => self.side(user, &self.groups),
            (Principal::Token(_), Some((_, Privsep::Yes))) => {
                let sides = self.side(token, &BTreeSet::new()).into_iter().zip(self.side(user, &self.groups));
                sides.map(|(token, user)| (token.0 & user.0, token.1 & user.1)).collect()
            }
        }
    }

    /// What the grants to somebody and its groups come to (api-facts.md, ACL, "Evaluation").
    fn side(&self, own: &Subject, groups: &BTreeSet<&GroupId>) -> Vec<Held> {
        let mut tiers = vec![[Tier::default(); 2]; self.spots.len()];
        for ((number, subject, role), propagates) in &self.grants {
            let tier = match subject {
                Subject::Group(group) if groups.contains(group) => 1,
                _ if *subject == own => 0,
                _ => continue,
            };
            let Some(gives) = self.role(role) else { continue };
            let voice = Voices { is_any: true, denies: denies(role), gives };
            let Tier { here, below } = &mut tiers[*number][tier];
            *here = here.and(voice);
            if *propagates {
                *below = below.and(voice);
            }
        }
        let mut at_path: Vec<Tier> = Vec::with_capacity(tiers.len());
        for (spot, [own, groups]) in self.spots.iter().zip(&tiers) {
            let inherited = spot.above.map(|above| at_path[above].below).unwrap_or_default();
            at_path.push(Tier {
                here: own.here.or(groups.here).or(inherited),
                below: own.below.or(groups.below).or(inherited),
            });
        }
        let held = self.spots.iter().zip(&at_path).map(|(spot, Tier { here, below })| {
            let here = spot.pools.iter().fold(*here, |here, &pool| here.and(at_path[pool].here));
            (self.settled(here), self.settled(*below))
        });
        held.collect()
    }

    fn settled(&self, voices: Voices) -> Bits {
        if !voices.denies {
            return voices.gives;
        }
        let no_access = self.alphabet.roles.keys().find(|role| denies(role));
        no_access.and_then(|role| self.role(role)).unwrap_or_default()
    }

    fn role(&self, role: &RoleId) -> Option<Bits> {
        self.roles.get(role).copied().unwrap_or_else(|| self.alphabet.roles.get(role).copied())
    }
}

/// Whether something is held that is held neither before nor after.
pub(super) fn exceeds(held: &[Held], before: &[Held], after: &[Held]) -> bool {
    let bounds = before.iter().zip(after);
    held.iter()
        .zip(bounds)
        .any(|(held, (before, after))| held.0 & !(before.0 | after.0) != 0 || held.1 & !(before.1 | after.1) != 0)
}

fn subject_of(who: &Principal) -> Subject {
    match who {
        Principal::User(user) => Subject::User(user.clone()),
        Principal::Token(token) => Subject::Token(token.clone()),
    }
}

fn members(pool: &Pool) -> Vec<String> {
    let guests = pool.vms.iter().map(|vm| format!("/vms/{vm}"));
    guests.chain(pool.storage.iter().map(|storage| normal(&format!("/storage/{storage}")))).collect()
}

/// A path by its words: two that have the same are one place.
fn normal(path: &str) -> String {
    let words = path.split('/').filter(|word| !word.is_empty());
    let normal: String = words.flat_map(|word| ["/", word]).collect();
    if normal.is_empty() { "/".to_owned() } else { normal }
}

/// The paths above one, the nearest first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('/').map(|(at, _)| at);
    let proper = ends.map(move |at| if at == 0 { "/" } else { &path[..at] });
    proper.filter(move |above| *above != path)
}

fn denies(role: &RoleId) -> bool {
    role.as_str() == "NoAccess"
}
