//! A plan, worded once and written in several ways.

mod columns;
mod json;
mod markdown;
mod moved;
mod policies;
mod rows;
mod said;
mod text;
mod unified;

use std::collections::BTreeSet;

pub use json::plan_schema;
pub(super) use moved::moved;
use said::Said;

use super::document::Document;
use super::effect::Detail;
use crate::apply::Stored;
use crate::plan::{Plan, Waiver};

/// Whether what is live and not declared is listed or only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeclared {
    /// Counted.
    Count,
    /// Listed.
    List,
}

/// How much is said beside what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Of what is left alone.
    pub undeclared: Undeclared,
    /// Of what the plan means.
    pub detail: Detail,
}

/// What a plan says before it is carried out, with what speaks against it and is `waived`.
pub fn plan(plan: &Plan, Shown { undeclared, detail }: Shown, waived: &BTreeSet<Waiver>) -> Document {
    text::text(&Said::of(plan, detail, waived), undeclared)
}

/// The same for a comment on a pull request, with what speaks against it and is not `waived`.
pub fn plan_markdown(plan: &Plan, Shown { undeclared, detail }: Shown, waived: &BTreeSet<Waiver>) -> Document {
    markdown::markdown(&Said::of(plan, detail, waived), undeclared)
}

/// The same for programs, with all that speaks against it; [`plan_schema`] describes it.
pub fn plan_json(plan: &Plan, waived: &BTreeSet<Waiver>, secrets: &[Stored]) -> Document {
    json::json(plan, waived, secrets)
}

/// The live and the planned state, both as a desired-state file, and what differs; nothing where nothing does.
pub fn plan_diff(plan: &Plan) -> Document {
    unified::unified(plan)
}
