//! What became of each step.

use super::left::{left_behind, orphan};
use super::{INDENT, NAMED, reasons};
use crate::apply::{Fate, LeftPassword, Remedy, StepEnd};
use crate::plan::{Op, Step};
use crate::pve::TokenId;
use crate::render::document::{Document, Line, Style};
use crate::render::words::{count, step_in_words, visible};

/// The requests whose answer was lost and that are done all the same; nothing if there are none.
pub(super) fn mended(steps: &[(Step, StepEnd)]) -> Document {
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
pub(super) fn course(
    steps: &[(Step, StepEnd)],
    orphans: &[(TokenId, Fate)],
    left_password: Option<&LeftPassword>,
) -> Document {
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
