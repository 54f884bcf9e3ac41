//! A plan as text.

use super::change;
use super::document::{Document, Line, Style};
use super::sight::{hidden_kinds, origin, reader_name, remedy};
use super::words::{count, listed, propagate, visible};
use crate::diff::Delta;
use crate::model::{Along, Grant, Propagate};
use crate::plan::{Objection, Op, Plan, Refused, Step};
use crate::pve::{GroupId, Principal, UserId};
use crate::resolve::Kept;

/// Whether what is live and not declared is listed or only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeclared {
    /// Counted.
    Count,
    /// Listed.
    List,
}

/// What becomes of one thing, in one line of the plan.
struct Row {
    mark: Mark,
    kind: &'static str,
    name: String,
    details: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Create,
    Change,
    Delete,
}

impl Mark {
    fn sign(self) -> (Style, &'static str) {
        match self {
            Mark::Create => (Style::Create, "+"),
            Mark::Change => (Style::Change, "~"),
            Mark::Delete => (Style::Delete, "-"),
        }
    }
}

/// What a plan says before it is carried out.
pub fn plan(plan: &Plan, undeclared: Undeclared) -> Document {
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, origin(&plan.cluster, plan.release, plan.reader.as_ref())));
    let rows: Vec<Row> = plan.steps.iter().flat_map(|step| rows(step, plan)).collect();
    if !rows.is_empty() {
        document.gap();
        document.extend(table(&rows));
    }
    document.gap();
    document.push(summary(plan, &rows));
    document.extend(kept(&plan.kept, undeclared));
    let hidden = plan.hidden();
    if !hidden.is_empty() {
        let who = reader_name(plan.reader.as_ref());
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

fn rows(step: &Step, plan: &Plan) -> Vec<Row> {
    let row = |mark, kind, name: String, details| Row { mark, kind, name: visible(name), details };
    let one = |mark, kind, name: String, details| vec![row(mark, kind, name, details)];
    match &step.op {
        Op::CreateRole { role, privs } => {
            let privs = if privs.is_empty() { "no privileges".to_owned() } else { change::joined(privs) };
            one(Mark::Create, "role", role.to_string(), vec![privs])
        }
        Op::CreateGroup { group, comment } => {
            let comment = (!comment.is_empty()).then(|| format!("comment {:?}", comment.as_str()));
            let said = comment.into_iter().chain(revived(&step.revived));
            one(Mark::Create, "group", group.to_string(), said.collect())
        }
        Op::CreateUser { user, account } => one(
            Mark::Create,
            "user",
            user.to_string(),
            change::of_new_user(account).into_iter().chain(revived(&step.revived)).collect(),
        ),
        Op::CreateToken { token, attributes } => {
            let secret = match plan.sinks.get(token) {
                Some(sink) => format!("secret to {}", visible(sink.file.display())),
                None => "secret to be shown".to_owned(),
            };
            let details = change::of_new_token(attributes).into_iter().chain([secret]).collect();
            one(Mark::Create, "token", token.to_string(), details)
        }
        Op::Grant { .. } | Op::Revoke { .. } => {
            step.grants.iter().map(|(grant, delta)| grant_row(grant, delta)).collect()
        }
        Op::SetRole { role, before, after } => {
            one(Mark::Change, "role", role.to_string(), vec![change::set_change(before, after)])
        }
        Op::SetGroup { group, before, after } => {
            one(Mark::Change, "group", group.to_string(), vec![change::of_text("comment", before, after)])
        }
        Op::SetUser { user, before, after } => {
            one(Mark::Change, "user", user.to_string(), change::of_user(before, after))
        }
        Op::SetToken { token, before, after } => {
            one(Mark::Change, "token", token.to_string(), change::of_token(before, after))
        }
        Op::DeleteToken { token } => one(Mark::Delete, "token", token.to_string(), along(&step.along)),
        Op::DeleteUser { user } => one(Mark::Delete, "user", user.to_string(), along(&step.along)),
        Op::DeleteGroup { group } => one(Mark::Delete, "group", group.to_string(), along(&step.along)),
        Op::DeleteRole { role } => one(Mark::Delete, "role", role.to_string(), along(&step.along)),
    }
}

fn grant_row(grant: &Grant, delta: &Delta<Propagate>) -> Row {
    let (mark, details) = match delta {
        Delta::Added(after) => (Mark::Create, vec![propagate(*after).to_owned()]),
        Delta::Changed { before, after } => {
            (Mark::Change, vec![format!("{} -> {}", propagate(*before), propagate(*after))])
        }
        Delta::Removed(_) => (Mark::Delete, Vec::new()),
    };
    Row { mark, kind: "grant", name: visible(grant_name(grant)), details }
}

/// Grants that nobody asks for and that count again.
fn revived(grants: &[Grant]) -> Option<String> {
    let named = named(
        grants.iter().map(|Grant { path, subject: _, role }| visible(format!("{role} on {path}"))).collect(),
        "grant",
    );
    named.map(|named| format!("REVIVES {named}, left behind by one of the same name"))
}

pub(super) fn grant_name(Grant { path, subject, role }: &Grant) -> String {
    format!("{role} on {path} to {subject}")
}

/// What goes along.
fn along(along: &Along) -> Vec<String> {
    let Along { tokens, memberships, grants } = along;
    let membership = |(user, group): &(UserId, GroupId)| format!("of {} in {}", visible(user), visible(group));
    let parts: Vec<String> = [
        named(tokens.iter().map(visible).collect(), "token"),
        named(memberships.iter().map(membership).collect(), "membership"),
        named(grants.iter().map(|grant| visible(grant_name(grant))).collect(), "grant"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { parts } else { vec![format!("takes along {}", listed(&parts))] }
}

/// Things of one kind, by name while that is readable.
fn named(names: Vec<String>, noun: &str) -> Option<String> {
    const NAMED: usize = 3;
    match names.len() {
        0 => None,
        1 => Some(format!("{noun} {}", names[0])),
        few if few <= NAMED => Some(format!("{noun}s {}", listed(&names))),
        many => Some(count(many, noun)),
    }
}

fn summary(plan: &Plan, rows: &[Row]) -> Line {
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

/// What was left alone: counted by kind, or listed.
fn kept(kept: &[Kept], undeclared: Undeclared) -> Document {
    let mut document = Document::default();
    if kept.is_empty() {
        return document;
    }
    let of_kind = |is: fn(&Kept) -> bool| kept.iter().filter(|kept| is(kept)).count();
    let counts: Vec<String> = [
        ("role", of_kind(|kept| matches!(kept, Kept::Role(_)))),
        ("group", of_kind(|kept| matches!(kept, Kept::Group(_)))),
        ("user", of_kind(|kept| matches!(kept, Kept::User(_)))),
        ("token", of_kind(|kept| matches!(kept, Kept::Token(_)))),
        ("membership", of_kind(|kept| matches!(kept, Kept::Membership(..)))),
        ("grant", of_kind(|kept| matches!(kept, Kept::Grant(_)))),
    ]
    .into_iter()
    .filter(|(_, number)| *number > 0)
    .map(|(noun, number)| count(number, noun))
    .collect();
    let hint = match undeclared {
        Undeclared::Count => " (--show-undeclared)",
        Undeclared::List => ":",
    };
    document.push(Line::default().with(Style::Dim, format!("Not declared, left alone: {}{hint}", listed(&counts))));
    if undeclared == Undeclared::List {
        for kept in kept {
            document.push(Line::plain(format!("    {}", visible(kept))));
        }
    }
    document
}

/// Why a plan may not be carried out, and what to do about it.
pub fn refused(refused: &Refused, reader: Option<&Principal>) -> Document {
    let Refused { objections } = refused;
    let mut document = Document::default();
    for objection in objections {
        match objection {
            Objection::Blind { hidden } => {
                let who = reader_name(reader);
                document.push(Line::default().with(Style::Bad, "refused: ").with(
                    Style::Strong,
                    format!(
                        "{who} cannot see all {}, and the files speak of some that it does not see",
                        hidden_kinds(hidden)
                    ),
                ));
                document
                    .push(Line::plain("  What cannot be seen may be there all the same, so this plan may be wrong."));
                document.extend(remedy(hidden, reader));
            }
        }
        document.push(Line::plain(format!("  To go on all the same: --allow {}", objection.waiver())));
    }
    document
}
