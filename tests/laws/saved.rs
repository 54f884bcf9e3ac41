//! What holds of a plan that was saved and read again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;
use pve_access::desired::{Destination, Format, Sink};
use pve_access::model::{AccessState, Text};
use pve_access::plan::{Objection, Op, Phase, Plan, Saved, SavedError, Staleness};
use pve_access::pve::TokenId;

use super::formats::between;
use super::generate::{draft, state};
use super::odd::odd_state;
use super::{NOW, ops, planned, seen, unmet};

/// What marks of second factors may hold.
const CANARY: &str = "oath:JBSWY3DPEHPK3PXP";

fn sinks(plan: &Plan) -> BTreeMap<TokenId, Sink> {
    let made = plan.steps.iter().filter_map(|step| match &step.op {
        Op::CreateToken { token, attributes: _ } | Op::RotateToken { token, before: _, after: _ } => {
            Some(token.clone())
        }
        _ => None,
    });
    let format = Format::Env { name: "A".to_owned() };
    made.map(|token| (token, Sink { to: Destination::File(PathBuf::from("/a \u{1b}/ü")), format: format.clone() }))
        .collect()
}

fn saved(plan: &Plan) -> Saved {
    Saved::of(plan, sinks(plan), plan.aim.passwords.clone(), "0.0.0")
}

fn with_keys(keys: &str, mut state: AccessState) -> AccessState {
    state.users.values_mut().for_each(|user| user.keys = Text::from(keys));
    state
}

/// Whether `other` is what some of the steps of `plan` make of `live`.
fn is_under_way(plan: &Plan, live: &AccessState, other: &AccessState) -> bool {
    let mut reached = vec![live.clone()];
    for step in &plan.steps {
        let further = reached.iter().cloned().map(|mut state| {
            step.op.apply_to(&mut state);
            state
        });
        let mut further: Vec<AccessState> = further.filter(|state| !reached.contains(state)).collect();
        reached.append(&mut further);
        // Far from all of them: two random states are hardly ever on one another's way.
        reached.truncate(256);
    }
    reached.contains(other)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens_as_it_was(live in odd_state(), target in odd_state()) {
        let plan = between(&with_keys(CANARY, live), &with_keys(CANARY, target));
        let saved = saved(&plan);
        let text = saved.seal().unwrap();
        prop_assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{}", text);
        prop_assert!(!text.contains(CANARY), "{}", text);
        prop_assert_eq!(Saved::open(&text).unwrap(), saved);
    }

    #[test]
    fn on_the_same_state_it_is_the_same_plan(live in state(), draft in draft()) {
        let live = with_keys("", live);
        let (plan, target) = planned(&draft.against(&live), &live);
        let again = Saved::open(&saved(&plan).seal().unwrap()).unwrap().plan(seen(&live), NOW + 60);
        prop_assert_eq!(ops(&again), ops(&plan));
        prop_assert_eq!(&again.steps, &plan.steps);
        prop_assert_eq!(&again.diff, &plan.diff);
        prop_assert_eq!(&again.aim.target, &target);
        prop_assert_eq!(&again.aim.passwords, &plan.aim.passwords);
        prop_assert_eq!(again.objections, plan.objections);
    }

    #[test]
    fn once_done_there_is_nothing_to_do(live in state(), draft in draft()) {
        let (plan, target) = planned(&draft.against(&live), &live);
        let again = saved(&plan).plan(seen(&target), NOW);
        prop_assert!(again.is_empty() && again.objections.is_empty());
    }

    /// However far it came when it was interrupted, it goes on from there.
    #[test]
    fn what_was_begun_goes_on(live in state(), draft in draft(), at in any::<prop::sample::Index>()) {
        let live = with_keys("", live);
        let (plan, target) = planned(&draft.against(&live), &live);
        let done = at.index(plan.steps.len() + 1);
        let mut begun = live.clone();
        plan.steps[..done].iter().for_each(|step| drop(step.op.apply_to(&mut begun)));
        let again = saved(&plan).plan(seen(&begun), NOW);
        prop_assert!(!again.objections.iter().any(|objection| matches!(objection, Objection::Stale(_))), "{:?}", again.objections);
        prop_assert_eq!(&again.aim.target, &target);
        prop_assert!(done == 0 || again.steps.len() < plan.steps.len());
    }

    /// Another state is objected to, and the steps that are left are those that change something.
    #[test]
    fn on_another_state_it_is_stale(live in state(), other in state(), draft in draft()) {
        let (live, other) = (with_keys("", live), with_keys("", other));
        let (plan, _) = planned(&draft.against(&live), &live);
        prop_assume!(!is_under_way(&plan, &live, &other));
        let again = saved(&plan).plan(seen(&other), NOW);
        let is_stale = matches!(&again.objections[..], [Objection::Stale(Staleness::Moved { since: NOW, changes }), ..] if !changes.is_empty());
        prop_assert!(is_stale, "{:?}", again.objections);
        let mut state = other.clone();
        let needed = ops(&plan).into_iter().filter(|op| {
            let before = state.clone();
            // What is gone already cannot be deleted, whatever it has left behind.
            let is_gone = op.phase() >= Phase::DeleteTokens && unmet(op, &state).is_some();
            if !is_gone {
                op.apply_to(&mut state);
            }
            state != before
        });
        prop_assert_eq!(ops(&again), needed.collect::<Vec<_>>());
    }

    /// Whatever is lost or swapped, the fingerprint notices, or nothing is another.
    #[test]
    fn a_damaged_file_is_found(live in state(), draft in draft(), at in any::<prop::sample::Index>(), byte in b' '..=b'~', cut in any::<bool>()) {
        let (plan, _) = planned(&draft.against(&live), &live);
        let saved = saved(&plan);
        let mut text = saved.seal().unwrap().into_bytes();
        let at = at.index(text.len() - 2);
        if cut { text.truncate(at) } else { text[at] = byte }
        match Saved::open(&String::from_utf8(text).unwrap()) {
            Ok(opened) => prop_assert_eq!(opened, saved),
            Err(SavedError::Unintelligible(error)) => prop_assert!(false, "{}", error),
            Err(_) => {}
        }
    }
}
