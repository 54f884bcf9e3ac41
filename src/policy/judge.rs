//! Whether policies hold.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{ASKED, hidden, through};
use super::territory::Territory;
use super::violation::{Breach, Fault, Place, Since, Violation};
use crate::desired::Policy;
use crate::model::{AccessState, Patterns};
use crate::permissions::{Evaluator, Everyone, Privileges};
use crate::pve::{Principal, Privilege};

/// How many breaches of one policy are told in full.
const TOLD: usize = 10;

/// Whether the states that are judged name every user and token there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Who is not in them does not exist.
    All,
    /// Who is not in them may be out of sight, and is not missing.
    Visible,
}

/// The policies that do not hold in `target`, which `live` shall become at `now`, in seconds since 1970.
#[must_use]
pub fn judge(
    policies: &[Policy],
    live: &AccessState,
    target: &AccessState,
    accounts: Accounts,
    now: u64,
) -> Vec<Violation> {
    if policies.is_empty() {
        return Vec::new();
    }
    let evaluator = Evaluator::new(target);
    let court = Court {
        live,
        before: Evaluator::new(live),
        target,
        everyone: evaluator.everyone(),
        evaluator: &evaluator,
        known: target.known_privileges(),
        accounts,
        now,
    };
    policies.iter().filter_map(|policy| court.violation(policy)).collect()
}

/// Everything that policies are held against.
struct Court<'e, 'a> {
    live: &'a AccessState,
    before: Evaluator<'a>,
    target: &'a AccessState,
    evaluator: &'e Evaluator<'a>,
    everyone: Everyone<'e>,
    known: BTreeSet<Privilege>,
    accounts: Accounts,
    now: u64,
}

/// What a policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Demand {
    Never,
    Always,
}

/// What is wrong, and where; those who do the same wrong at the same places are told together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wrong {
    demand: Demand,
    places: Vec<Place>,
    privileges: BTreeSet<Privilege>,
}

impl Court<'_, '_> {
    fn violation(&self, policy: &Policy) -> Option<Violation> {
        let mut breaches = if policy.always.is_empty() { Vec::new() } else { self.kept_out(policy) };
        let mut findings: BTreeMap<Wrong, Vec<Principal>> = BTreeMap::new();
        let mut territory = Territory::new(&policy.on);
        for (demand, patterns) in [(Demand::Never, &policy.never), (Demand::Always, &policy.always)] {
            if !patterns.is_empty() {
                self.look(policy, demand, patterns, &mut territory, &mut findings);
            }
        }
        let left = TOLD.saturating_sub(breaches.len());
        let mut more = breaches.len().saturating_sub(TOLD) + findings.len().saturating_sub(left);
        breaches.truncate(TOLD);
        for (wrong, who) in findings.into_iter().take(left) {
            breaches.extend(self.breaches(&wrong, who));
        }
        more += breaches.len().saturating_sub(TOLD);
        breaches.truncate(TOLD);
        let Policy { name, who: _, never: _, always: _, on: _, written } = policy;
        let violation = Violation { policy: name.clone(), written: written.clone(), breaches, more };
        (!violation.breaches.is_empty()).then_some(violation)
    }

    /// Those who are named in full and could not use what they always hold.
    fn kept_out(&self, policy: &Policy) -> Vec<Breach> {
        let mut kept_out: BTreeMap<Principal, Breach> = BTreeMap::new();
        for who in policy.who.named().filter(|who| policy.who.selects(who, self.target.groups_of(who.user()))) {
            let fault = if self.target.has_principal(&who) {
                match self.target.refusals(&who, self.now) {
                    refusals if refusals.is_empty() => continue,
                    refusals => Fault::Refused(refusals),
                }
            } else if self.accounts == Accounts::All {
                Fault::Missing
            } else {
                continue;
            };
            let was_so = match fault {
                Fault::Missing => !self.live.has_principal(&who),
                _ => self.live.has_principal(&who) && !self.live.refusals(&who, self.now).is_empty(),
            };
            let since = if was_so { Since::Live } else { Since::Plan };
            kept_out.insert(who.clone(), Breach { who: vec![who], fault, since });
        }
        kept_out.into_values().collect()
    }

    fn look(
        &self,
        policy: &Policy,
        demand: Demand,
        patterns: &Patterns,
        territory: &mut Territory<'_>,
        findings: &mut BTreeMap<Wrong, Vec<Principal>>,
    ) {
        let asked: BTreeSet<&Privilege> = match demand {
            Demand::Never => BTreeSet::new(),
            Demand::Always => self.known.iter().filter(|known| patterns.select(known.as_str())).collect(),
        };
        let wrong = |held: &Privileges| -> BTreeSet<Privilege> {
            match demand {
                Demand::Never => held.keys().filter(|held| patterns.select(held.as_str())).cloned().collect(),
                Demand::Always => asked.iter().filter(|asked| !held.contains_key(**asked)).copied().cloned().collect(),
            }
        };
        for (sharing, outline) in self.everyone.sharing() {
            let who: Vec<Principal> =
                sharing.into_iter().filter(|who| self.is_meant(policy, demand, who)).cloned().collect();
            if who.is_empty() {
                continue;
            }
            for (privileges, places) in territory.places(outline, wrong) {
                findings.entry(Wrong { demand, places, privileges }).or_default().extend(who.iter().cloned());
            }
        }
    }

    /// Whether `policy` is about `who`. From root@pam nothing can be taken; and who is matched, but not named, and refused
    /// at the door, need not hold anything.
    fn is_meant(&self, policy: &Policy, demand: Demand, who: &Principal) -> bool {
        policy.who.selects(who, self.target.groups_of(who.user()))
            && match demand {
                Demand::Never => !matches!(who, Principal::User(user) if user.is_root()),
                Demand::Always => {
                    self.target.refusals(who, self.now).is_empty() || policy.who.named().any(|named| named == *who)
                }
            }
    }

    /// What is wrong with its reasons; twice, if some have done it before and others have not.
    fn breaches(&self, wrong: &Wrong, mut who: Vec<Principal>) -> Vec<Breach> {
        who.sort_unstable();
        let (before, new): (Vec<Principal>, Vec<Principal>) = who.into_iter().partition(|who| self.was_so(who, wrong));
        let Wrong { demand, places, privileges } = wrong;
        let breach = |who: Vec<Principal>, since: Since| {
            let fault = match demand {
                Demand::Never => {
                    let through = through(self.evaluator, &who, privileges, places);
                    Fault::Holds { privileges: privileges.clone(), places: places.clone(), through }
                }
                Demand::Always => {
                    let hidden = hidden(self.evaluator, &who, privileges, places);
                    Fault::Lacks { privileges: privileges.clone(), places: places.clone(), hidden }
                }
            };
            Breach { who, fault, since }
        };
        let both = [(new, Since::Plan), (before, Since::Live)].into_iter();
        both.filter(|(who, _)| !who.is_empty()).map(|(who, since)| breach(who, since)).collect()
    }

    /// Whether it is the same on the cluster, at the first of the places.
    fn was_so(&self, who: &Principal, Wrong { demand, places, privileges }: &Wrong) -> bool {
        self.live.has_principal(who)
            && places.iter().take(ASKED).all(|place| {
                let held = self.before.at(who, place.example());
                privileges.iter().all(|privilege| held.contains_key(privilege) == (*demand == Demand::Never))
            })
    }
}
