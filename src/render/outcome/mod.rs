//! What has come of a plan, as text.

mod course;
mod left;

use std::error::Error;

use course::{course, mended};

use super::document::{Document, Line, Style};
use super::sight::hidden_kinds;
use super::words::{count, grant_name, visible};
use crate::apply::{Done, NotRecorded, Outcome, StepEnd, Verification};
use crate::diff::{Delta, Diff};
use crate::plan::{Lockout, Objection, Op, Step};
use crate::pve::Principal;

/// How far what belongs to a step is indented.
const INDENT: &str = "               ";

/// How many things are named in a row, and how many steps are listed one by one.
const NAMED: usize = 20;

/// What an apply followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// Desired-state files.
    Files,
    /// A saved plan, for the cluster as it was when it was made.
    SavedPlan,
    /// The names of tokens whose secrets are renewed.
    Renewal,
}

impl Followed {
    fn says(self) -> &'static str {
        match self {
            Followed::Files => "the files say",
            Followed::SavedPlan => "the plan says",
            Followed::Renewal => "it was asked for",
        }
    }
}

/// What is said after a plan has been carried out, or after it has not.
pub fn outcome(outcome: &Outcome, followed: Followed) -> Document {
    let Outcome { steps, stopped, verification, orphans, left_password, waived, unrecorded } = outcome;
    let locked_out = locked_out(waived);
    let done = steps.iter().filter(|(_, end)| end.is_done()).count();
    let mut document = Document::default();
    if outcome.done() == Done::Everything {
        document.push(Line::default().with(Style::Good, "Done.").with(
            Style::Plain,
            format!(" {} sent; read back, the cluster is as {}.", count(done, "request"), followed.says()),
        ));
        let is_set = |(step, _): &&(Step, StepEnd)| matches!(step.op, Op::SetPassword { .. });
        let set = steps.iter().filter(is_set).count();
        if set > 0 {
            document.push(Line::plain(format!("{} set, which cannot be read back.", count(set, "password"))));
        }
        document.extend(mended(steps));
        return document;
    }
    document.push(Line::default().with(Style::Bad, headline(*stopped, unrecorded.is_some(), done, steps, locked_out)));
    document.gap();
    if done < steps.len() {
        document.extend(course(steps, orphans, left_password.as_ref()));
        document.gap();
    }
    if let Some(error) = unrecorded {
        document.extend(unwritten(error));
        document.gap();
    }
    document.extend(verified(verification, followed));
    document.push(Line::plain(next(outcome, followed, locked_out)));
    document
}

/// Who was allowed to lose what it needs.
fn locked_out(waived: &[Objection]) -> Option<&Principal> {
    waived.iter().find_map(|objection| match objection {
        Objection::Lockout(Lockout::Reader { who, loss: _, turn: _, undone: _ }) => Some(who),
        Objection::Lockout(Lockout::Administrator { .. })
        | Objection::Blind(_)
        | Objection::Escalation(_)
        | Objection::Deletes(_)
        | Objection::Size(_)
        | Objection::Stale(_)
        | Objection::Passwords(_)
        | Objection::Policy(_) => None,
    })
}

fn headline(
    stopped: bool,
    is_unrecorded: bool,
    done: usize,
    steps: &[(Step, StepEnd)],
    locked_out: Option<&Principal>,
) -> String {
    let all = count(steps.len(), "request");
    if stopped || is_unrecorded {
        format!("Stopped after {done} of {all}.")
    } else if let Some(who) = locked_out.filter(|_| done == steps.len()) {
        format!("Every request was answered with success, and by the last {} has lost what it needs.", visible(who))
    } else if done == steps.len() {
        "Every request was answered with success, but it is not certain that the cluster is as it should be.".to_owned()
    } else {
        let what = if steps.iter().any(|(_, end)| end.is_uncertain()) { "is uncertain" } else { "failed" };
        format!("Request {} of {} {what}.", done + 1, steps.len())
    }
}

/// An error and its causes, a line each.
fn reasons(error: &dyn Error) -> Document {
    let mut document = Document::default();
    let mut next = Some(error);
    while let Some(error) = next {
        document.push(Line::plain(format!("{INDENT}{}", visible(error))));
        next = error.source();
    }
    document
}

/// Why nothing more was sent, although nothing had failed there.
fn unwritten(error: &NotRecorded) -> Document {
    let mut document = Document::default();
    document.push(Line::default().with(Style::Bad, "Nothing more was sent, because it could not be written down:"));
    document.extend(reasons(error));
    document
        .push(Line::plain(format!("{INDENT}help: name another file: --journal FILE; or do without: --journal none")));
    document
}

fn verified(verification: &Verification, followed: Followed) -> Document {
    let mut document = Document::default();
    match verification {
        Verification::NotNeeded => document.push(Line::plain("Nothing was sent.")),
        Verification::Failed(error) => {
            document.push(Line::default().with(Style::Bad, "The cluster could not be read back:"));
            document.extend(reasons(error));
        }
        Verification::Read { residue, lost_sight } => {
            if !lost_sight.is_empty() {
                document.push(Line::default().with(
                    Style::Bad,
                    format!(
                        "The credential does not see all {} any more; of those, nothing could be verified.",
                        hidden_kinds(lost_sight)
                    ),
                ));
            }
            if residue.is_empty() {
                document.push(Line::plain(format!("Read back, what is visible is as {}.", followed.says())));
            } else {
                document.push(Line::plain(format!("Read back, this is still to do: {}.", missing(residue))));
            }
        }
    }
    document
}

/// How to go on.
fn next(outcome: &Outcome, followed: Followed, locked_out: Option<&Principal>) -> &'static str {
    let is_refused = |(_, end): &(Step, StepEnd)| match end {
        StepEnd::Failed(_) => !end.is_uncertain(),
        StepEnd::FailedAgain { .. } => true,
        StepEnd::Done | StepEnd::Mended { .. } | StepEnd::SecretLost { .. } | StepEnd::NotStarted => false,
    };
    match (locked_out, followed) {
        (Some(_), _) => "Whether all is as it should be, plan tells to somebody who may still see it.",
        (None, Followed::Renewal) => "To go on from here, rotate those that are not done.",
        (None, Followed::Files | Followed::SavedPlan) if outcome.steps.iter().any(is_refused) => {
            "Once the fault is mended, apply goes on from here."
        }
        (None, Followed::Files | Followed::SavedPlan) => "Running apply again goes on from here.",
    }
}

/// What a diff is about, by name.
fn missing(diff: &Diff) -> String {
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
    missing.extend(acl.keys().map(|grant| format!("grant {}", grant_name(grant))));
    let more = missing.len().saturating_sub(NAMED);
    missing.truncate(NAMED);
    if more > 0 {
        missing.push(format!("and {more} more"));
    }
    missing.join("; ")
}
