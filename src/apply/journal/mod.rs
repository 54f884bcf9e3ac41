//! What every run did, for good: Proxmox VE itself writes none of it down.
//!
//! Knows lines of JSON, each of which is on the disk before what it announces is sent. Holds no secret, because an op
//! holds none.

mod file;
mod history;
mod record;

use std::error::Error;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

pub use history::{Course, Damage, History, HistoryError, Run, StepTaken};
pub use record::{Beginning, Came, Ending, Event, Extent, Intended, ReadBack, Record, Sent};

use self::file::Lines;
use self::record::SCHEMA;
use super::observer::{NotRecorded, Observer};
use super::outcome::{Done, Fate, Outcome, StepEnd, Verification};
use crate::api::ApiError;
use crate::plan::{Op, Step};

/// What one run writes down.
#[derive(Debug)]
pub struct Journal {
    /// None where nothing is to be written down.
    lines: Option<Lines>,
    run: String,
    steps: usize,
    in_words: fn(&Op) -> String,
    /// What could not be written down: nothing is sent after it.
    failed: Option<NotRecorded>,
}

impl Journal {
    /// The journal at `path` for a run with this name, which puts ops into words like this.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn open(path: &Path, run: String, in_words: fn(&Op) -> String) -> Result<Journal, NotRecorded> {
        let lines = Lines::open(path).map_err(|source| NotRecorded { path: path.to_owned(), source })?;
        Ok(Journal { lines: Some(lines), ..Journal::none(run, in_words) })
    }

    /// For a run of which nothing is to be written down.
    #[must_use]
    pub fn none(run: String, in_words: fn(&Op) -> String) -> Journal {
        Journal { lines: None, run, steps: 0, in_words, failed: None }
    }

    /// What the run is called.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The run begins.
    pub fn run_begins(&mut self, beginning: Beginning) -> Result<(), NotRecorded> {
        self.steps = beginning.intended.steps;
        self.record(Event::Begins(beginning))
    }

    /// The run goes on with another plan.
    pub fn replans(&mut self, intended: Intended) -> Result<(), NotRecorded> {
        self.steps = intended.steps;
        self.record(Event::Replans(intended))
    }

    /// The run is over; with no outcome if nothing of the plan was sent.
    pub fn run_ends(&mut self, ending: Option<Ending>) -> Result<(), NotRecorded> {
        let nothing = || Ending {
            done: Extent::Nothing,
            stopped: false,
            read_back: ReadBack::NotNeeded,
            without_secret: Vec::new(),
        };
        self.record(Event::Ends(ending.unwrap_or_else(nothing)))
    }

    fn record(&mut self, event: Event) -> Result<(), NotRecorded> {
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        let Some(lines) = &mut self.lines else { return Ok(()) };
        let record = Record { schema: SCHEMA.to_owned(), run: self.run.clone(), time: now(), event };
        let line = serde_json::to_string(&record).map_err(std::io::Error::other);
        line.and_then(|line| lines.add(&line)).map_err(|source| NotRecorded { path: lines.path().to_owned(), source })
    }

    /// As [`Journal::record`], where nothing can be held back any more: what comes next is.
    fn record_past(&mut self, event: Event) {
        self.failed = self.record(event).err();
    }

    fn sent(&self, op: &Op) -> Sent {
        // A value that cannot be made still leaves the words.
        Sent { what: (self.in_words)(op), op: serde_json::to_value(op.without_keys()).unwrap_or(Value::Null) }
    }
}

impl Observer for Journal {
    fn begins(&mut self, at: usize, step: &Step) -> Result<(), NotRecorded> {
        let (of, request) = (self.steps, self.sent(&step.op));
        self.record(Event::Sends { step: at + 1, of, request, along: step.along.clone() })
    }

    fn ended(&mut self, _at: usize, _step: &Step, end: &StepEnd) {
        self.record_past(Event::Came(Came::from(end)));
    }

    fn besides(&mut self, op: &Op) -> Result<(), NotRecorded> {
        let sent = self.sent(op);
        self.record(Event::Besides(sent))
    }

    fn besides_ended(&mut self, _op: &Op, end: Result<(), &ApiError>) {
        self.record_past(Event::Came(end.map_or_else(Came::from, |()| Came::Done)));
    }

    fn reads_back(&mut self) {
        self.record_past(Event::ReadsBack);
    }
}

impl From<&StepEnd> for Came {
    fn from(end: &StepEnd) -> Came {
        match end {
            StepEnd::Done => Came::Done,
            StepEnd::SecretLost { token, error, fate: _ } => {
                Came::SecretLost { why: reasons(error), token: token.to_string() }
            }
            StepEnd::Mended { lost, remedy: _ } => Came::Mended { why: reasons(lost) },
            StepEnd::Failed(error) => error.into(),
            StepEnd::FailedAgain { lost, error } => {
                Came::Undecided { why: format!("{}; sent again: {}", reasons(lost), reasons(error)) }
            }
            StepEnd::NotStarted => Came::NotStarted,
        }
    }
}

impl From<&ApiError> for Came {
    fn from(error: &ApiError) -> Came {
        let why = reasons(error);
        match error {
            ApiError::NotSent { .. } => Came::NotSent { why },
            ApiError::Refused { .. } => Came::Refused { why },
            ApiError::Unanswered { .. } | ApiError::Unintelligible { .. } => Came::Undecided { why },
        }
    }
}

impl From<&Outcome> for Ending {
    fn from(outcome: &Outcome) -> Ending {
        // What mends a password that is left is written down request by request.
        let Outcome { steps, stopped, verification, orphans, left_password: _, waived: _, unrecorded: _ } = outcome;
        let lost = steps.iter().filter_map(|(_, end)| match end {
            StepEnd::SecretLost { token, error: _, fate } => Some((token, fate)),
            StepEnd::Done
            | StepEnd::Mended { .. }
            | StepEnd::Failed(_)
            | StepEnd::FailedAgain { .. }
            | StepEnd::NotStarted => None,
        });
        let orphans = orphans.iter().map(|(token, fate)| (token, fate));
        let without_secret = lost.chain(orphans).filter(|(_, fate)| match fate {
            Fate::Deleted | Fate::Another => false,
            Fate::StillThere(_) | Fate::NotSeen | Fate::Unread | Fate::Ended | Fate::Secretless => true,
        });
        Ending {
            done: match outcome.done() {
                Done::Everything => Extent::Everything,
                Done::Nothing => Extent::Nothing,
                Done::Partly => Extent::Partly,
            },
            stopped: *stopped,
            read_back: match verification {
                Verification::NotNeeded => ReadBack::NotNeeded,
                Verification::Read { residue, lost_sight } if residue.is_empty() && lost_sight.is_empty() => {
                    ReadBack::AsPlanned
                }
                Verification::Read { .. } => ReadBack::Otherwise,
                Verification::Failed(_) => ReadBack::Failed,
            },
            without_secret: without_secret.map(|(token, _)| token.to_string()).collect(),
        }
    }
}

/// An error with its causes.
fn reasons(error: &dyn Error) -> String {
    let mut reasons = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        reasons.push_str(&format!(": {error}"));
        next = error.source();
    }
    reasons
}

/// To the millisecond, in UTC.
fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
