//! What has come of a plan, as text.

use std::error::Error;

use super::document::{Document, Line, Style};
use super::pveum;
use super::sight::hidden_kinds;
use super::words::{count, grant_name, shell, step_in_words, visible};
use crate::apply::{Done, Fate, LeftFate, LeftPassword, NotRecorded, Outcome, Remedy, StepEnd, Verification};
use crate::diff::{Delta, Diff};
use crate::plan::{Lockout, Objection, Op, Step};
use crate::pve::{Principal, TokenId};

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

/// The requests whose answer was lost and that are done all the same; nothing if there are none.
fn mended(steps: &[(Step, StepEnd)]) -> Document {
    let mut document = Document::default();
    let is_mended = |(_, end): &&(Step, StepEnd)| matches!(end, StepEnd::Mended { .. });
    let mended: Vec<&(Step, StepEnd)> = steps.iter().filter(is_mended).collect();
    if mended.is_empty() {
        return document;
    }
    document.push(Line::plain(format!("The answer to {} was lost on the way:", count(mended.len(), "request"))));
    document.gap();
    for (step, end) in mended {
        document.extend(with_fault(step, end));
    }
    document
}

fn row(style: Style, word: &str, words: String) -> Line {
    Line::plain("  ").with(style, format!("{word:<11}")).with(Style::Plain, format!("  {words}"))
}

/// A step that did not simply go well, and why.
fn with_fault(step: &Step, end: &StepEnd) -> Document {
    let (style, word) = match end {
        StepEnd::Mended { lost: _, remedy } => (
            Style::Good,
            match remedy {
                Remedy::Found => "found done",
                Remedy::SentAgain => "sent again",
                Remedy::Renewed => "made anew",
            },
        ),
        StepEnd::SecretLost { .. } => (Style::Bad, "secret lost"),
        StepEnd::Failed(_) | StepEnd::FailedAgain { .. } if end.is_uncertain() => (Style::Bad, "uncertain"),
        StepEnd::Failed(_) | StepEnd::FailedAgain { .. } => (Style::Bad, "failed"),
        StepEnd::Done | StepEnd::NotStarted => return Document::default(),
    };
    let mut document = Document::default();
    document.push(row(style, word, step_in_words(&step.op)));
    document.extend(fault(end));
    document
}

/// What became of each step; of many that went the same way, how many.
fn course(steps: &[(Step, StepEnd)], orphans: &[(TokenId, Fate)], left_password: Option<&LeftPassword>) -> Document {
    let mut document = Document::default();
    let alike = |word: &str, style: Style, is: fn(&StepEnd) -> bool, document: &mut Document| {
        let steps: Vec<&Step> = steps.iter().filter(|(_, end)| is(end)).map(|(step, _)| step).collect();
        if steps.len() > NAMED {
            document.push(row(style, word, count(steps.len(), "request")));
        } else {
            steps.iter().for_each(|step| document.push(row(style, word, step_in_words(&step.op))));
        }
    };
    alike("done", Style::Good, |end| matches!(end, StepEnd::Done), &mut document);
    for (step, end) in steps {
        document.extend(with_fault(step, end));
        if let Op::CreateToken { token: made, attributes: _ } | Op::RotateToken { token: made, before: _, after: _ } =
            &step.op
        {
            orphans
                .iter()
                .filter(|(token, _)| token == made)
                .for_each(|(token, fate)| document.extend(orphan(token, fate)));
        }
        if let (Op::CreateUser { user: _, account: _ }, Some(left)) = (&step.op, left_password) {
            document.extend(left_behind(left));
        }
    }
    alike("not started", Style::Dim, |end| matches!(end, StepEnd::NotStarted), &mut document);
    document
}

fn fault(end: &StepEnd) -> Document {
    let mut document = Document::default();
    match end {
        StepEnd::Failed(error) => {
            document.extend(reasons(error));
            for help in error.help() {
                document.push(Line::plain(format!("{INDENT}help: {}", visible(help))));
            }
        }
        StepEnd::FailedAgain { lost, error } => {
            document.extend(reasons(lost));
            document.push(Line::plain(format!("{INDENT}it does not show, and sent again it did not go through:")));
            document.extend(reasons(error));
            for help in error.help() {
                document.push(Line::plain(format!("{INDENT}help: {}", visible(help))));
            }
        }
        StepEnd::Mended { lost, remedy } => {
            document.extend(reasons(lost));
            document.push(Line::plain(format!(
                "{INDENT}{}",
                match remedy {
                    Remedy::Found => "read back, it is done",
                    Remedy::SentAgain => "read back, it does not show; it was sent again",
                    Remedy::Renewed => {
                        "read back, the token was there, its secret lost with the answer; it was deleted and made again"
                    }
                }
            )));
        }
        StepEnd::SecretLost { token, error, fate } => {
            document.extend(reasons(error));
            for line in error.said() {
                document.push(Line::plain(format!("{INDENT}| {}", visible(line))));
            }
            document.push(Line::plain(format!("{INDENT}help: {}", error.help())));
            document.extend(orphan(token, fate));
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
        document.push(Line::plain(format!("{INDENT}{}", visible(error))));
        next = error.source();
    }
    document
}

/// A token whose secret nobody has.
fn orphan(token: &TokenId, fate: &Fate) -> Document {
    let (remove, renew) = (pveum::delete_token(token), format!("pve-access rotate {}", shell(token)));
    let token = visible(token);
    let (style, words) = match fate {
        Fate::Deleted => (
            Style::Plain,
            format!("token {token} was deleted again, because nobody has its secret; the next apply makes it anew"),
        ),
        Fate::Ended => (
            Style::Bad,
            format!(
                "token {token} keeps its grants, but its former secret is refused, and nobody has the new one: it was ended, and the next apply renews it"
            ),
        ),
        Fate::Secretless => (
            Style::Bad,
            format!(
                "token {token} keeps its grants, but its former secret is, or soon may be, refused, and nobody has the new one: renew it again: {renew}"
            ),
        ),
        Fate::StillThere(_) => (
            Style::Bad,
            format!("token {token} works, and nobody has its secret: delete it before you apply again: {remove}"),
        ),
        Fate::NotSeen => (
            Style::Bad,
            format!(
                "token {token} is not there, but may still come, and nobody has its secret: look again in a minute, and if it is there: {remove}"
            ),
        ),
        Fate::Another => (
            Style::Bad,
            format!("token {token} is there with other attributes, so somebody else made it; it was left alone"),
        ),
        Fate::Unread => (
            Style::Bad,
            format!(
                "token {token} may be there, and nobody has its secret: if it is, delete it before you apply again: {remove}"
            ),
        ),
    };
    let mut document = Document::default();
    document.push(Line::plain(INDENT).with(style, words));
    if let Fate::StillThere(error) = fate {
        document.extend(reasons(error));
    }
    document
}

/// A password whose user was not made.
fn left_behind(LeftPassword { user, fate }: &LeftPassword) -> Document {
    let remove = format!("{}; {}", pveum::add_user(user), pveum::delete_user(user));
    let (delete, user) = (pveum::delete_user(user), visible(user));
    let kept = format!("the server may have kept the password of {user}, for whoever makes a user of that name");
    let (style, words) = match fate {
        LeftFate::Withdrawn => (
            Style::Plain,
            format!("the server keeps the password of a user that it refuses: that of {user} was taken away again"),
        ),
        LeftFate::StillStored(_) => (Style::Bad, format!("{kept}, and it could not be taken away: {remove}")),
        LeftFate::NotDeleted(_) => (
            Style::Bad,
            format!(
                "to take its password away, {user} was made, unable to log in, and it could not be deleted: {delete}"
            ),
        ),
        LeftFate::Inherited => (
            Style::Bad,
            format!("{kept}; deleting it would take along the grants and groups that wait for the name: {remove}"),
        ),
        LeftFate::Unknown => {
            (Style::Bad, format!("{kept}; the next apply sets it anew, or, if the user is not there: {remove}"))
        }
    };
    let mut document = Document::default();
    document.push(Line::plain(INDENT).with(style, words));
    if let LeftFate::StillStored(error) | LeftFate::NotDeleted(error) = fate {
        document.extend(reasons(error));
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
