//! What lint found, in three forms.

mod json;
mod places;
mod remedy;
mod rules;
mod sarif;
mod text;

pub use json::{lint_json, lint_schema};
pub use rules::{lint_reference, lint_rule, lint_rules};
pub use sarif::lint_sarif;
pub use text::lint;

use crate::desired::Desired;
use crate::diagnostic::Sources;
use crate::lint::Report;
use crate::live::Snapshot;

/// What was looked at, and what was found.
#[derive(Clone, Debug)]
pub struct Linted<'a> {
    /// What was read.
    pub snapshot: &'a Snapshot,
    /// Which state was looked at.
    pub side: Side,
    /// What was found.
    pub report: &'a Report,
    /// The files that may speak of it.
    pub desired: &'a Desired,
    /// Their texts.
    pub sources: &'a Sources,
}

/// Which state lint looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is there.
    Live,
    /// What the files ask for.
    Target,
}

/// How many findings of a rule are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// As many as a person reads.
    Some,
    /// All of them.
    All,
}
