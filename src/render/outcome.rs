//! What has come of a plan, as text.

use std::error::Error;

use super::document::{Document, Line, Style};
use super::plan::grant_name;
use super::words::{count, step_in_words, visible};
use crate::api::ApiError;
use crate::apply::{Outcome, StepEnd};
use crate::diff::{Delta, Diff};
use crate::live::ReadError;
use crate::plan::Op;
use crate::pve::TokenId;

/// What is said after a plan has been carried out, or after it has not.
pub fn outcome(outcome: &Outcome) -> Document {
    let Outcome { steps, stopped, residue, orphans } = outcome;
    let done = steps.iter().filter(|(_, end)| matches!(end, StepEnd::Done)).count();
    let mut document = Document::default();
    if done == steps.len()
        && let Ok(residue) = residue
        && residue.is_empty()
    {
        document.push(Line::default().with(Style::Good, "Done.").with(
            Style::Plain,
            format!(" {} sent; read back, the cluster is as the files say.", count(done, "request")),
        ));
        return document;
    }
    document.push(Line::default().with(Style::Bad, headline(*stopped, done, steps.len())));
    if done < steps.len() {
        document.gap();
        for (step, end) in steps {
            document.extend(step_end(&step_in_words(&step.op), end));
            if let Op::CreateToken { token: made, attributes: _ } = &step.op {
                for (token, mended) in orphans.iter().filter(|(token, _)| token == made) {
                    document.extend(orphan(token, mended));
                }
            }
        }
    }
    document.gap();
    document.extend(verification(residue, done == steps.len()));
    document
}

fn headline(stopped: bool, done: usize, all: usize) -> String {
    match (stopped, done) {
        (true, _) => format!("Stopped after {done} of {}.", count(all, "request")),
        (false, done) if done == all => {
            "Every request was answered with success, but the cluster is not as it should be.".to_owned()
        }
        (false, _) => format!("Failed after {done} of {}.", count(all, "request")),
    }
}

fn step_end(words: &str, end: &StepEnd) -> Document {
    let mut document = Document::default();
    let (style, word) = match end {
        StepEnd::Done => (Style::Good, "done"),
        StepEnd::SecretLost { .. } => (Style::Bad, "secret lost"),
        StepEnd::Failed(ApiError::Unanswered { .. } | ApiError::Unintelligible { .. }) => (Style::Bad, "uncertain"),
        StepEnd::Failed(ApiError::NotSent { .. } | ApiError::Refused { .. }) => (Style::Bad, "failed"),
        StepEnd::NotStarted => (Style::Dim, "not started"),
    };
    document.push(Line::plain("  ").with(style, format!("{word:<11}")).with(Style::Plain, format!("  {words}")));
    match end {
        StepEnd::Failed(error) => {
            document.extend(reasons(error));
            for help in error.help() {
                document.push(Line::plain(format!("               help: {help}")));
            }
        }
        StepEnd::SecretLost { token, error, mended } => {
            document.extend(reasons(error));
            document.extend(orphan(token, mended));
        }
        StepEnd::Done | StepEnd::NotStarted => {}
    }
    document
}

/// An error and its causes, a line each.
fn reasons(error: &dyn Error) -> Document {
    let mut document = Document::default();
    let mut next = Some(error);
    while let Some(error) = next {
        document.push(Line::plain(format!("               {}", visible(error))));
        next = error.source();
    }
    document
}

/// A token whose secret nobody has.
fn orphan(token: &TokenId, mended: &Result<(), ApiError>) -> Document {
    let mut document = Document::default();
    let token = visible(token);
    match mended {
        Ok(()) => document.push(Line::plain(format!(
            "               token {token} was deleted again, because nobody has its secret; the next apply makes it anew"
        ))),
        Err(error) => {
            document.push(Line::plain("               ").with(
                Style::Bad,
                format!("token {token} works, and nobody has its secret: delete it by hand, then apply again"),
            ));
            document.extend(reasons(error));
        }
    }
    document
}

/// How much of what is missing is named.
const NAMED: usize = 20;

fn verification(residue: &Result<Diff, ReadError>, all_done: bool) -> Document {
    let mut document = Document::default();
    match residue {
        Err(error) => {
            document.push(Line::default().with(Style::Bad, "The cluster could not be read back:"));
            document.extend(reasons(error));
        }
        Ok(residue) if residue.is_empty() => {
            document.push(Line::plain("Read back, the cluster is as the files say all the same."));
        }
        Ok(residue) => {
            let missing = missing(residue);
            let what = if all_done { "Read back, it differs in" } else { "Read back, this is still to do" };
            let named = missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
            let more = missing.len().saturating_sub(NAMED);
            let more = if more == 0 { String::new() } else { format!("; and {more} more") };
            document.push(Line::plain(format!("{what}: {named}{more}.")));
            document.push(Line::plain("Running apply again goes on from here."));
        }
    }
    document
}

/// What a diff is about, by name.
fn missing(diff: &Diff) -> Vec<String> {
    fn names<'a, K: ToString + 'a, V: 'a>(
        kind: &'static str,
        deltas: impl IntoIterator<Item = (&'a K, &'a Delta<V>)>,
    ) -> Vec<String> {
        deltas.into_iter().map(|(key, _)| format!("{kind} {}", visible(key.to_string()))).collect()
    }
    let Diff { realms, roles, groups, users, tokens, memberships, pools, acl } = diff;
    let mut missing = names("realm", realms);
    missing.extend(names("role", roles));
    missing.extend(names("group", groups));
    missing.extend(names("user", users));
    missing.extend(names("groups of", memberships));
    missing.extend(names("token", tokens));
    missing.extend(names("pool", pools));
    missing.extend(acl.keys().map(|grant| format!("grant {}", visible(grant_name(grant)))));
    missing
}
