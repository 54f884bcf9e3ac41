//! Codes of a second factor: the one that was given, and what somebody types.

use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use crate::api::{Challenge, Code, Codes};
use crate::cli::terminal::Terminal;
use crate::render::visible;

/// How often somebody may mistype a code.
const TRIES: usize = 3;

/// A code does once: the one that was given answers the first login that asks for one.
pub(super) struct Given {
    code: Mutex<Option<Code>>,
    terminal: Terminal,
}

impl Given {
    pub(super) fn new(code: Option<Code>, terminal: Terminal) -> Given {
        Given { code: Mutex::new(code), terminal }
    }
}

impl Codes for Given {
    fn code(&self, challenge: &Challenge, refused: usize) -> Option<Code> {
        let given = self.code.lock().unwrap_or_else(PoisonError::into_inner).take();
        if given.is_some() || refused >= TRIES || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return given;
        }
        if refused > 0 {
            self.terminal.note_text("It is not accepted; the next one?\n");
        }
        let ask = format!("Second factor of {}, {challenge}: ", visible(&challenge.user));
        for _ in 0..TRIES {
            self.terminal.note_text(&ask);
            let mut line = String::new();
            match io::stdin().read_line(&mut line) {
                Ok(0) | Err(_) => return None,
                Ok(_) if line.trim().is_empty() => return None,
                Ok(_) => match line.parse::<Code>() {
                    Ok(code) if challenge.takes(code.kind()) => return Some(code),
                    Ok(_) | Err(_) => self.terminal.note_text("That looks like another kind of code.\n"),
                },
            }
        }
        None
    }
}
