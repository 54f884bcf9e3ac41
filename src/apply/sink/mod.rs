//! Places that take a secret.
//!
//! Knows how a secret gets there whole or not at all, and what must not be lost on the way. Does not know what follows
//! from a place that does not take it.

mod command;
mod env;
mod error;
mod file;
mod form;
mod rights;
mod said;

use std::time::Duration;

pub use command::CommandError;
pub use error::SinkError;
pub(super) use file::{Found, exposure, find, folder, make};
pub(super) use form::{Held, held};
use secrecy::SecretString;

use crate::desired::{Destination, Sink};
use crate::model::Expire;
use crate::pve::TokenId;

/// Which secrets may be overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replaceable {
    /// Any: the token is being made, so an old secret of its name is dead.
    #[default]
    Any,
    /// Those that begin like this; others belong to another server.
    Marked(&'static str),
}

impl Replaceable {
    fn covers(self, secret: &str) -> bool {
        match self {
            Replaceable::Any => true,
            Replaceable::Marked(mark) => secret.contains(mark),
        }
    }
}

/// Whether the commands that secrets go to are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// They are.
    #[default]
    Run,
    /// They are refused, because a real secret could be in their hands.
    Refuse,
}

/// How secrets are put away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    pub(super) replaceable: Replaceable,
    pub(super) commands: Commands,
    /// How long a command may take.
    pub(super) limit: Duration,
}

impl Default for Manner {
    fn default() -> Manner {
        const LIMIT: Duration = Duration::from_secs(60);
        Manner { replaceable: Replaceable::default(), commands: Commands::default(), limit: LIMIT }
    }
}

/// Makes sure that `sink` could take a secret now, as far as that can be known without one.
pub(super) fn probe(sink: &Sink, token: &TokenId, manner: Manner) -> Result<(), SinkError> {
    match (&sink.to, manner.commands) {
        (Destination::File(path), _) => file::probe(path, &sink.format, token, manner.replaceable),
        (Destination::Command(_), Commands::Refuse) => Err(CommandError::Trial.into()),
        (Destination::Command(command), Commands::Run) => Ok(command::find(command).map(drop)?),
    }
}

/// Puts `secret` away in the form that `sink` asks for; when this returns, it is on disk, or its command has taken it.
/// Doing it again does no harm.
pub(super) async fn put(
    sink: &Sink,
    token: &TokenId,
    secret: &SecretString,
    expire: Expire,
    manner: Manner,
) -> Result<(), SinkError> {
    match &sink.to {
        Destination::File(path) => file::write(path, &sink.format, token, secret, expire),
        Destination::Command(command) => {
            let content = form::content(&sink.format, "", token, secret, expire);
            Ok(command::give(command, &content, secret, manner.limit).await?)
        }
    }
}
