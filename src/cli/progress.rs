//! How far an apply is, on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::api::ApiError;
use crate::apply::{NotRecorded, Observer, StepEnd};
use crate::plan::{Op, Step};
use crate::render::step_in_words;

/// A bar on standard error where that is a terminal; nothing elsewhere.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(requests: usize) -> Progress {
        let bar = ProgressBar::new(requests as u64);
        if let Ok(style) = ProgressStyle::with_template("  [{pos}/{len}] {wide_msg}") {
            bar.set_style(style);
        }
        Progress { bar }
    }

    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn begins(&mut self, at: usize, step: &Step) -> Result<(), NotRecorded> {
        tracing::info!(step = at + 1, "{}", step_in_words(&step.op));
        self.bar.set_message(step_in_words(&step.op));
        self.bar.tick();
        Ok(())
    }

    fn ended(&mut self, _at: usize, _step: &Step, _end: &StepEnd) {
        self.bar.inc(1);
    }

    fn besides(&mut self, op: &Op) -> Result<(), NotRecorded> {
        tracing::info!("besides: {}", step_in_words(op));
        Ok(())
    }

    fn besides_ended(&mut self, _op: &Op, _end: Result<(), &ApiError>) {}

    fn reads_back(&mut self) {
        tracing::info!("reading back");
        self.bar.set_message("reading back");
        self.bar.tick();
    }
}
