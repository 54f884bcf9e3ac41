//! What a secret looks like in a file, or to a program.

use secrecy::{ExposeSecret, SecretString};

use super::env;
use crate::desired::Format;
use crate::model::Expire;
use crate::pve::TokenId;

/// What is in the place of a secret.
pub(in crate::apply) enum Held<'a> {
    /// Nothing.
    Nothing,
    /// A secret.
    Secret {
        /// Whose, where the form says it.
        owner: Option<TokenId>,
        /// The secret; a variable may be set more than once.
        values: Vec<&'a str>,
    },
    /// Something that is none, and that would be wiped out.
    SomethingElse,
    /// Something in which no line can be set: a secret that takes the whole file, or values of several lines.
    NoLines,
    /// A line that sets the variable and does something else, too.
    BusyLine,
}

/// What `content` holds where `format` puts a secret.
///
/// Formats that take the whole file know each other's secrets, so that a file's format can be changed.
pub(in crate::apply) fn held<'a>(format: &Format, content: &'a str) -> Held<'a> {
    let whole = whole(content.trim());
    match format {
        Format::Env { .. } if whole.is_some() || !env::is_one(content) => Held::NoLines,
        Format::Env { name } if env::says_more(content, name) => Held::BusyLine,
        Format::Env { name } => {
            let values: Vec<&str> = env::values(content, name).filter(|value| !value.is_empty()).collect();
            if values.is_empty() { Held::Nothing } else { Held::Secret { owner: None, values } }
        }
        Format::Value | Format::Token | Format::Json => match whole {
            Some((owner, value)) => Held::Secret { owner, values: vec![value] },
            None if content.trim().is_empty() => Held::Nothing,
            None => Held::SomethingElse,
        },
    }
}

/// The secret that is all there is in a file, and its token if that is named.
fn whole(content: &str) -> Option<(Option<TokenId>, &str)> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written<'a> {
        token: TokenId,
        secret: &'a str,
        #[serde(rename = "expire")]
        _expire: u64,
    }
    let is_uuid = |text: &str| uuid::Uuid::try_parse(text).is_ok();
    if is_uuid(content) {
        return Some((None, content));
    }
    if let Some((token, secret)) = content.split_once('=')
        && let Ok(token) = token.parse::<TokenId>()
        && is_uuid(secret)
    {
        return Some((Some(token), secret));
    }
    serde_json::from_str::<Written<'_>>(content).ok().map(|written| (Some(written.token), written.secret))
}

/// The new content of a file that holds `before`, or what a program is given.
pub(super) fn content(
    format: &Format,
    before: &str,
    token: &TokenId,
    secret: &SecretString,
    expire: Expire,
) -> SecretString {
    let value = secret.expose_secret();
    SecretString::from(match format {
        Format::Value => value.to_owned(),
        Format::Token => format!("{token}={value}"),
        Format::Env { name } => env::with(before, name, value),
        Format::Json => {
            let object = serde_json::json!({
                "token": token.to_string(),
                "secret": value,
                "expire": u64::from(expire),
            });
            format!("{object:#}\n")
        }
    })
}
