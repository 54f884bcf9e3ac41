//! What somebody may do, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{Document, Line, Style};
use super::words::{propagate, visible};
use crate::permissions::Privileges;
use crate::pve::Principal;

/// What is held at each path.
pub fn permissions(who: &Principal, held: &BTreeMap<String, Privileges>) -> Document {
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, visible(who)));
    for (path, privileges) in held {
        for (privilege, &reach) in privileges {
            document.push(Line::plain(format!("  {}  {privilege}  {}", visible(path), propagate(reach))));
        }
    }
    document
}

/// The same as one object, in which `permissions` is what GET /access/permissions answers.
pub fn permissions_json(who: &Principal, held: &BTreeMap<String, Privileges>) -> Document {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: &'static str,
        principal: &'a Principal,
        permissions: BTreeMap<&'a str, BTreeMap<&'a str, u8>>,
    }
    let permissions = held
        .iter()
        .map(|(path, privileges)| {
            (path.as_str(), privileges.iter().map(|(p, reach)| (p.as_str(), u8::from(reach.is_yes()))).collect())
        })
        .collect();
    let answer = Answer { schema: "pve-access.permissions.v1", principal: who, permissions };
    let mut document = Document::default();
    // Maps with texts for keys can always be written.
    for line in serde_json::to_string_pretty(&answer).unwrap_or_default().lines() {
        document.push(Line::plain(line));
    }
    document
}
