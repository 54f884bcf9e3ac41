//! Who watches an apply, and who ends it early.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::outcome::StepEnd;
use crate::api::ApiError;
use crate::plan::{Op, Step};

/// Somebody who wants to know how far things are.
pub trait Observer {
    /// The step with this index is about to be sent.
    ///
    /// # Errors
    /// If it cannot be written down: then neither it nor anything after it is sent.
    fn begins(&mut self, at: usize, step: &Step) -> Result<(), NotRecorded>;
    /// The step with this index has come to this end.
    fn ended(&mut self, at: usize, step: &Step, end: &StepEnd);
    /// A request that is no step of the plan is about to be sent.
    ///
    /// # Errors
    /// As for [`Observer::begins`]; whoever sends it to prevent worse sends it all the same.
    fn besides(&mut self, op: &Op) -> Result<(), NotRecorded>;
    /// The request that is no step of the plan has come to this end.
    fn besides_ended(&mut self, op: &Op, end: Result<(), &ApiError>);
    /// All steps that will be sent have been; the state is about to be read back.
    fn reads_back(&mut self);
}

/// What is about to be done could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("the journal `{}` cannot be written", path.display())]
pub struct NotRecorded {
    /// The journal.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Both watch; what the first cannot write down is not told to the second.
impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn begins(&mut self, at: usize, step: &Step) -> Result<(), NotRecorded> {
        self.0.begins(at, step)?;
        self.1.begins(at, step)
    }

    fn ended(&mut self, at: usize, step: &Step, end: &StepEnd) {
        self.0.ended(at, step, end);
        self.1.ended(at, step, end);
    }

    fn besides(&mut self, op: &Op) -> Result<(), NotRecorded> {
        self.0.besides(op)?;
        self.1.besides(op)
    }

    fn besides_ended(&mut self, op: &Op, end: Result<(), &ApiError>) {
        self.0.besides_ended(op, end);
        self.1.besides_ended(op, end);
    }

    fn reads_back(&mut self) {
        self.0.reads_back();
        self.1.reads_back();
    }
}

/// A wish to stop before the next step, from anywhere in the process.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for it.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
