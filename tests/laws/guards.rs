//! What holds of the guards `escalation` and `lockout`, and of the order that avoids both: held against asking the whole of
//! every state on the way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use pve_access::desired::Desired;
use pve_access::live::{Sight, Snapshot};
use pve_access::model::AccessState;
use pve_access::permissions::Evaluator;
use pve_access::plan::{Aim, Escalation, Gain, Lockout, Objection, Op, Plan};
use pve_access::pve::{Principal, Privilege, Subject, UserId};

use super::generate::{crowd, draft, state};
use super::{NOW, fold, ops, planned, resolved, unmet};
use crate::everywhere;

/// The plan of somebody who sees everything.
fn planned_by(reader: Option<&Principal>, desired: &Desired, live: &AccessState) -> Plan {
    let cluster = "test".to_owned();
    let live =
        Snapshot { state: live.clone(), sight: Sight::Full, reader: reader.cloned(), cluster, ignored: Vec::new() };
    Plan::new(Aim::new(resolved(desired, &live), NOW))
}

/// Every user and token of any of some states.
fn everybody<'a>(states: impl IntoIterator<Item = &'a AccessState>) -> BTreeSet<Principal> {
    states.into_iter().flat_map(everywhere::everybody).collect()
}

/// What somebody can do: at each of some paths, and right below each.
type Held = BTreeMap<(Principal, String), BTreeSet<Privilege>>;

fn held(state: &AccessState, who: &BTreeSet<Principal>, paths: &BTreeSet<String>) -> Held {
    let evaluator = Evaluator::new(state);
    let mut held = Held::new();
    for who in who.iter().filter(|who| state.refusals(who, NOW).is_empty()) {
        for path in paths {
            held.insert((who.clone(), path.clone()), evaluator.at(who, path).into_keys().collect());
        }
    }
    held
}

/// The states before the first op and after each.
fn states(ops: &[Op], live: &AccessState) -> Vec<AccessState> {
    let mut states = vec![live.clone()];
    for op in ops {
        let mut next = states[states.len() - 1].clone();
        op.apply_to(&mut next);
        states.push(next);
    }
    states
}

/// All paths that decide.
fn paths(states: &[AccessState]) -> BTreeSet<String> {
    states.iter().flat_map(everywhere::paths).collect()
}

/// Who holds what, after any of the ops, that it holds at the same path neither before nor after all of them.
fn excess(ops: &[Op], live: &AccessState) -> BTreeMap<Principal, BTreeSet<Privilege>> {
    let states = states(ops, live);
    let (who, paths) = (everybody(&states), paths(&states));
    let [before, after] = [&states[0], &states[states.len() - 1]].map(|state| held(state, &who, &paths));
    let nothing = BTreeSet::new();
    let mut excess: BTreeMap<Principal, BTreeSet<Privilege>> = BTreeMap::new();
    for state in &states {
        for (place, privileges) in held(state, &who, &paths) {
            let bounds = [&before, &after].map(|bound| bound.get(&place).unwrap_or(&nothing));
            let new = privileges.into_iter().filter(|held| bounds.iter().all(|bound| !bound.contains(held)));
            let new: BTreeSet<Privilege> = new.collect();
            if !new.is_empty() {
                excess.entry(place.0).or_default().extend(new);
            }
        }
    }
    excess
}

/// What the plan says of the same.
fn said(plan: &Plan) -> BTreeMap<Principal, BTreeSet<Privilege>> {
    let mut said = BTreeMap::new();
    for objection in &plan.objections {
        let Objection::Escalation(Escalation { gains, unexamined }) = objection else { continue };
        assert!(unexamined.is_empty());
        for Gain { who, like, held, from, until } in gains {
            assert!(from.number < until.number && until.number <= plan.steps.len());
            let privileges: BTreeSet<Privilege> = held.values().flatten().cloned().collect();
            assert!(!privileges.is_empty());
            for who in like.iter().chain([who]) {
                assert_eq!(said.insert(who.clone(), privileges.clone()), None, "{who} is named once");
            }
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In both directions: what nobody holds on the way is not objected to, and what somebody holds is.
    #[test]
    fn what_anybody_holds_on_the_way_alone_is_objected_to((live, draft) in crowd()) {
        let plan = planned_by(None, &draft.against(&live), &live);
        prop_assert_eq!(said(&plan), excess(&ops(&plan), &live));
    }

    #[test]
    fn the_same_in_wider_states(live in state(), draft in draft()) {
        let plan = planned_by(None, &draft.against(&live), &live);
        prop_assert_eq!(said(&plan), excess(&ops(&plan), &live));
    }

    #[test]
    fn steps_out_of_order_lead_to_the_target_too((live, draft) in crowd(), reader in any::<prop::sample::Index>(), stop in any::<prop::sample::Index>()) {
        let who = everybody([&live]);
        let reader = reader.get(&who.iter().cloned().collect::<Vec<_>>()).clone();
        let desired = draft.against(&live);
        let plan = planned_by(Some(&reader), &desired, &live);
        let ops = ops(&plan);
        let mut state = live.clone();
        for step in &plan.steps {
            prop_assert_eq!(unmet(&step.op, &state), None);
            let before = state.clone();
            prop_assert_eq!(&step.op.apply_to(&mut state), &step.along);
            prop_assert_ne!(&state, &before, "a request that changes nothing");
        }
        prop_assert_eq!(&state, &plan.aim.target);
        let halfway = fold(&ops[..stop.index(ops.len() + 1)], &live);
        let (again, same) = planned(&desired, &halfway);
        prop_assert_eq!(&same, &plan.aim.target);
        prop_assert_eq!(fold(&self::ops(&again), &halfway), same);
    }
}

/// How often the plan has an objection, of how many.
#[test]
#[ignore = "measures; says nothing"]
fn measure() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let cases: usize = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let mut runner = TestRunner::new(Config::default());
    let (mut objected, mut would, mut reordered, mut better, mut small) = (0, 0, 0, 0, 0);
    for _ in 0..cases {
        let (live, draft) = crowd().new_tree(&mut runner).unwrap().current();
        let plan = planned_by(None, &draft.against(&live), &live);
        let ops = ops(&plan);
        let mut sorted = ops.clone();
        sorted.sort_by_key(Op::phase);
        reordered += usize::from(sorted != ops);
        would += usize::from(!excess(&sorted, &live).is_empty());
        let ours = !said(&plan).is_empty();
        objected += usize::from(ours);
        if ours && ops.len() <= 7 {
            small += 1;
            if let Some(order) = any_safe(&ops, &live) {
                better += 1;
                println!("BETTER {order:#?}\nOURS {ops:#?}\nSAID {:?}", said(&plan));
            }
        }
    }
    println!("{cases} plans: {would} unsafe in the order of phases, {reordered} reordered, {objected} objected to; of {small} small ones of these {better} have a safe order");
}

/// An order in which each op can be done at its turn and nobody gets what it should not have.
fn any_safe(ops: &[Op], live: &AccessState) -> Option<Vec<Op>> {
    let target = fold(ops, live);
    let everybody = everybody([live, &target]);
    let everybody: BTreeSet<Principal> = everybody.into_iter().collect();
    fn go(done: &mut Vec<Op>, left: &[Op], state: &AccessState, safe: &dyn Fn(&AccessState) -> bool) -> bool {
        if left.is_empty() {
            return true;
        }
        for at in 0..left.len() {
            if unmet(&left[at], state).is_some() || !is_allowed(&left[at], &left) {
                continue;
            }
            let mut next = state.clone();
            left[at].apply_to(&mut next);
            if !safe(&next) {
                continue;
            }
            let mut rest = left.to_vec();
            done.push(rest.remove(at));
            if go(done, &rest, &next, safe) {
                return true;
            }
            done.pop();
        }
        false
    }
    let all = states(ops, live);
    let paths: BTreeSet<String> = paths(&all);
    let who: BTreeSet<Principal> = self::everybody(&all).into_iter().chain(everybody).collect();
    let [before, after] = [live, &target].map(|state| held(state, &who, &paths));
    let nothing = BTreeSet::new();
    let safe = |state: &AccessState| {
        held(state, &who, &paths).into_iter().all(|(place, privileges)| {
            privileges.iter().all(|privilege| {
                [&before, &after].iter().any(|bound| bound.get(&place).unwrap_or(&nothing).contains(privilege))
            })
        })
    };
    let mut done = Vec::new();
    go(&mut done, ops, live, &safe).then_some(done)
}

/// Nothing that is still named goes.
fn is_allowed(op: &Op, left: &[Op]) -> bool {
    let names_role = |op: &Op, wanted: &pve_access::pve::RoleId| match op {
        Op::Grant { batch, .. } | Op::Revoke { batch } => batch.roles().contains(wanted),
        Op::SetRole { role, .. } => role == wanted,
        _ => false,
    };
    match op {
        Op::DeleteRole { role } => !left.iter().any(|other| names_role(other, role)),
        Op::DeleteGroup { group } => !left.iter().any(|other| matches!(other, Op::Grant { batch, .. } | Op::Revoke { batch } if batch.subjects().contains(&Subject::Group(group.clone())))),
        _ => true,
    }
}
