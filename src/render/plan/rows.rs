//! What becomes of each thing.

use crate::diff::Delta;
use crate::model::{Along, Grant, Propagate};
use crate::plan::{Op, Plan, Step};
use crate::pve::{GroupId, TokenId, UserId};
use crate::render::change;
use crate::render::document::Style;
use crate::render::words::{count, destination, grant_name, listed, password_source, propagate, visible};

/// What becomes of one thing, in one line of the plan.
pub(in crate::render) struct Row {
    pub(super) mark: Mark,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) details: Vec<String>,
}

/// Whether it comes, becomes another, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) enum Mark {
    Create,
    Change,
    Delete,
}

impl Mark {
    pub(super) fn sign(self) -> (Style, &'static str) {
        match self {
            Mark::Create => (Style::Create, "+"),
            Mark::Change => (Style::Change, "~"),
            Mark::Delete => (Style::Delete, "-"),
        }
    }
}

pub(super) fn rows(step: &Step, plan: &Plan) -> Vec<Row> {
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
            change::of_new_user(account)
                .into_iter()
                .chain(password(user, plan))
                .chain(revived(&step.revived))
                .collect(),
        ),
        Op::CreateToken { token, attributes } => {
            let details = change::of_new_token(attributes).into_iter().chain([secret(token, plan)]).collect();
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
        Op::SetPassword { user } => {
            one(Mark::Change, "user", user.to_string(), password(user, plan).into_iter().collect())
        }
        Op::SetToken { token, before, after } => {
            one(Mark::Change, "token", token.to_string(), change::of_token(before, after))
        }
        Op::RotateToken { token, before, after } => {
            let renewed = format!("new {}", secret(token, plan));
            let details = [renewed].into_iter().chain(change::of_token(before, after)).collect();
            one(Mark::Change, "token", token.to_string(), details)
        }
        Op::DeleteToken { token } => {
            let returns = plan.aim.renewed.contains(token);
            let why = returns.then(|| "made anew by the next request, for a new secret".to_owned());
            one(Mark::Delete, "token", token.to_string(), why.into_iter().chain(along(&step.along)).collect())
        }
        Op::DeleteUser { user } => one(Mark::Delete, "user", user.to_string(), along(&step.along)),
        Op::DeleteGroup { group } => one(Mark::Delete, "group", group.to_string(), along(&step.along)),
        Op::DeleteRole { role } => one(Mark::Delete, "role", role.to_string(), along(&step.along)),
    }
}

/// Where the password comes from that a user gets.
fn password(user: &UserId, plan: &Plan) -> Option<String> {
    plan.aim.passwords.get(user).map(|source| format!("password from {}", password_source(source)))
}

/// Where a secret goes that the server is about to make.
fn secret(token: &TokenId, plan: &Plan) -> String {
    match plan.aim.sinks.get(token) {
        Some(sink) => format!("secret to {}", destination(&sink.to)),
        None => "secret to be shown".to_owned(),
    }
}

pub(super) fn grant_row(grant: &Grant, delta: &Delta<Propagate>) -> Row {
    let (mark, details) = match delta {
        Delta::Added(after) => (Mark::Create, vec![propagate(*after).to_owned()]),
        Delta::Changed { before, after } => {
            (Mark::Change, vec![format!("{} -> {}", propagate(*before), propagate(*after))])
        }
        Delta::Removed(_) => (Mark::Delete, Vec::new()),
    };
    Row { mark, kind: "grant", name: grant_name(grant), details }
}

/// Grants that nobody asks for and that count again.
fn revived(grants: &[Grant]) -> Option<String> {
    let named = named(
        grants.iter().map(|Grant { path, subject: _, role }| visible(format!("{role} on {path}"))).collect(),
        "grant",
    );
    named.map(|named| format!("REVIVES {named}, left behind by one of the same name"))
}

/// What goes along.
fn along(along: &Along) -> Vec<String> {
    let Along { tokens, memberships, grants } = along;
    let membership = |(user, group): &(UserId, GroupId)| format!("of {} in {}", visible(user), visible(group));
    let parts: Vec<String> = [
        named(tokens.iter().map(visible).collect(), "token"),
        named(memberships.iter().map(membership).collect(), "membership"),
        named(grants.iter().map(grant_name).collect(), "grant"),
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
