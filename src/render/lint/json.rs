//! Findings for programs: `pve-access.lint.v1`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::document::Document;
use super::super::json::{json, schema_of};
use super::places::{Places, Position};
use super::remedy::remedy;
use super::{Linted, Side};
use crate::lint::{self, Effect, Object, place};
use crate::live::Blind;

/// What `pve-access lint --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pve-access lint")]
#[serde(deny_unknown_fields)]
struct Answer {
    /// Which form this has: `pve-access.lint.v1`.
    schema: String,
    /// The cluster, or the file, that was read.
    cluster: String,
    /// The release that it is of, or was read as.
    release: String,
    /// Whether the live state was looked at, or the one that the files ask for.
    side: SideName,
    /// What was found, the worst first.
    findings: Vec<Found>,
    /// How many findings there are of each severity.
    counts: Counts,
    /// What was found by rules that are allowed.
    allowed: Vec<Allowed>,
    /// Rules that cannot tell, because the credential does not see enough.
    not_checked: Vec<NotChecked>,
}

/// Which state was looked at.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SideName {
    Live,
    Planned,
}

/// How bad a finding is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Note,
}

/// One fault, however many are concerned.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Found {
    /// The rule that found it; see docs/lints.md.
    rule: &'static str,
    /// How bad it is.
    severity: Severity,
    /// The fault, in words that may change.
    message: String,
    /// What it is about, the most telling first.
    objects: Vec<Thing>,
    /// What mends it: of what is live, commands to be run in this order; of what is planned, lines for a file. None where
    /// that takes a decision.
    remedy: Vec<String>,
    /// Whether the remedy may change what anybody may do.
    changes_permissions: bool,
    /// Where a file declares the first of the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

/// Something that a state consists of.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Thing {
    /// A realm, there or not.
    Realm { name: String },
    /// A role.
    Role { name: String },
    /// A group, there or not.
    Group { name: String },
    /// A user, there or not.
    User { name: String },
    /// A token, by its full id.
    Token { name: String },
    /// Somebody in a group.
    Membership { user: String, group: String },
    /// A role at a path to a user, `@group` or token.
    Grant { path: String, subject: String, role: String },
}

/// A place in a file, counted from 1.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    /// The file, as it was named.
    file: String,
    /// The line.
    line: usize,
    /// The character in the line.
    column: usize,
}

/// How many findings there are of each severity.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Counts {
    error: usize,
    warning: usize,
    note: usize,
}

/// What was found by a rule that is allowed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Allowed {
    rule: &'static str,
    findings: usize,
}

/// A rule that cannot tell.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NotChecked {
    rule: &'static str,
    /// What the credential does not see all of: `accounts`, `grants`, `pools`, `realms`.
    not_visible: Vec<String>,
}

/// The JSON Schema of what `lint --format json` prints.
#[must_use]
pub fn lint_schema() -> Value {
    schema_of::<Answer>()
}

/// One object.
pub fn lint_json(linted: &Linted<'_>) -> Document {
    let Linted { snapshot, side, report, desired, sources } = linted;
    let mut findings = Vec::new();
    let mut places = Places::new(sources);
    for checked in &report.checked {
        for lint::Finding { objects, message, cures, effect } in &checked.findings {
            let place = place(objects, desired).map(|span| {
                let [Position { line, column }, _] = places.range(span);
                Place { file: places.file(span).to_owned(), line, column }
            });
            findings.push(Found {
                rule: checked.rule.name,
                severity: severity(checked.severity),
                message: message.clone(),
                objects: objects.iter().map(thing).collect(),
                remedy: remedy(cures, *side),
                changes_permissions: !cures.is_empty() && *effect == Effect::Some,
                place,
            });
        }
    }
    json(&Answer {
        schema: "pve-access.lint.v1".to_owned(),
        cluster: snapshot.cluster.clone(),
        release: snapshot.state.release.to_string(),
        side: match side {
            Side::Live => SideName::Live,
            Side::Target => SideName::Planned,
        },
        findings,
        counts: Counts {
            error: report.count(lint::Severity::Error),
            warning: report.count(lint::Severity::Warning),
            note: report.count(lint::Severity::Note),
        },
        allowed: report
            .allowed
            .iter()
            .map(|(rule, findings)| Allowed { rule: rule.name, findings: *findings })
            .collect(),
        not_checked: report
            .blind
            .iter()
            .map(|(rule, hidden)| NotChecked {
                rule: rule.name,
                not_visible: hidden.iter().map(|kind| blind(*kind).to_owned()).collect(),
            })
            .collect(),
    })
}

fn severity(severity: lint::Severity) -> Severity {
    match severity {
        lint::Severity::Error => Severity::Error,
        lint::Severity::Warning => Severity::Warning,
        lint::Severity::Note => Severity::Note,
    }
}

fn blind(kind: Blind) -> &'static str {
    match kind {
        Blind::Accounts => "accounts",
        Blind::Grants => "grants",
        Blind::Pools => "pools",
        Blind::Realms => "realms",
    }
}

fn thing(object: &Object) -> Thing {
    match object {
        Object::Realm(realm) => Thing::Realm { name: realm.to_string() },
        Object::Role(role) => Thing::Role { name: role.to_string() },
        Object::Group(group) => Thing::Group { name: group.to_string() },
        Object::User(user) => Thing::User { name: user.to_string() },
        Object::Token(token) => Thing::Token { name: token.to_string() },
        Object::Membership(user, group) => Thing::Membership { user: user.to_string(), group: group.to_string() },
        Object::Grant(grant) => Thing::Grant {
            path: grant.path.to_string(),
            subject: grant.subject.to_string(),
            role: grant.role.to_string(),
        },
    }
}
