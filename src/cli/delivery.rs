//! How new secrets get to where the files say.

use std::io;

use super::failure::Failure;
use crate::api::Client;
use crate::apply::{Commands, Delivery, DeliveryError, Replaceable};
use crate::sandbox::SECRET_MARK;

/// For the secrets that come from `client`.
///
/// What is spoken to without encryption, on this machine, is taken for a sandbox. That never overwrites the secrets of a
/// real cluster, and runs no command that could, unless somebody says so.
pub(super) fn open(client: &Client, show_secrets: bool, run_commands: bool) -> Delivery {
    let delivery = if show_secrets { Delivery::showing(io::stdout()) } else { Delivery::to_sinks() };
    if client.endpoint().is_encrypted() {
        delivery
    } else {
        let commands = if run_commands { Commands::Run } else { Commands::Refuse };
        delivery.replacing(Replaceable::Marked(SECRET_MARK)).running(commands)
    }
}

/// A place for a secret that cannot take it.
pub(super) fn unusable(error: &DeliveryError) -> Failure {
    Failure::of(error).help(format!("nothing was sent; {}", error.help()))
}
