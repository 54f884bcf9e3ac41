//! What holds of carrying plans out, whatever goes wrong on the way.

use std::collections::BTreeMap;

use proptest::prelude::*;
use pve_access::apply::{self, Delivery, Done, Fate, LeftFate, LeftPassword, Outcome, Passwords, StepEnd, Stop};
use pve_access::desired::{Desired, Presence};
use pve_access::plan::Waiver;
use pve_access::pve::{TokenId, UserId};

use super::generate::{draft, state};
use super::planned;
use super::scripted::{Fault, NEVER_SEEN, Screen, Scripted, Trigger, refusal};

fn run(desired: &Desired, cluster: &Scripted, screen: &Screen) -> Outcome {
    let live = cluster.state.lock().unwrap().clone();
    let (plan, _) = planned(desired, &live);
    let approved = plan.approve(&Waiver::ALL.into_iter().filter(|waiver| *waiver != Waiver::Blind).collect()).unwrap();
    let mut delivery = Delivery::showing(screen.clone());
    let stop = Stop::default();
    let mut trigger = Trigger { cluster, screen: screen.clone(), stop: stop.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let passwords = Passwords::read(&approved.plan().aim.passwords).await.unwrap();
        apply::run(approved, cluster, &passwords, &mut delivery, &mut trigger, &stop).await.unwrap()
    })
}

/// Without rotations where something may be carried out long after everybody has looked: a renewal would then kill a
/// secret that is saved already.
fn asked<'a>(mut desired: Desired, mut faults: impl Iterator<Item = &'a Fault>) -> Desired {
    let is_endless = faults.any(|fault| matches!(fault, Fault::Late(NEVER_SEEN)));
    for declared in desired.tokens.values_mut().filter(|_| is_endless) {
        if let Presence::Present(wish) = &mut declared.wish {
            wish.rotate = None;
        }
    }
    desired
}

/// An answer that is lost, once.
fn loss() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::LostBefore),
        Just(Fault::LostAfter),
        (1_u8..4).prop_map(Fault::Late),
        Just(Fault::Late(NEVER_SEEN)),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => loss(),
        1 => Just(Fault::Refused),
        1 => Just(Fault::NotSent),
        1 => Just(Fault::LostForGood),
        1 => Just(Fault::OutputCloses),
        1 => Just(Fault::OutputStutters),
        1 => Just(Fault::Stopped),
        1 => Just(Fault::Unwritten),
    ]
}

/// The tokens of which somebody was told that nobody may have their secret.
fn named(outcome: &Outcome) -> Vec<&TokenId> {
    let Outcome { steps, stopped: _, verification: _, orphans, left_password: _, waived: _, unrecorded: _ } = outcome;
    let may_be = |fate: &Fate| match fate {
        Fate::NotSeen | Fate::Unread | Fate::StillThere(_) | Fate::Secretless => true,
        Fate::Deleted | Fate::Ended | Fate::Another => false,
    };
    let lost = steps.iter().filter_map(|(_, end)| match end {
        StepEnd::SecretLost { token, error: _, fate } => Some((token, fate)),
        _ => None,
    });
    let orphans = orphans.iter().map(|(token, fate)| (token, fate));
    lost.chain(orphans).filter(|(_, fate)| may_be(fate)).map(|(token, _)| token).collect()
}

/// The user of whom somebody was told that it may be there, made to be deleted and unable to log in.
fn made_in_vain(outcome: &Outcome) -> Option<&UserId> {
    match outcome.left_password.as_ref()? {
        LeftPassword { user, fate: LeftFate::NotDeleted(_) | LeftFate::StillStored(_) } => Some(user),
        LeftPassword { user: _, fate: LeftFate::Withdrawn | LeftFate::Inherited | LeftFate::Unknown } => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undisturbed_everything_is_done(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        let cluster = Scripted::new(&live, BTreeMap::new());
        let outcome = run(&desired, &cluster, &Screen::default());
        prop_assert_eq!(outcome.done(), Done::Everything);
        prop_assert!(outcome.steps.iter().all(|(_, end)| matches!(end, StepEnd::Done)));
        prop_assert_eq!(*cluster.writes.lock().unwrap(), plan.steps.len());
        prop_assert_eq!(&*cluster.state.lock().unwrap(), &target);
    }

    /// So a request that is sent again undoes nothing when its first sending is carried out after all.
    #[test]
    fn a_step_that_is_done_once_more_at_the_end_changes_nothing(live in state(), draft in draft()) {
        let (plan, target) = planned(&draft.against(&live), &live);
        for step in &plan.steps {
            let mut state = target.clone();
            if refusal(&step.op, &state).is_none() {
                step.op.apply_to(&mut state);
            }
            prop_assert_eq!(&state, &target, "{:?}", step.op);
        }
    }

    #[test]
    fn a_lost_answer_is_made_up_for_at_once(live in state(), draft in draft(), loss in loss(), at in any::<prop::sample::Index>()) {
        let desired = asked(draft.against(&live), std::iter::once(&loss));
        let (plan, target) = planned(&desired, &live);
        prop_assume!(!plan.is_empty());
        let mut cluster = Scripted::new(&live, BTreeMap::from([(at.index(plan.steps.len()), loss)]));
        let screen = Screen::default();
        let outcome = run(&desired, &cluster, &screen);
        prop_assert_eq!(outcome.done(), Done::Everything, "{:#?}", outcome.steps);
        let is_mended = |end: &StepEnd| matches!(end, StepEnd::Mended { .. });
        prop_assert!(outcome.steps.iter().any(|(_, end)| is_mended(end)));
        prop_assert!(named(&outcome).is_empty());
        prop_assert_eq!(&*cluster.state.lock().unwrap(), &target);
        cluster.recover();
        prop_assert_eq!(&*cluster.state.lock().unwrap(), &target, "what comes late undoes nothing");
        for (token, secret) in &*cluster.secrets.lock().unwrap() {
            prop_assert_eq!(screen.last(token), Some(secret.clone()));
        }
    }

    /// Rescues have requests of their own, and something may go wrong with those, too.
    #[test]
    fn whatever_goes_wrong_the_next_run_ends_it(live in state(), draft in draft(), faults in prop::collection::vec((any::<prop::sample::Index>(), fault()), 1..4)) {
        let desired = asked(draft.against(&live), faults.iter().map(|(_, fault)| fault));
        let (plan, target) = planned(&desired, &live);
        prop_assume!(!plan.is_empty());
        let faults: BTreeMap<usize, Fault> =
            faults.into_iter().map(|(at, fault)| (at.index(plan.steps.len() + 2), fault)).collect();
        let mut cluster = Scripted::new(&live, faults.clone());
        let screen = Screen::default();

        let outcome = run(&desired, &cluster, &screen);
        let is_unwritten = |(at, fault): (&usize, &Fault)| *at < plan.steps.len() && matches!(fault, Fault::Unwritten);
        if faults.len() == 1 && faults.iter().any(is_unwritten) {
            prop_assert!(outcome.unrecorded.is_some());
            prop_assert_eq!(faults.keys().next(), Some(&*cluster.writes.lock().unwrap()), "sent without a line");
        }
        let reached = cluster.state.lock().unwrap().clone() == target;
        prop_assert!(outcome.done() != Done::Everything || reached, "claims what is not so");
        let untouched = cluster.state.lock().unwrap().clone() == live;
        prop_assert!(outcome.done() != Done::Nothing || untouched, "claims that nothing was done");
        let leaves_doubt = |fault: &Fault| match fault {
            Fault::LostBefore | Fault::LostAfter | Fault::Late(_) | Fault::LostForGood => true,
            // Then the token cannot be deleted either.
            Fault::Refused | Fault::NotSent => faults.len() > 1,
            // The secret of a token that was there before stays lost where it does not rotate.
            Fault::OutputCloses => true,
            Fault::OutputStutters | Fault::Stopped | Fault::Unwritten => false,
        };
        prop_assert!(named(&outcome).is_empty() || faults.values().any(leaves_doubt), "there is no doubt");

        cluster.recover();
        *screen.fails.lock().unwrap() = 0;
        let again = run(&desired, &cluster, &screen);
        prop_assert_eq!(again.done(), Done::Everything);
        let mut ended = cluster.state.lock().unwrap().clone();
        if let Some(user) = made_in_vain(&outcome).filter(|_| faults.len() > 1)
            && let (Some(there), Some(wanted)) = (ended.users.get_mut(user), target.users.get(user))
            && !there.enable.is_yes()
        {
            // Nothing else of it may differ.
            there.enable = wanted.enable;
        }
        prop_assert_eq!(&ended, &target);

        // Every token that was made is usable, its last secret shown being the one that the cluster has; or somebody
        // was told that it may not be.
        let named = named(&outcome);
        for (token, secret) in &*cluster.secrets.lock().unwrap() {
            if target.tokens.contains_key(token) && !named.contains(&token) {
                prop_assert_eq!(screen.last(token), Some(secret.clone()));
            }
        }
    }
}
