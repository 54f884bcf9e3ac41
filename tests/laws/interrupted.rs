//! What holds of carrying plans out, whatever goes wrong on the way.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use pve_access::api::{ApiError, Method, Request};
use pve_access::apply::{
    self, Cluster, Delivery, Done, Fate, NotRecorded, Observer, Outcome, Passwords, Receipt, Stop,
};
use pve_access::desired::{Desired, Presence};
use pve_access::live::{ReadError, Sight, Snapshot, Source};
use pve_access::model::AccessState;
use pve_access::plan::{Op, Step, Waiver};
use pve_access::pve::TokenId;
use secrecy::SecretString;

use super::generate::{draft, state};
use super::{planned, unmet};

/// What goes wrong with one write.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The server says no.
    Refused,
    /// No answer comes, and nothing was done.
    LostBefore,
    /// No answer comes, and it was done.
    LostAfter,
    /// No answer comes, and it is done once everybody has looked (api-facts.md, HTTP layer, 596).
    Late,
    /// No answer comes, it was done, and reading fails from then on.
    LostForGood,
    /// The secret that it brings cannot be put away.
    OutputCloses,
    /// Somebody wishes to stop.
    Stopped,
    /// What is about to be sent cannot be written down.
    Unwritten,
}

/// A cluster in memory, on which the write with one number goes wrong.
struct Scripted {
    state: Mutex<AccessState>,
    secrets: Mutex<BTreeMap<TokenId, String>>,
    writes: Mutex<usize>,
    late: Mutex<Option<Op>>,
    is_silent: Mutex<bool>,
    fault: Option<(usize, Fault)>,
}

impl Scripted {
    fn new(state: &AccessState, fault: Option<(usize, Fault)>) -> Scripted {
        Scripted {
            state: Mutex::new(state.clone()),
            secrets: Mutex::default(),
            writes: Mutex::default(),
            late: Mutex::default(),
            is_silent: Mutex::default(),
            fault,
        }
    }

    fn carry_out(&self, op: &Op) -> Receipt {
        let mut state = self.state.lock().unwrap();
        assert_eq!(unmet(op, &state), None);
        op.apply_to(&mut state);
        let (Op::CreateToken { token, attributes: _ } | Op::RotateToken { token, before: _, after: _ }) = op else {
            return Receipt::Done;
        };
        let secret = format!("secret-{}", self.writes.lock().unwrap());
        self.secrets.lock().unwrap().insert(token.clone(), secret.clone());
        Receipt::Secret(SecretString::from(secret))
    }
}

impl Source for Scripted {
    async fn read(&self) -> Result<Snapshot, ReadError> {
        if *self.is_silent.lock().unwrap() {
            let request = Request { method: Method::Get, path: "/test".to_owned() };
            return Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() }.into());
        }
        let state = self.state.lock().unwrap().clone();
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
        match self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault) {
            Some(Fault::Refused) => {
                Err(ApiError::Refused { request, status: 500, message: "no".to_owned(), errors: BTreeMap::new() })
            }
            Some(Fault::LostBefore) => Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() }),
            Some(Fault::LostAfter) => {
                self.carry_out(op);
                Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() })
            }
            Some(Fault::Late) => {
                *self.late.lock().unwrap() = Some(op.clone());
                Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() })
            }
            Some(Fault::LostForGood) => {
                self.carry_out(op);
                *self.is_silent.lock().unwrap() = true;
                Err(ApiError::Unanswered { request, reason: "nothing came".to_owned() })
            }
            Some(Fault::OutputCloses | Fault::Stopped | Fault::Unwritten) | None => Ok(self.carry_out(op)),
        }
    }

    fn adopt(&self, _: &TokenId, _: &SecretString) {}
}

/// What was printed, and whether printing still works.
#[derive(Clone, Default)]
struct Screen {
    shown: Arc<Mutex<Vec<u8>>>,
    is_closed: Arc<Mutex<bool>>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if *self.is_closed.lock().unwrap() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.shown.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets off the faults that are none of the cluster's.
struct Trigger {
    fault: Option<(usize, Fault)>,
    screen: Screen,
    stop: Stop,
}

impl Observer for Trigger {
    fn begins(&mut self, at: usize, _: &Step) -> Result<(), NotRecorded> {
        match self.fault {
            Some((number, Fault::OutputCloses)) if number == at => *self.screen.is_closed.lock().unwrap() = true,
            Some((number, Fault::Stopped)) if number == at => self.stop.request(),
            Some((number, Fault::Unwritten)) if number == at => {
                return Err(NotRecorded { path: "journal".into(), source: io::ErrorKind::StorageFull.into() });
            }
            _ => {}
        }
        Ok(())
    }

    fn ended(&mut self, _: usize, _: &Step, _: &apply::StepEnd) {}

    fn besides(&mut self, _: &Op) -> Result<(), NotRecorded> {
        Ok(())
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
    let mut trigger = Trigger { fault: cluster.fault, screen: screen.clone(), stop: stop.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let passwords = Passwords::read(&approved.plan().aim.passwords).await.unwrap();
        apply::run(approved, cluster, &passwords, &mut delivery, &mut trigger, &stop).await.unwrap()
    })
}

/// Without rotations where answers get lost: that a secret was renewed is not seen, and the next run does not do it again.
fn asked(mut desired: Desired, fault: Fault) -> Desired {
    let loses = matches!(fault, Fault::LostBefore | Fault::LostAfter | Fault::Late | Fault::LostForGood);
    for declared in desired.tokens.values_mut().filter(|_| loses) {
        if let Presence::Present(wish) = &mut declared.wish {
            wish.rotate = None;
        }
    }
    desired
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Refused),
        Just(Fault::LostBefore),
        Just(Fault::LostAfter),
        Just(Fault::Late),
        Just(Fault::LostForGood),
        Just(Fault::OutputCloses),
        Just(Fault::Stopped),
        Just(Fault::Unwritten),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undisturbed_everything_is_done(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        let cluster = Scripted::new(&live, None);
        let outcome = run(&desired, &cluster, &Screen::default());
        prop_assert_eq!(outcome.done(), Done::Everything);
        prop_assert_eq!(*cluster.writes.lock().unwrap(), plan.steps.len());
        prop_assert_eq!(&*cluster.state.lock().unwrap(), &target);
    }

    #[test]
    fn whatever_goes_wrong_the_next_run_ends_it(live in state(), draft in draft(), fault in fault(), at in any::<prop::sample::Index>()) {
        let desired = asked(draft.against(&live), fault);
        let (plan, target) = planned(&desired, &live);
        prop_assume!(!plan.is_empty());
        let number = at.index(plan.steps.len());
        let mut cluster = Scripted::new(&live, Some((number, fault)));
        let screen = Screen::default();

        let outcome = run(&desired, &cluster, &screen);
        if matches!(fault, Fault::Unwritten) {
            prop_assert!(outcome.unrecorded.is_some());
            prop_assert_eq!(*cluster.writes.lock().unwrap(), number, "sent without a line");
        }
        let reached = cluster.state.lock().unwrap().clone() == target;
        prop_assert!(outcome.done() != Done::Everything || reached, "claims what is not so");
        let unsure: Vec<&TokenId> = outcome
            .orphans
            .iter()
            .filter(|(_, fate)| matches!(fate, Fate::NotSeen | Fate::Unread))
            .map(|(token, _)| token)
            .collect();
        let may_be_unsure = matches!(fault, Fault::LostBefore | Fault::Late | Fault::LostForGood);
        prop_assert!(unsure.is_empty() || may_be_unsure, "{fault:?} leaves no doubt");

        cluster.fault = None;
        *cluster.is_silent.lock().unwrap() = false;
        if let Some(op) = cluster.late.lock().unwrap().take() {
            cluster.carry_out(&op);
        }
        *screen.is_closed.lock().unwrap() = false;
        let again = run(&desired, &cluster, &screen);
        prop_assert_eq!(again.done(), Done::Everything);
        prop_assert_eq!(&*cluster.state.lock().unwrap(), &target);

        // Every token that was made is usable, its last secret shown being the one that the cluster has; or somebody
        // was told that it may not be.
        let shown = String::from_utf8(screen.shown.lock().unwrap().clone()).unwrap();
        for (token, secret) in &*cluster.secrets.lock().unwrap() {
            if target.tokens.contains_key(token) && !unsure.contains(&token) {
                let last = shown.lines().rev().find_map(|line| line.strip_prefix(&format!("{token}=")));
                prop_assert_eq!(last, Some(secret.as_str()));
            }
        }
    }
}
