//! Why a place does not take a secret.

use std::io;
use std::path::PathBuf;

use super::command::CommandError;
use crate::pve::TokenId;

/// Why a secret cannot go to a place.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The folder is not there and cannot be made, or nothing can be written in it.
    #[error("nothing can be written in the folder `{}`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What should be its folder is none.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// What it should be in.
        path: PathBuf,
    },
    /// There is something of that name that is no file.
    #[error("it is {what}, not a file")]
    NotAFile {
        /// What it is instead.
        what: &'static str,
    },
    /// What is in the file already cannot be read.
    #[error("what it holds cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file is far larger than what it should be.
    #[error("it is larger than any file of secrets")]
    TooLarge,
    /// Everybody on this machine could read the secret, or put another one there.
    #[error("everybody can {what} it (its mode is {mode:04o})")]
    Exposed {
        /// What everybody can do.
        what: &'static str,
        /// Its mode.
        mode: u32,
    },
    /// Somebody else's file, where everybody can put one.
    #[error("it belongs to somebody else (uid {owner}), and anybody could have put it there")]
    Planted {
        /// Whose it is.
        owner: u32,
    },
    /// The file holds something that a secret would wipe out.
    #[error("it holds something else than a secret, and all of it would be replaced")]
    Occupied,
    /// The file holds a secret that must outlive a trial.
    #[error("it holds a secret that is none of the sandbox's, perhaps a real one")]
    Precious,
    /// The file holds another token's secret.
    #[error("it holds the secret of `{owner}`")]
    Taken {
        /// The other token.
        owner: Box<TokenId>,
    },
    /// The file is none of variables.
    #[error("it is no file of lines NAME=value in which one could be set")]
    NoLines,
    /// The line that would be set has more in it.
    #[error("the line that sets the variable does something else, too, which would be lost")]
    BusyLine,
    /// Writing failed.
    #[error("writing failed")]
    Write(#[source] io::Error),
    /// Somebody else writes the file, again and again.
    #[error("somebody else keeps writing to it")]
    Restless,
    /// It is a command, and that does not take it.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl SinkError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            SinkError::Occupied => "name another file, or keep its other lines with `format: env` and a `name`",
            SinkError::Precious => "try things out in another folder; or remove the file, if nothing reads it",
            SinkError::Taken { .. } | SinkError::NoLines | SinkError::TooLarge => {
                "name another file, or remove this one if nothing reads it"
            }
            SinkError::Exposed { .. } => {
                "take that away: `chmod o-rwx FILE`; whoever has to read it can be in its group"
            }
            SinkError::Planted { .. } => "name a file that is not below a folder which everybody can write",
            SinkError::BusyLine => "put what comes after the value on a line of its own",
            SinkError::Restless => "end what writes to it, and try again",
            SinkError::Folder { .. }
            | SinkError::NotAFolder { .. }
            | SinkError::NotAFile { .. }
            | SinkError::Unreadable(_)
            | SinkError::Write(_) => "mend that, or name another file under the token's `secret`",
            SinkError::Command(error) => error.help(),
        }
    }

    /// What a program has said about it, line by line, without the secret.
    #[must_use]
    pub fn said(&self) -> &[String] {
        match self {
            SinkError::Command(error) => error.said(),
            _ => &[],
        }
    }
}
