//! A cluster in memory on which things go wrong, and who watches.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use pve_access::api::{ApiError, Method, Obstacle, Request};
use pve_access::apply::{self, Cluster, NotRecorded, Observer, Receipt, Stop};
use pve_access::live::{ReadError, Sight, Snapshot, Source};
use pve_access::model::AccessState;
use pve_access::plan::{Op, Step};
use pve_access::pve::TokenId;
use secrecy::SecretString;

use super::unmet;

/// What goes wrong with one write.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
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
pub const NEVER_SEEN: u8 = 100;

/// A cluster in memory, on which the writes with certain numbers go wrong.
pub struct Scripted {
    pub state: Mutex<AccessState>,
    pub secrets: Mutex<BTreeMap<TokenId, String>>,
    pub writes: Mutex<usize>,
    pub late: Mutex<Vec<(u8, Op)>>,
    pub is_silent: Mutex<bool>,
    pub faults: BTreeMap<usize, Fault>,
}

impl Scripted {
    pub fn new(state: &AccessState, faults: BTreeMap<usize, Fault>) -> Scripted {
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
    pub fn carry_out(&self, op: &Op) -> Result<Receipt, String> {
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
    pub fn catch_up(&self, looks: u8) {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        let (due, waiting): (Vec<_>, Vec<_>) = late.into_iter().partition(|(left, _)| *left <= looks);
        *self.late.lock().unwrap() = waiting.into_iter().map(|(left, op)| (left - looks, op)).collect();
        for (_, op) in due {
            // Nobody hears a late refusal.
            let _ = self.carry_out(&op);
        }
    }

    /// Whatever went wrong is over.
    pub fn recover(&mut self) {
        self.faults.clear();
        self.catch_up(NEVER_SEEN);
        *self.is_silent.lock().unwrap() = false;
    }
}

/// Why the server refuses it; unlike [`unmet`], it does not mind that a `Set` finds something else than was planned.
pub fn refusal(op: &Op, state: &AccessState) -> Option<String> {
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
pub struct Screen {
    pub shown: Arc<Mutex<Vec<u8>>>,
    pub fails: Arc<Mutex<usize>>,
}

impl Screen {
    /// The last secret that was shown of `token`.
    pub fn last(&self, token: &TokenId) -> Option<String> {
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
pub struct Trigger<'a> {
    pub cluster: &'a Scripted,
    pub screen: Screen,
    pub stop: Stop,
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
