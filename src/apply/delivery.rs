//! Where the secrets of new tokens go.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::sink::{self, Replaceable, SinkError};
use crate::desired::{Format, Sink};
use crate::model::Token;
use crate::pve::TokenId;

/// Why a secret could not be put away.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A file did not take it.
    #[error("the secret of `{token}` cannot go to `{}`", file.display())]
    File {
        /// The token.
        token: TokenId,
        /// The file.
        file: PathBuf,
        /// Why not.
        source: SinkError,
    },
    /// Another secret of the same run goes there too.
    #[error("the secrets of `{token}` and `{other}` both go to `{}`", file.display())]
    Shared {
        /// The token.
        token: TokenId,
        /// The other token.
        other: Box<TokenId>,
        /// The file, in the spelling of the first.
        file: PathBuf,
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
            DeliveryError::File { source, .. } => source.help(),
            DeliveryError::Shared { .. } => "give each token a file or a variable of its own",
            DeliveryError::Shown { .. } => "open the output again, or give the token a `secret`",
            DeliveryError::Nowhere { .. } => "give the token a `secret`",
        }
    }
}

/// What brings secrets to where they belong.
#[derive(Default)]
pub struct Delivery {
    shown: Option<Box<dyn Write + Send>>,
    replaceable: Replaceable,
}

impl Delivery {
    /// Into files alone.
    #[must_use]
    pub fn to_files() -> Delivery {
        Delivery::default()
    }

    /// Into files, and those that have none onto `output`, a line each.
    #[must_use]
    pub fn showing(output: impl Write + Send + 'static) -> Delivery {
        Delivery { shown: Some(Box::new(output)), ..Delivery::default() }
    }

    /// The same, but overwriting those secrets only.
    #[must_use]
    pub fn replacing(self, replaceable: Replaceable) -> Delivery {
        Delivery { replaceable, ..self }
    }

    /// Makes sure that every sink could take a secret now, before there is one to lose.
    ///
    /// # Errors
    /// The first sink that could not.
    pub fn probe(&self, sinks: &BTreeMap<TokenId, Sink>) -> Result<(), DeliveryError> {
        let mut places: BTreeMap<Place, Vec<(&TokenId, &Format)>> = BTreeMap::new();
        for (token, sink) in sinks {
            sink::probe(sink, token, self.replaceable).map_err(|source| file_error(token, sink, source))?;
            let place = place(sink).map_err(|error| file_error(token, sink, SinkError::Unreadable(error)))?;
            let there = places.entry(place).or_default();
            if let Some((other, _)) = there.iter().find(|(_, format)| !can_share(format, &sink.format)) {
                let (token, other) = (token.clone(), Box::new((*other).clone()));
                return Err(DeliveryError::Shared { token, other, file: sink.file.clone() });
            }
            there.push((token, &sink.format));
        }
        Ok(())
    }

    /// Puts a secret away; when this returns, it is on disk, or shown.
    pub(super) fn deliver(
        &mut self,
        sink: Option<&Sink>,
        token: &TokenId,
        secret: &SecretString,
        attributes: &Token,
    ) -> Result<(), DeliveryError> {
        match (sink, &mut self.shown) {
            (Some(sink), _) => {
                sink::write(sink, token, secret, attributes.expire).map_err(|source| file_error(token, sink, source))
            }
            (None, Some(output)) => writeln!(output, "{token}={}", secret.expose_secret())
                .and_then(|()| output.flush())
                .map_err(|source| DeliveryError::Shown { token: token.clone(), source }),
            (None, None) => Err(DeliveryError::Nowhere { token: token.clone() }),
        }
    }
}

/// One file, however its path is spelt.
type Place = (PathBuf, Option<OsString>);

fn place(sink: &Sink) -> io::Result<Place> {
    let folder = sink::folder(&sink.file).canonicalize()?;
    Ok((folder, sink.file.file_name().map(OsStr::to_owned)))
}

/// Whether two secrets can be in one file: as different variables.
fn can_share(one: &Format, other: &Format) -> bool {
    match (one, other) {
        (Format::Env { name: one }, Format::Env { name: other }) => one != other,
        _ => false,
    }
}

fn file_error(token: &TokenId, sink: &Sink, source: SinkError) -> DeliveryError {
    DeliveryError::File { token: token.clone(), file: sink.file.clone(), source }
}
