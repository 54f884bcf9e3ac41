//! An examination as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::document::Document;
use super::super::json::{self, schema_of};
use super::{Said, Step, name, said};
use crate::doctor::{Check, Examination, Road, Verdict};

/// The form; what is taken away or changed in it is another one.
const SCHEMA: &str = "pve-access.doctor.v1";

/// What `pve-access doctor --format json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "pve-access.doctor.v1")]
struct Answer {
    /// The form of this document. Keys may be added to it; what is taken away or changed makes another form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The worst of all; that of an endpoint counts no more than `doubtful` if another one is open.
    verdict: Word,
    /// What was looked at, in order.
    checks: Vec<Entry>,
}

/// One thing that was looked at.
#[derive(Serialize, JsonSchema)]
struct Entry {
    /// What: `address`, `connection`, `tls`, `trust`, `api`, `clock`, `credential`, `release`, `identity`, `sight`,
    /// `holdings` or `needs`.
    check: String,
    /// On the way to which endpoint; null where it is about the cluster.
    endpoint: Option<String>,
    /// How bad it is.
    verdict: Word,
    /// What was found.
    finding: String,
    /// What there is to know about it.
    facts: Vec<String>,
    /// What to do, for people.
    remedies: Vec<String>,
    /// What to type on a node.
    commands: Vec<String>,
}

/// How bad something is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    LeftOut,
    Good,
    Doubtful,
    NotReached,
    Bad,
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Word {
        match verdict {
            Verdict::LeftOut => Word::LeftOut,
            Verdict::Good => Word::Good,
            Verdict::Doubtful => Word::Doubtful,
            Verdict::Unreached => Word::NotReached,
            Verdict::Bad => Word::Bad,
        }
    }
}

/// The whole as one object.
pub fn examination_json(examination: &Examination) -> Document {
    let Examination { roads, checks } = examination;
    let on_roads = roads
        .iter()
        .flat_map(|Road { endpoint, checks }| checks.iter().map(|check| entry(check, Some(endpoint.to_string()))));
    let checks = on_roads.chain(checks.iter().map(|check| entry(check, None))).collect();
    json::json(&Answer { schema: SCHEMA, verdict: examination.verdict().into(), checks })
}

fn entry(check: &Check, endpoint: Option<String>) -> Entry {
    let Said { finding, facts, steps } = said(check);
    let (mut remedies, mut commands) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Do(text) => remedies.push(text),
            Step::Type(command) => commands.push(command),
        }
    }
    let verdict = check.verdict().into();
    Entry { check: name(check.subject()).to_owned(), endpoint, verdict, finding, facts, remedies, commands }
}

/// The JSON Schema of what `doctor --format json` prints.
#[must_use]
pub fn examination_schema() -> Value {
    schema_of::<Answer>()
}
