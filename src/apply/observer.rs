//! Who watches an apply, and who ends it early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cluster::Receipt;
use super::outcome::StepEnd;
use crate::api::ApiError;
use crate::plan::{Op, Step};

/// What is about to be sent could not be recorded, so it must not be.
#[derive(Debug, thiserror::Error)]
#[error("what is about to be sent could not be recorded")]
pub struct NotRecorded;

/// Somebody who wants to know how far things are.
pub trait Observer {
    /// The step with this index is about to be sent.
    fn begins(&mut self, at: usize, step: &Step);
    /// The step with this index has come to this end.
    fn ended(&mut self, at: usize, step: &Step, end: &StepEnd);
    /// A request is about to be sent that is not the first of a step: a step sent again, or a token that is deleted.
    ///
    /// # Errors
    /// If it must not be sent.
    fn besides(&mut self, op: &Op) -> Result<(), NotRecorded> {
        let _ = op;
        Ok(())
    }
    /// This is what came of it.
    ///
    /// # Errors
    /// If nothing more must be sent.
    fn besides_ended(&mut self, op: &Op, result: &Result<Receipt, ApiError>) -> Result<(), NotRecorded> {
        let _ = (op, result);
        Ok(())
    }
    /// The state is about to be read back: because an answer was lost, or because nothing more is sent.
    fn reads_back(&mut self);
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
