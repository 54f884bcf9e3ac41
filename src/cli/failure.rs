//! Why a command gave up, for the person who typed it.

use std::error::Error;

/// The fault, its causes and what to do, in the order of printing.
#[derive(Debug)]
pub(super) struct Failure {
    /// The fault; none if everything has been said already.
    pub(super) message: Option<String>,
    /// What led to it, nearest first.
    pub(super) causes: Vec<String>,
    /// What to do.
    pub(super) help: Vec<String>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Failure {
        Failure { message: Some(message.into()), causes: Vec::new(), help: Vec::new() }
    }

    /// An error with its causes.
    pub(super) fn of(error: &dyn Error) -> Failure {
        let failure = Failure::new(error.to_string());
        match error.source() {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    }

    /// Everything has been printed; only the exit status is left to give.
    pub(super) fn said() -> Failure {
        Failure { message: None, causes: Vec::new(), help: Vec::new() }
    }

    pub(super) fn because(mut self, error: &dyn Error) -> Failure {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help.push(help.into());
        self
    }

    pub(super) fn helps(mut self, help: impl IntoIterator<Item = String>) -> Failure {
        self.help.extend(help);
        self
    }
}
