//! Where the secrets of new tokens go.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::sink::{self, Commands, Manner, Replaceable, SinkError};
use crate::desired::{Destination, Format, Sink};
use crate::model::Token;
use crate::pve::TokenId;

/// Why a secret could not be put away.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A file or a command did not take it.
    #[error("the secret of `{token}` cannot go to {}", Named(to))]
    Sink {
        /// The token.
        token: TokenId,
        /// The place.
        to: Destination,
        /// Why not.
        source: Box<SinkError>,
    },
    /// Another secret of the same run goes there too.
    #[error("the secrets of `{token}` and `{other}` both go to {}", Named(to))]
    Shared {
        /// The token.
        token: TokenId,
        /// The other token.
        other: Box<TokenId>,
        /// The place, in the spelling of the first.
        to: Destination,
    },
    /// It was to be shown, and the output is closed.
    #[error("the secret of `{token}` could not be shown")]
    Shown {
        /// The token.
        token: TokenId,
        /// Why not.
        source: io::Error,
    },
    /// Nobody said where it goes.
    #[error("nothing says where the secret of `{token}` goes")]
    Nowhere {
        /// The token.
        token: TokenId,
    },
}

impl DeliveryError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            DeliveryError::Sink { source, .. } => source.help(),
            DeliveryError::Shared { to: Destination::File(_), .. } => "give each token a file or a variable of its own",
            DeliveryError::Shared { to: Destination::Command(_), .. } => {
                "say in the arguments which one it is, or use `format: token` for all of them"
            }
            DeliveryError::Shown { .. } => "open the output again, or give the token a `secret`",
            DeliveryError::Nowhere { .. } => "give the token a `secret`",
        }
    }

    /// What a program has said about it, line by line, without the secret.
    #[must_use]
    pub fn said(&self) -> &[String] {
        match self {
            DeliveryError::Sink { source, .. } => source.said(),
            DeliveryError::Shared { .. } | DeliveryError::Shown { .. } | DeliveryError::Nowhere { .. } => &[],
        }
    }
}

/// What brings secrets to where they belong.
#[derive(Default)]
pub struct Delivery {
    shown: Option<Box<dyn Write + Send>>,
    manner: Manner,
}

impl Delivery {
    /// To the places of their tokens alone.
    #[must_use]
    pub fn to_sinks() -> Delivery {
        Delivery::default()
    }

    /// To the places of their tokens, and those that have none onto `output`, a line each.
    #[must_use]
    pub fn showing(output: impl Write + Send + 'static) -> Delivery {
        Delivery { shown: Some(Box::new(output)), ..Delivery::default() }
    }

    /// The same, but overwriting those secrets only.
    #[must_use]
    pub fn replacing(self, replaceable: Replaceable) -> Delivery {
        Delivery { manner: Manner { replaceable, ..self.manner }, ..self }
    }

    /// The same, but running commands only if `commands` says so.
    #[must_use]
    pub fn running(self, commands: Commands) -> Delivery {
        Delivery { manner: Manner { commands, ..self.manner }, ..self }
    }

    /// The same, but with this time for each command.
    #[must_use]
    pub fn within(self, limit: Duration) -> Delivery {
        Delivery { manner: Manner { limit, ..self.manner }, ..self }
    }

    /// Makes sure that every sink could take a secret now, before there is one to lose. Runs no command.
    ///
    /// # Errors
    /// The first sink that could not.
    pub fn probe(&self, sinks: &BTreeMap<TokenId, Sink>) -> Result<(), DeliveryError> {
        let mut places: BTreeMap<Place, Vec<(&TokenId, &Format)>> = BTreeMap::new();
        for (token, sink) in sinks {
            sink::probe(sink, token, self.manner).map_err(|source| refused(token, sink, source))?;
            let place = place(&sink.to).map_err(|error| refused(token, sink, SinkError::Unreadable(error)))?;
            let there = places.entry(place).or_default();
            if let Some((other, _)) = there.iter().find(|(_, format)| !can_share(&sink.to, format, &sink.format)) {
                let (token, other) = (token.clone(), Box::new((*other).clone()));
                return Err(DeliveryError::Shared { token, other, to: sink.to.clone() });
            }
            there.push((token, &sink.format));
        }
        Ok(())
    }

    /// Puts a secret away; when this returns, it is on disk, with its command, or shown. Doing it again does no harm.
    pub(super) async fn deliver(
        &mut self,
        sink: Option<&Sink>,
        token: &TokenId,
        secret: &SecretString,
        attributes: &Token,
    ) -> Result<(), DeliveryError> {
        match (sink, &mut self.shown) {
            (Some(sink), _) => sink::put(sink, token, secret, attributes.expire, self.manner)
                .await
                .map_err(|source| refused(token, sink, source)),
            (None, Some(output)) => writeln!(output, "{token}={}", secret.expose_secret())
                .and_then(|()| output.flush())
                .map_err(|source| DeliveryError::Shown { token: token.clone(), source }),
            (None, None) => Err(DeliveryError::Nowhere { token: token.clone() }),
        }
    }
}

/// One place, however its path is spelt.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    File(PathBuf, Option<OsString>),
    Command(Vec<String>),
}

fn place(to: &Destination) -> io::Result<Place> {
    Ok(match to {
        Destination::File(path) => {
            Place::File(sink::folder(path).canonicalize()?, path.file_name().map(OsStr::to_owned))
        }
        Destination::Command(command) => Place::Command(command.clone()),
    })
}

/// Whether two secrets can go to one place.
fn can_share(to: &Destination, one: &Format, other: &Format) -> bool {
    match (one, other) {
        (Format::Env { name: one }, Format::Env { name: other }) => one != other,
        _ => !to.is_filled_by(one) && !to.is_filled_by(other),
    }
}

fn refused(token: &TokenId, sink: &Sink, source: SinkError) -> DeliveryError {
    DeliveryError::Sink { token: token.clone(), to: sink.to.clone(), source: Box::new(source) }
}

/// A place in a few words: the path, or the program alone.
struct Named<'a>(&'a Destination);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Destination::File(path) => write!(f, "`{}`", path.display()),
            Destination::Command(command) => {
                write!(f, "the command `{}`", command.first().map_or("", String::as_str))
            }
        }
    }
}
