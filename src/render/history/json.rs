//! Runs for programs: `pve-access.history.v1`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::document::Document;
use super::super::json::{json, schema_of};
use crate::apply::{self, Beginning, Came, Ending, Extent, Intended, ReadBack, StepTaken};

/// What `pve-access history --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "pve-access history")]
#[serde(deny_unknown_fields)]
struct Answer {
    /// Which form this has: `pve-access.history.v1`.
    schema: String,
    /// The journal that was read.
    journal: String,
    /// The runs, the newest last.
    runs: Vec<Run>,
    /// Lines that tell nothing.
    damaged: Vec<Damaged>,
}

/// What one run did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Run {
    /// What it is called.
    run: String,
    /// When its first line was written, in UTC.
    began: String,
    /// When its last line was.
    last: String,
    /// Who carried out what, and where; null if that line is damaged.
    by: Option<By>,
    /// The fingerprint of the plan that was carried out in the end; null if it is not known.
    plan: Option<String>,
    /// How many requests that takes; null if it is not known.
    steps: Option<usize>,
    /// The guards that were waived.
    waived: Vec<String>,
    /// Whether the plan was made anew under the lock, because the cluster had changed.
    replanned: bool,
    /// How many of the steps were done.
    done: usize,
    /// How it ended; null if that is not written down: it was killed, or is still at it.
    end: Option<End>,
    /// What it sent, in order.
    requests: Vec<Request>,
}

/// Who carried out what, and where.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct By {
    /// The command that was typed.
    command: String,
    /// The version of the program.
    program: String,
    /// Who typed it, on which machine.
    who: String,
    /// The number of the process there.
    pid: u32,
    /// The cluster, as it is called in print.
    cluster: String,
    /// Its address.
    endpoint: String,
    /// Whom the cluster takes it for.
    principal: String,
}

/// How a run ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct End {
    /// How much was done.
    done: Done,
    /// Whether somebody asked for a stop.
    stopped: bool,
    /// What reading back has shown.
    read_back: Back,
    /// Tokens that may be there without anybody having their secret.
    without_secret: Vec<String>,
}

/// How much of a plan was done.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Done {
    /// All of it, which reading back has shown.
    Everything,
    /// For certain, nothing.
    Nothing,
    /// Something, or nobody knows.
    Partly,
}

/// What reading back has shown.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Back {
    /// Nothing was sent, so nothing was read.
    NotNeeded,
    /// The cluster was as the plan says.
    AsPlanned,
    /// Something was missing, or could not be seen.
    Otherwise,
    /// The cluster could not be read.
    Failed,
}

/// A request that was sent, or was about to be.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Request {
    /// When, in UTC.
    time: String,
    /// Its place in the plan, from 1; null for a request that is no step of it.
    step: Option<usize>,
    /// What it asks for, in words.
    what: String,
    /// The same as data.
    op: Value,
    /// What came of it; null if that is not written down: nobody knows.
    came: Option<Outcome>,
    /// Why, unless it was done.
    why: Option<String>,
}

/// What came of a request.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// It was done.
    Done,
    /// The server has not done it, and said so.
    Refused,
    /// It never left.
    NotSent,
    /// Nobody knows whether it was done.
    Undecided,
    /// It was done, and the secret that it brought could not be put away.
    SecretLost,
    /// It was not its turn any more.
    NotStarted,
}

/// A line that tells nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Damaged {
    /// Which, counted from 1.
    line: usize,
    /// Why.
    reason: String,
}

/// Runs and damage as JSON.
pub fn history_json(runs: &[&apply::Run], damage: &[apply::Damage], journal: &str) -> Document {
    json(&Answer {
        schema: "pve-access.history.v1".to_owned(),
        journal: journal.to_owned(),
        runs: runs.iter().map(|told| run(told)).collect(),
        damaged: damage
            .iter()
            .map(|apply::Damage { line, reason }| Damaged { line: *line, reason: reason.clone() })
            .collect(),
    })
}

/// The JSON Schema of that.
#[must_use]
pub fn history_schema() -> Value {
    schema_of::<Answer>()
}

fn run(told: &apply::Run) -> Run {
    let apply::Run { id, began, last, beginning, replanned, steps, ending } = told;
    let intended = told.intended();
    Run {
        run: id.clone(),
        began: began.clone(),
        last: last.clone(),
        by: beginning.as_ref().map(by),
        plan: intended.map(|Intended { plan, steps: _, waived: _ }| plan.clone()),
        steps: intended.map(|intended| intended.steps),
        waived: intended.map(|intended| intended.waived.clone()).unwrap_or_default(),
        replanned: replanned.is_some(),
        done: told.done(),
        end: ending.as_ref().map(end),
        requests: steps.iter().map(request).collect(),
    }
}

fn by(beginning: &Beginning) -> By {
    let Beginning { command, program, who, pid, cluster, endpoint, principal, intended: _ } = beginning.clone();
    By { command, program, who, pid, cluster, endpoint, principal }
}

fn end(Ending { done, stopped, read_back, without_secret }: &Ending) -> End {
    End {
        done: match done {
            Extent::Everything => Done::Everything,
            Extent::Nothing => Done::Nothing,
            Extent::Partly => Done::Partly,
        },
        stopped: *stopped,
        read_back: match read_back {
            ReadBack::NotNeeded => Back::NotNeeded,
            ReadBack::AsPlanned => Back::AsPlanned,
            ReadBack::Otherwise => Back::Otherwise,
            ReadBack::Failed => Back::Failed,
        },
        without_secret: without_secret.clone(),
    }
}

fn request(StepTaken { time, place, request, came }: &StepTaken) -> Request {
    let (came, why) = match came {
        None => (None, None),
        Some(Came::Done) => (Some(Outcome::Done), None),
        Some(Came::Mended { why }) => (Some(Outcome::Done), Some(why)),
        Some(Came::Refused { why }) => (Some(Outcome::Refused), Some(why)),
        Some(Came::NotSent { why }) => (Some(Outcome::NotSent), Some(why)),
        Some(Came::Undecided { why }) => (Some(Outcome::Undecided), Some(why)),
        Some(Came::SecretLost { why, token: _ }) => (Some(Outcome::SecretLost), Some(why)),
        Some(Came::NotStarted) => (Some(Outcome::NotStarted), None),
    };
    Request {
        time: time.clone(),
        step: place.map(|(step, _)| step),
        what: request.what.clone(),
        op: request.op.clone(),
        came,
        why: why.cloned(),
    }
}
