//! Secrets that were put somewhere, read again.

use secrecy::SecretString;

use super::form::{Held, held};
use crate::desired::Format;
use crate::pve::TokenId;

/// The secret that `content` holds where `format` puts it, and whose it is if the form says so; of a variable that is set
/// more than once, what a shell would take.
#[must_use]
pub fn secret_in(format: &Format, content: &str) -> Option<(Option<TokenId>, SecretString)> {
    match held(format, content) {
        Held::Secret { owner, values } => Some((owner, SecretString::from(*values.last()?))),
        Held::Nothing | Held::SomethingElse | Held::NoLines => None,
    }
}
