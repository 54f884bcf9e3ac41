//! What holds of carrying plans out, whatever goes wrong on the way.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use pve_access::api::{ApiError, Method, Obstacle, Request};
use pve_access::apply::{
    self, Cluster, Delivery, Done, Fate, LeftFate, LeftPassword, NotRecorded, Observer, Outcome, Passwords, Receipt,
    StepEnd, Stop,
};
use pve_access::desired::{Desired, Presence};
use pve_access::live::{ReadError, Sight, Snapshot, Source};
use pve_access::model::AccessState;
use pve_access::plan::{Op, Step, Waiver};
use pve_access::pve::{TokenId, UserId};
use secrecy::SecretString;

use super::generate::{draft, state};
use super::{planned, unmet};

/// What goes wrong with one write.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The server says no.
    Refused,
    /// It never leaves.
    NotSent,
    /// No answer comes, and nothing was done.
    LostBefore,
    /// No answer comes, and it was done.
    LostAfter,
    /// No answer comes, and it is done once the cluster has been looked at this often (api-facts.md, HTTP layer, 596).
    Late(u8),
    /// No answer comes, it was done, and reading fails from then on.
    LostForGood,
    /// The secret that it brings cannot be put away.
    OutputCloses,
    /// The secret that it brings can be put away at the second attempt.
    OutputStutters,
    /// Somebody wishes to stop.
    Stopped,
    /// What is about to be sent cannot be written down.
    Unwritten,
}

/// How often a late write lets itself be looked for at most; a run looks less often.
const NEVER_SEEN: u8 = 100;

/// A cluster in memory, on which the writes with certain numbers go wrong.
struct Scripted {
    state: Mutex<AccessState>,
    secrets: Mutex<BTreeMap<TokenId, String>>,
    writes: Mutex<usize>,
    late: Mutex<Vec<(u8, Op)>>,
    is_silent: Mutex<bool>,
    faults: BTreeMap<usize, Fault>,
}

impl Scripted {
    fn new(state: &AccessState, faults: BTreeMap<usize, Fault>) -> Scripted {
        Scripted {
            state: Mutex::new(state.clone()),
            secrets: Mutex::default(),
            writes: Mutex::default(),
            late: Mutex::default(),
            is_silent: Mutex::default(),
            faults,
        }
    }

    /// Does it as the server does, or says why not.
    fn carry_out(&self, op: &Op) -> Result<Receipt, String> {
        let mut state = self.state.lock().unwrap();
        if let Some(refusal) = refusal(op, &state) {
            return Err(refusal);
        }
        op.apply_to(&mut state);
        let (Op::CreateToken { token, attributes: _ } | Op::RotateToken { token, before: _, after: _ }) = op else {
            return Ok(Receipt::Done);
        };
        let mut secrets = self.secrets.lock().unwrap();
        let secret = format!("secret-{}-{}", self.writes.lock().unwrap(), secrets.len());
        secrets.insert(token.clone(), secret.clone());
        Ok(Receipt::Secret(SecretString::from(secret)))
    }

    /// Does what is late by this many looks.
    fn catch_up(&self, looks: u8) {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        let (due, waiting): (Vec<_>, Vec<_>) = late.into_iter().partition(|(left, _)| *left <= looks);
        *self.late.lock().unwrap() = waiting.into_iter().map(|(left, op)| (left - looks, op)).collect();
        for (_, op) in due {
            // Nobody hears a late refusal.
            let _ = self.carry_out(&op);
        }
    }

    /// Whatever went wrong is over.
    fn recover(&mut self) {
        self.faults.clear();
        self.catch_up(NEVER_SEEN);
        *self.is_silent.lock().unwrap() = false;
    }
}

/// Why the server refuses it; unlike [`unmet`], it does not mind that a `Set` finds something else than was planned.
fn refusal(op: &Op, state: &AccessState) -> Option<String> {
    let missing = |is_there: bool| (!is_there).then(|| "it is missing".to_owned());
    match op {
        Op::SetRole { role, .. } => missing(state.roles.contains_key(role)),
        Op::SetGroup { group, .. } => missing(state.groups.contains_key(group)),
        Op::SetUser { user, .. } => missing(state.users.contains_key(user)),
        Op::SetToken { token, .. } | Op::RotateToken { token, .. } => missing(state.tokens.contains_key(token)),
        _ => unmet(op, state),
    }
}

impl Source for Scripted {
    async fn read(&self) -> Result<Snapshot, ReadError> {
        if *self.is_silent.lock().unwrap() {
            let request = Request { method: Method::Get, path: "/test".to_owned() };
            return Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() }.into());
        }
        let state = self.state.lock().unwrap().clone();
        self.catch_up(1);
        Ok(Snapshot {
            state,
            sight: Sight::Full,
            reader: None,
            cluster: "test".to_owned(),
            lock: None,
            ignored: Vec::new(),
        })
    }
}

impl Cluster for Scripted {
    async fn perform(&self, op: &Op, _: Option<&SecretString>) -> Result<Receipt, ApiError> {
        let number = {
            let mut writes = self.writes.lock().unwrap();
            *writes += 1;
            *writes - 1
        };
        let request = Request { method: Method::Put, path: "/test".to_owned() };
        let refused =
            |message| ApiError::Refused { request: request.clone(), status: 500, message, errors: BTreeMap::new() };
        let lost = || ApiError::Unanswered { request: request.clone(), reason: "nothing came".to_owned() };
        match self.faults.get(&number).copied() {
            Some(Fault::Refused) => Err(refused("no".to_owned())),
            Some(Fault::NotSent) => {
                let obstacle = Obstacle::NoAddress { host: "test".to_owned() };
                Err(ApiError::NotSent { request: request.clone(), obstacle })
            }
            Some(Fault::LostBefore) => Err(lost()),
            Some(Fault::LostAfter) => {
                let _ = self.carry_out(op);
                Err(lost())
            }
            Some(Fault::Late(looks)) => {
                self.late.lock().unwrap().push((looks, op.clone()));
                Err(lost())
            }
            Some(Fault::LostForGood) => {
                let _ = self.carry_out(op);
                *self.is_silent.lock().unwrap() = true;
                Err(lost())
            }
            Some(Fault::OutputCloses | Fault::OutputStutters | Fault::Stopped | Fault::Unwritten) | None => {
                self.carry_out(op).map_err(refused)
            }
        }
    }

    fn adopt(&self, _: &TokenId, _: &SecretString) {}

    async fn pause(&self, _: u32) {}
}

/// What was printed, and how often printing fails from now on.
#[derive(Clone, Default)]
struct Screen {
    shown: Arc<Mutex<Vec<u8>>>,
    fails: Arc<Mutex<usize>>,
}

impl Screen {
    /// The last secret that was shown of `token`.
    fn last(&self, token: &TokenId) -> Option<String> {
        let shown = String::from_utf8(self.shown.lock().unwrap().clone()).unwrap();
        shown.lines().rev().find_map(|line| line.strip_prefix(&format!("{token}=")).map(str::to_owned))
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut fails = self.fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.shown.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets off the faults that are none of the cluster's, each before the write with its number.
struct Trigger<'a> {
    cluster: &'a Scripted,
    screen: Screen,
    stop: Stop,
}

impl Trigger<'_> {
    fn pull(&self) -> Result<(), NotRecorded> {
        let number = *self.cluster.writes.lock().unwrap();
        match self.cluster.faults.get(&number) {
            Some(Fault::OutputCloses) => *self.screen.fails.lock().unwrap() = usize::MAX,
            Some(Fault::OutputStutters) => *self.screen.fails.lock().unwrap() = 1,
            Some(Fault::Stopped) => self.stop.request(),
            Some(Fault::Unwritten) => {
                return Err(NotRecorded { path: "journal".into(), source: io::ErrorKind::StorageFull.into() });
            }
            _ => {}
        }
        Ok(())
    }
}

impl Observer for Trigger<'_> {
    fn begins(&mut self, _: usize, _: &Step) -> Result<(), NotRecorded> {
        self.pull()
    }

    fn ended(&mut self, _: usize, _: &Step, _: &apply::StepEnd) {}

    fn besides(&mut self, _: &Op) -> Result<(), NotRecorded> {
        self.pull()
    }

    fn besides_ended(&mut self, _: &Op, _: Result<(), &ApiError>) {}

    fn reads_back(&mut self) {}
}

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
