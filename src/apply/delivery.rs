//! Where the secrets of new tokens go.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::sink::{self, SinkError};
use crate::desired::Sink;
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

/// What brings secrets to where they belong.
#[derive(Default)]
pub struct Delivery {
    shown: Option<Box<dyn Write + Send>>,
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
        Delivery { shown: Some(Box::new(output)) }
    }

    /// Makes sure that every sink could take a secret now, before there is one to lose.
    ///
    /// # Errors
    /// The first sink that could not.
    pub fn probe(&self, sinks: &BTreeMap<TokenId, Sink>) -> Result<(), DeliveryError> {
        sinks.iter().try_for_each(|(token, sink)| sink::probe(sink).map_err(|source| file_error(token, sink, source)))
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

fn file_error(token: &TokenId, sink: &Sink, source: SinkError) -> DeliveryError {
    DeliveryError::File { token: token.clone(), file: sink.file.clone(), source }
}
