//! How the process ends.

use std::process::ExitCode;

/// The exit statuses, which scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// In sync, or applied and verified.
    Success,
    /// An error; nothing more was done than was reported.
    Error,
    /// `plan --detailed-exitcode`: there are changes.
    Changes,
    /// `lint`: there are errors or warnings.
    Findings,
    /// Refused by a guard.
    Refused,
    /// Applied, but reading back shows a difference, or a step failed half-way.
    Partly,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Error => 1,
            Exit::Changes | Exit::Findings => 2,
            Exit::Refused => 3,
            Exit::Partly => 4,
        })
    }
}
