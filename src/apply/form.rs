//! What a secret looks like in a file.

use secrecy::{ExposeSecret, SecretString};

use crate::desired::Format;
use crate::model::Expire;
use crate::pve::TokenId;

/// What is in the place of a secret.
pub(super) enum Held<'a> {
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
}

/// What `content` holds where `format` puts a secret.
///
/// Formats that take the whole file know each other's secrets, so that a file's format can be changed.
pub(super) fn held<'a>(format: &Format, content: &'a str) -> Held<'a> {
    let whole = whole(content.trim());
    match format {
        Format::Env { .. } if whole.is_some() || content.lines().any(is_open) => Held::NoLines,
        Format::Env { name } => {
            let set = content.lines().filter_map(variable).filter(|(set, value)| set == name && !value.is_empty());
            let values: Vec<&str> = set.map(|(_, value)| value).collect();
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

/// Whether a line begins a quoted value that goes on in the next one.
fn is_open(line: &str) -> bool {
    let Some((_, value)) = line.split_once('=').filter(|_| !line.trim_start().starts_with('#')) else { return false };
    let value = value.trim();
    ['"', '\''].into_iter().any(|quote| value.starts_with(quote) && !value[1..].contains(quote))
}

/// The file's new content; `before` is what it holds.
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
        Format::Env { name } => with_variable(before, name, value),
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

/// The variable that a line sets, and its value without quotes.
fn variable(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    Some((name.trim(), value.trim().trim_matches(['"', '\''])))
}

/// `lines` with `name` set to `value`: in the place where it was set first, or at the end.
fn with_variable(lines: &str, name: &str, value: &str) -> String {
    let mut written = false;
    let mut result = String::with_capacity(lines.len() + name.len() + value.len() + 2);
    for line in lines.split_inclusive('\n') {
        if variable(line).is_none_or(|(set, _)| set != name) {
            result.push_str(line);
        } else if !written {
            let export = if line.trim_start().starts_with("export ") { "export " } else { "" };
            let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
            result.push_str(&format!("{export}{name}={value}{end}"));
            written = true;
        }
        // Set again further on: the later one would win, and be the dead secret.
    }
    if !written {
        let gap = if result.is_empty() || result.ends_with('\n') { "" } else { "\n" };
        result.push_str(&format!("{gap}{name}={value}\n"));
    }
    result
}
