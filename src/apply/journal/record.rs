//! The lines of a journal.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Along;

/// The form of a line; another form is another number.
pub(super) const SCHEMA: &str = "pve-access.journal.v1";

/// One line: what a run was about to do, or what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The form of the line.
    pub schema: String,
    /// The run that it belongs to.
    pub run: String,
    /// When it was written, in UTC.
    pub time: String,
    /// What it says.
    #[serde(flatten)]
    pub event: Event,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A plan is about to be carried out.
    Begins(Beginning),
    /// The cluster had moved on, and what is carried out is another plan.
    Replans(Intended),
    /// A step is about to be sent.
    Sends {
        /// Its place in the plan, the first of which is 1.
        step: usize,
        /// How many steps there are.
        of: usize,
        /// What is sent.
        #[serde(flatten)]
        request: Sent,
        /// What goes with what it deletes: nothing else knows it afterwards.
        #[serde(default, skip_serializing_if = "Along::is_empty")]
        along: Along,
    },
    /// A request that is no step of the plan is about to be sent.
    Besides(Sent),
    /// What came of what was sent last.
    Came(Came),
    /// What there was to send has been, and the cluster is read back.
    ReadsBack,
    /// The run is over.
    Ends(Ending),
}

/// Who carries out what, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The command that was typed.
    pub command: String,
    /// The version of the program.
    pub program: String,
    /// Who typed it, on which machine: `ann@laptop`.
    pub who: String,
    /// The number of the process there.
    pub pid: u32,
    /// The cluster, as it is called in print.
    pub cluster: String,
    /// Its address.
    pub endpoint: String,
    /// Whom the cluster takes it for.
    pub principal: String,
    /// What is to be done.
    #[serde(flatten)]
    pub intended: Intended,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// The fingerprint of the plan, which a saved one bears.
    pub plan: String,
    /// How many requests it takes.
    pub steps: usize,
    /// The guards that spoke against it and were waived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<String>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// In words.
    pub what: String,
    /// As data, without anything that is secret.
    pub op: Value,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "came", rename_all = "snake_case")]
pub enum Came {
    /// It was done.
    Done,
    /// Its answer was lost, and it was done all the same.
    Mended {
        /// What happened instead of an answer.
        why: String,
    },
    /// The server has not done it, and said so.
    Refused {
        /// What it said.
        why: String,
    },
    /// It never left.
    NotSent {
        /// What stood in the way.
        why: String,
    },
    /// Nobody knows whether it was done.
    Undecided {
        /// Why not.
        why: String,
    },
    /// It was done, and the secret that it brought could not be put away.
    SecretLost {
        /// Why not.
        why: String,
        /// The token that nobody has the secret of.
        token: String,
    },
    /// It was not its turn any more.
    NotStarted,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How much was done.
    pub done: Extent,
    /// Whether somebody asked for a stop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// What reading back has shown.
    pub read_back: ReadBack,
    /// Tokens that may be there without anybody having their secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_secret: Vec<String>,
}

/// How much of a plan was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// All of it, which reading back has shown.
    Everything,
    /// For certain, nothing.
    Nothing,
    /// Something, or nobody knows.
    Partly,
}

/// What reading back has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadBack {
    /// Nothing was sent, so nothing was read.
    NotNeeded,
    /// The cluster is as the plan says.
    AsPlanned,
    /// Something is missing, or could not be seen.
    Otherwise,
    /// The cluster could not be read.
    Failed,
}
