//! What a secret looks like in a file.

use secrecy::{ExposeSecret, SecretString};

use crate::desired::Format;
use crate::model::Expire;
use crate::pve::TokenId;

/// What is in the place of a secret.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    /// Nothing.
    Nothing,
    /// A secret, of this token or of another.
    Secret(&'a str),
    /// Something that is none.
    SomethingElse,
}

/// What `content` holds where `format` puts a secret.
///
/// Formats that take the whole file know each other's secrets, so that a file's format can be changed.
pub(super) fn held<'a>(format: &Format, content: &'a str) -> Held<'a> {
    if let Format::Env { name } = format {
        let value = content.lines().rev().find_map(|line| variable(line).filter(|(set, _)| set == name));
        return match value {
            None | Some((_, "")) => Held::Nothing,
            Some((_, value)) => Held::Secret(value),
        };
    }
    let content = content.trim();
    let token_form = content.split_once('=').filter(|(token, _)| token.parse::<TokenId>().is_ok());
    match token_form {
        _ if content.is_empty() => Held::Nothing,
        Some((_, secret)) if is_uuid(secret) => Held::Secret(secret),
        _ if is_uuid(content) => Held::Secret(content),
        _ => json_secret(content).map_or(Held::SomethingElse, Held::Secret),
    }
}

/// Whether it is what Proxmox VE makes secrets of.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

fn json_secret(content: &str) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Written<'a> {
        #[serde(rename = "token")]
        _token: TokenId,
        secret: &'a str,
    }
    serde_json::from_str::<Written<'_>>(content).ok().map(|written| written.secret)
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
