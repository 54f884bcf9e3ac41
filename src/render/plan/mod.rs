//! A plan as text.

mod kept;
mod rows;

pub use kept::Undeclared;
pub(super) use rows::grant_name;
use rows::{Mark, Row};

use super::document::{Document, Line, Style};
use super::sight::{hidden_kinds, is_whole, origin, reader_name};
use super::words::count;
use crate::model::Along;
use crate::plan::{Objection, Plan, Step};

/// What a plan says before it is carried out.
pub fn plan(plan: &Plan, undeclared: Undeclared) -> Document {
    let live = &plan.aim.live;
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, origin(&live.cluster, live.state.release, live.reader.as_ref())));
    let rows: Vec<Row> = plan.steps.iter().flat_map(|step| rows::rows(step, plan)).collect();
    if !rows.is_empty() {
        document.gap();
        document.extend(table(&rows));
    }
    document.gap();
    document.push(summary(plan, &rows));
    document.extend(policies(plan));
    document.extend(kept::kept(&plan.aim.kept, undeclared));
    let hidden = plan.hidden();
    if !hidden.is_empty() {
        let who = reader_name(live.reader.as_ref());
        document
            .push(Line::plain(format!("Not everything is visible: {who} does not see all {}.", hidden_kinds(&hidden))));
    }
    document
}

fn table(rows: &[Row]) -> Document {
    /// A name longer than this pushes its own details aside, not everybody's.
    const WIDEST: usize = 48;
    let width = |text: &str| text.chars().count();
    let kinds = rows.iter().map(|row| width(row.kind)).max().unwrap_or(0);
    let names = rows.iter().map(|row| width(&row.name)).filter(|&width| width <= WIDEST).max().unwrap_or(0);
    let mut document = Document::default();
    for Row { mark, kind, name, details } in rows {
        let (style, sign) = mark.sign();
        let line = Line::plain("  ")
            .with(style, sign)
            .with(Style::Plain, format!(" {kind:kinds$}  "))
            .with(Style::Strong, name)
            .with(Style::Plain, " ".repeat(names.saturating_sub(width(name)) + 2))
            .with(Style::Plain, details.join(", "));
        document.push(line);
    }
    document
}

fn summary(plan: &Plan, rows: &[Row]) -> Line {
    if plan.is_empty() && broken(plan) > 0 {
        return Line::default()
            .with(Style::Change, "Nothing to do.")
            .with(Style::Plain, " The cluster is as the files say, except for their policies.");
    }
    if plan.is_empty() {
        return Line::default()
            .with(Style::Good, "Nothing to do.")
            .with(Style::Plain, " The cluster is as the files say.");
    }
    let marked = |mark: Mark| rows.iter().filter(|row| row.mark == mark).count();
    let gone_along: usize = plan
        .steps
        .iter()
        .map(|Step { op: _, grants: _, revived: _, along: Along { tokens, memberships, grants } }| {
            tokens.len() + memberships.len() + grants.len()
        })
        .sum();
    let along = if gone_along == 0 { String::new() } else { format!(" (taking {gone_along} more along)") };
    Line::default().with(Style::Strong, "Plan:").with(
        Style::Plain,
        format!(
            " {} to create, {} to change, {} to delete{along}, in {}.",
            marked(Mark::Create),
            marked(Mark::Change),
            marked(Mark::Delete),
            count(plan.steps.len(), "request"),
        ),
    )
}

/// How many policies do not hold.
fn broken(plan: &Plan) -> usize {
    plan.objections.iter().filter(|objection| matches!(objection, Objection::Policy(_))).count()
}

/// How many policies hold, and by what that was judged.
fn policies(plan: &Plan) -> Document {
    let mut document = Document::default();
    let (all, broken) = (plan.aim.policies.len(), broken(plan));
    match (all, broken) {
        (0, _) => return document,
        (1, 0) => document.push(Line::plain("1 policy holds.")),
        (_, 0) => document.push(Line::plain(format!("{all} policies hold."))),
        (1, _) => document.push(Line::default().with(Style::Bad, "1 policy does not hold.")),
        (_, 1) => document.push(Line::default().with(Style::Bad, format!("1 of {all} policies does not hold."))),
        _ => document.push(Line::default().with(Style::Bad, format!("{broken} of {all} policies do not hold."))),
    }
    if !is_whole(&plan.aim.live) {
        document.push(Line::plain("That is judged by what is visible: what is not may break a policy all the same."));
    }
    document
}
