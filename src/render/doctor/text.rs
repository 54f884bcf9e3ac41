//! An examination as text.

use super::super::document::{Document, Line, Style};
use super::super::words::{listed, visible};
use super::{Said, Step, name, said, word};
use crate::doctor::{Check, Examination, Road, Verdict};

/// Each check with its finding, and one sentence in the end.
pub fn examination(examination: &Examination) -> Document {
    let mut document = Document::default();
    let Examination { roads, checks } = examination;
    let heading = |text: String| Line::default().with(Style::Strong, text);
    if let [Road { endpoint, checks: way }] = roads.as_slice() {
        document.push(heading(visible(endpoint)));
        document.extend(entries(way.iter().chain(checks)));
    } else {
        for Road { endpoint, checks } in roads {
            document.gap();
            document.push(heading(visible(endpoint)));
            document.extend(entries(checks));
        }
        document.gap();
        document.push(heading("Over the first that is open".to_owned()));
        document.extend(entries(checks));
    }
    document.gap();
    document.push(sentence(examination));
    document
}

/// Each by itself, but for those that were not reached: one line names them all.
fn entries<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Document {
    let mut document = Document::default();
    let (unreached, reached): (Vec<&Check>, Vec<&Check>) =
        checks.into_iter().partition(|check| check.verdict() == Verdict::Unreached);
    reached.into_iter().for_each(|check| document.extend(entry(check)));
    if !unreached.is_empty() {
        let names: Vec<&str> = unreached.into_iter().map(|check| name(check.subject())).collect();
        let style = style(Verdict::Unreached);
        document.push(Line::plain("  ").with(style, format!("{}  {}", word(Verdict::Unreached), names.join(", "))));
    }
    document
}

fn entry(check: &Check) -> Document {
    let verdict = check.verdict();
    let Said { finding, facts, steps } = said(check);
    let mut document = Document::default();
    document.push(
        Line::plain("  ")
            .with(style(verdict), format!("{:<11}", word(verdict)))
            .with(Style::Plain, format!("  {:<10}  {finding}", name(check.subject()))),
    );
    let inner = |text: &str, deeper: &str| Line::plain(format!("{:15}{deeper}{text}", ""));
    facts.iter().for_each(|fact| document.push(inner(fact, "")));
    steps.iter().for_each(|step| {
        document.push(match step {
            Step::Do(text) => inner(text, ""),
            Step::Type(command) => inner(command, "    "),
        });
    });
    document
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Good => Style::Good,
        Verdict::Doubtful => Style::Change,
        Verdict::Bad => Style::Bad,
        Verdict::LeftOut | Verdict::Unreached => Style::Dim,
    }
}

/// What it comes to.
fn sentence(examination: &Examination) -> Line {
    let Examination { roads, checks } = examination;
    let all = || roads.iter().flat_map(|road| &road.checks).chain(checks);
    let named = |verdict: Verdict| -> Vec<String> {
        let mut names: Vec<String> =
            all().filter(|check| check.verdict() == verdict).map(|check| name(check.subject()).to_owned()).collect();
        names.dedup();
        names
    };
    match examination.verdict() {
        Verdict::LeftOut | Verdict::Good => Line::default().with(Style::Good, "All is well."),
        Verdict::Doubtful => {
            let mut doubtful = named(Verdict::Doubtful);
            doubtful.extend(named(Verdict::Bad));
            Line::default().with(Style::Change, format!("It works; look at what is doubtful: {}.", listed(&doubtful)))
        }
        Verdict::Unreached | Verdict::Bad => {
            Line::default().with(Style::Bad, format!("It does not work: see to {}.", listed(&named(Verdict::Bad))))
        }
    }
}
