//! Permissions as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::document::Document;
use super::super::json::{self, not_visible};
use super::Rights;
use super::door::closed;
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
        not_visible: not_visible(snapshot.sight.hidden()),
        why: reasons.iter().map(explained).collect(),
    };
    json::json(&answer)
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
