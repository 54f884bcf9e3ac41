//! Who watches an apply, and who ends it early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::outcome::StepEnd;
use crate::plan::Step;

/// Somebody who wants to know how far things are.
pub trait Observer {
    /// The step with this index is about to be sent.
    fn begins(&mut self, at: usize, step: &Step);
    /// The step with this index has come to this end.
    fn ended(&mut self, at: usize, step: &Step, end: &StepEnd);
    /// All steps that will be sent have been; the state is about to be read back.
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
