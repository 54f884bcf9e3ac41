//! Permissions as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::super::document::{Document, Line};
use super::Rights;
use super::door::closed;
use crate::live::Blind;
use crate::model::Grant;
use crate::permissions::{Basis, Deciding, Explanation, Hidden, Privileges, Reason, Side};

/// One object, in which `permissions` is what GET /access/permissions answers.
///
/// `listed` is what is held, by path; what `rights` says of it is for people.
pub fn permissions_json(rights: &Rights<'_>, listed: &BTreeMap<String, Privileges>) -> Document {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: &'static str,
        principal: String,
        permissions: BTreeMap<&'a str, BTreeMap<&'a str, u8>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        refused: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        not_visible: Vec<&'static str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        why: Vec<Value>,
    }
    let Rights { snapshot, who, held: _, reasons, unexplained: _, now } = rights;
    let digits = |privileges: &'_ Privileges| -> BTreeMap<String, u8> {
        privileges.iter().map(|(privilege, reach)| (privilege.to_string(), u8::from(reach.is_yes()))).collect()
    };
    let held: BTreeMap<&str, BTreeMap<String, u8>> =
        listed.iter().map(|(path, privileges)| (path.as_str(), digits(privileges))).collect();
    let answer = Answer {
        schema: "pve-access.permissions.v1",
        principal: who.to_string(),
        permissions: held
            .iter()
            .map(|(path, held)| (*path, held.iter().map(|(p, d)| (p.as_str(), *d)).collect()))
            .collect(),
        refused: closed(who, &snapshot.state, *now),
        not_visible: hidden(snapshot.sight.hidden()),
        why: reasons.iter().map(explained).collect(),
    };
    written(&answer)
}

/// A value as lines of JSON; what cannot be printed safely is escaped, as JSON allows everywhere in a text.
pub fn written(value: &impl Serialize) -> Document {
    let mut document = Document::default();
    // Structs and maps whose keys are texts can always be written.
    for line in serde_json::to_string_pretty(value).unwrap_or_default().lines() {
        let line: String = line.chars().map(|c| if is_printable(c) { c.to_string() } else { escaped(c) }).collect();
        document.push(Line::plain(line));
    }
    document
}

/// Whether a terminal shows `c` and does nothing else.
fn is_printable(c: char) -> bool {
    c == ' ' || c.escape_debug().len() == 1 || matches!(c, '"' | '\\' | '\'')
}

fn escaped(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

pub(in super::super) fn hidden(hidden: &BTreeSet<Blind>) -> Vec<&'static str> {
    hidden
        .iter()
        .map(|kind| match kind {
            Blind::Accounts => "accounts",
            Blind::Grants => "grants",
            Blind::Pools => "pools",
            Blind::Realms => "realms",
        })
        .filter(|kind| *kind != "realms")
        .collect()
}

fn explained(Explanation { who: _, path, basis, ignored }: &Explanation<'_>) -> Value {
    let (kind, sides): (&str, Vec<&Side<'_>>) = match basis {
        Basis::NoUser | Basis::NoToken => ("nobody", Vec::new()),
        Basis::Everything(_) => ("everything", Vec::new()),
        Basis::User(side) => ("user", vec![side]),
        Basis::Token(side) => ("token", vec![side]),
        Basis::Both { token, user } => ("both", vec![token, user]),
    };
    json!({
        "path": path,
        "basis": kind,
        "sides": sides.into_iter().map(side).collect::<Vec<_>>(),
        "ignored": ignored.iter().map(|named| grant(named)).collect::<Vec<_>>(),
    })
}

fn side(Side { subject, deciding: counting, hidden }: &Side<'_>) -> Value {
    json!({
        "subject": subject.to_string(),
        "counts": counting.iter().map(deciding).collect::<Vec<_>>(),
        "no_say": hidden.iter().map(silent).collect::<Vec<_>>(),
    })
}

fn grant(Grant { path, subject, role }: &Grant) -> Value {
    json!({ "path": path.as_str(), "subject": subject.to_string(), "role": role.as_str() })
}

/// A grant that counts, whether it reaches below, and the pools that it comes through.
pub(in super::super) fn deciding(Deciding { grant: named, role: _, propagate, pools }: &Deciding<'_>) -> Value {
    let mut value = grant(named);
    value["propagate"] = json!(u8::from(propagate.is_yes()));
    if !pools.is_empty() {
        value["pools"] = pools.iter().map(|pool| pool.as_str()).collect();
    }
    value
}

fn silent(Hidden { grant: named, role: _, propagate, pool, reason }: &Hidden<'_>) -> Value {
    let mut value = grant(named);
    value["propagate"] = json!(u8::from(propagate.is_yes()));
    if let Some(pool) = pool {
        value["pool"] = json!(pool.as_str());
    }
    let (word, by) = match reason {
        Reason::NotPropagated => ("not-propagated", None),
        Reason::Replaced { at } => ("replaced", Some(json!({ "path": at.as_str() }))),
        Reason::OwnGrant { by } => ("own-grant", Some(grant(by))),
        Reason::NoAccess { by } => ("no-access", Some(grant(by))),
        Reason::NoAccessAtPath { by } => ("no-access-at-path", Some(grant(by))),
        Reason::NoAccessAtPool { by, pool: _ } => ("no-access-at-pool", Some(grant(by))),
    };
    value["reason"] = json!(word);
    if let Some(by) = by {
        value["by"] = by;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Colour;

    #[test]
    fn json_is_safe_to_print_and_means_the_same() {
        let hostile = "a\u{1b}[31m\u{9b}\u{202e}\u{1f600}\"\\ü\n";
        let text = written(&json!({ "name": hostile })).to_text(Colour::No);
        assert!(text.chars().all(|c| c == '\n' || is_printable(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["name"], hostile);
    }
}
