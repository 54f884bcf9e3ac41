//! Runs for people: the newest last, nearest to the prompt.

use super::super::document::{Document, Line, Style};
use super::super::words::{count, listed, visible};
use crate::apply::{Beginning, Came, Course, Damage, Ending, Extent, Intended, ReadBack, Run, StepTaken};

/// How much is told of each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// How it ended.
    Brief,
    /// Every request, too.
    Full,
}

/// How many digits of a run's name tell it from others.
const SHORT: usize = 8;

/// How far what belongs to a run is indented.
const INDENT: &str = "    ";

/// A block for each run.
pub fn history(runs: &[&Run], telling: Telling) -> Document {
    let mut document = Document::default();
    for run in runs {
        if telling == Telling::Full {
            document.gap();
        }
        document.extend(block(run, telling));
    }
    document
}

/// The lines of a journal that tell nothing.
pub fn damage(damage: &[Damage], journal: &str) -> Document {
    const NAMED: usize = 5;
    let mut document = Document::default();
    if damage.is_empty() {
        return document;
    }
    let lines = count(damage.len(), "line");
    document.push(Line::plain(format!("warning: {lines} of `{}` cannot be told of:", visible(journal))));
    for Damage { line, reason } in damage.iter().take(NAMED) {
        document.push(Line::plain(format!("  line {line}: {}", visible(reason))));
    }
    if damage.len() > NAMED {
        document.push(Line::plain(format!("  and {} more", damage.len() - NAMED)));
    }
    document
}

fn block(run: &Run, telling: Telling) -> Document {
    let Run { id, began, last: _, beginning, replanned, steps, ending: _ } = run;
    let mut document = Document::default();
    let short: String = id.chars().take(SHORT).collect();
    let command = beginning.as_ref().map_or("?", |beginning| beginning.command.as_str());
    let head = format!("{}  {}  {}  ", moment(began), visible(short), visible(command));
    let (style, ended) = ended(run);
    document.push(Line::default().with(Style::Strong, head).with(style, ended));
    match beginning {
        Some(Beginning { command: _, program: _, who, pid: _, cluster, endpoint: _, principal, intended }) => {
            let (who, principal, cluster) = (visible(who), visible(principal), visible(cluster));
            document.push(Line::plain(format!("{INDENT}by {who} as {principal} on {cluster}")));
            let Intended { plan, steps: _, waived } = replanned.as_ref().unwrap_or(intended);
            let anew = if replanned.is_some() { ", made anew under the lock" } else { "" };
            let waived =
                if waived.is_empty() { String::new() } else { format!("; waived: {}", visible(waived.join(", "))) };
            document.push(Line::plain(format!("{INDENT}plan {}{anew}{waived}", visible(plan))));
        }
        None => document.push(Line::plain(format!("{INDENT}the line with its beginning is missing"))),
    }
    if let Some(Ending { without_secret, .. }) = run.ending.as_ref().filter(|ending| !ending.without_secret.is_empty())
    {
        let tokens: Vec<String> = without_secret.iter().map(visible).collect();
        document.push(
            Line::plain(INDENT)
                .with(Style::Bad, format!("nobody may have the secret of {}, if it is there", listed(&tokens))),
        );
    }
    if telling == Telling::Brief
        && let Some((what, why)) = failed(run)
    {
        let (what, why) = (visible(what), visible(why));
        document.push(Line::plain(INDENT).with(Style::Bad, format!("{what}: {why}")));
    }
    if telling == Telling::Full {
        steps.iter().for_each(|step| document.extend(request(step)));
    }
    document
}

/// The last request of a run that failed, and why; none of one that came to its end all the same.
fn failed(run: &Run) -> Option<(&str, &str)> {
    if !matches!(run.course(), Course::Ended(Ending { done: Extent::Nothing | Extent::Partly, .. })) {
        return None;
    }
    run.steps.iter().rev().find_map(|StepTaken { request, came, .. }| match came {
        Some(
            Came::Refused { why }
            | Came::NotSent { why }
            | Came::Undecided { why }
            | Came::SecretLost { why, token: _ },
        ) => Some((request.what.as_str(), why.as_str())),
        Some(Came::Done | Came::Mended { .. } | Came::NotStarted) | None => None,
    })
}

/// How a run ended, in a few words.
fn ended(run: &Run) -> (Style, String) {
    let done = match run.intended() {
        Some(intended) => format!("{} of {}", run.done(), count(intended.steps, "request")),
        None => count(run.done(), "request"),
    };
    match run.course() {
        Course::Ended(Ending { done: extent, stopped, read_back, without_secret: _ }) => {
            let (style, word) = match (extent, stopped) {
                (Extent::Everything, _) => (Style::Good, "done"),
                (Extent::Nothing, false) => (Style::Bad, "nothing was done"),
                (Extent::Nothing, true) => (Style::Bad, "stopped before anything was done"),
                (Extent::Partly, false) => (Style::Bad, "partly done"),
                (Extent::Partly, true) => (Style::Bad, "stopped"),
            };
            let read_back = match read_back {
                ReadBack::NotNeeded => "",
                ReadBack::AsPlanned => "; read back, it was as planned",
                ReadBack::Otherwise => "; read back, something was missing or could not be seen",
                ReadBack::Failed => "; it could not be read back",
            };
            (style, format!("{word}: {done}{read_back}"))
        }
        Course::Open(None) => (Style::Bad, format!("its end is not written down: killed, or still at it; {done}")),
        Course::Open(Some(step)) => (
            Style::Bad,
            format!(
                "its end is not written down: killed, or still at it; {done}, and \"{}\" was sent, outcome unknown",
                visible(&step.request.what)
            ),
        ),
    }
}

fn request(StepTaken { time, place, request, came }: &StepTaken) -> Document {
    let mut document = Document::default();
    let (style, word, why) = match came {
        Some(Came::Done) => (Style::Good, "done", None),
        Some(Came::Mended { why }) => (Style::Good, "done", Some(why)),
        Some(Came::Refused { why }) => (Style::Bad, "refused", Some(why)),
        Some(Came::NotSent { why }) => (Style::Bad, "not sent", Some(why)),
        Some(Came::Undecided { why }) => (Style::Bad, "uncertain", Some(why)),
        Some(Came::SecretLost { why, token: _ }) => (Style::Bad, "secret lost", Some(why)),
        Some(Came::NotStarted) => (Style::Dim, "not started", None),
        None => (Style::Bad, "unknown", None),
    };
    let place = place.map_or_else(|| "besides".to_owned(), |(step, of)| format!("{step}/{of}"));
    let time = moment(time);
    let time = time.split_once(' ').map_or(time.as_str(), |(_, time)| time);
    document.push(
        Line::plain(format!("{INDENT}{time}  "))
            .with(style, format!("{word:<11}"))
            .with(Style::Plain, format!("  {place:>7}  {}", visible(&request.what))),
    );
    if let Some(why) = why {
        document.push(Line::plain(format!("{INDENT}{:>32}{}", "", visible(why))));
    }
    document
}

/// `2026-11-22 11:20:03`, in UTC as it was written.
fn moment(time: &str) -> String {
    let second = time.split_once('.').map_or(time, |(second, _)| second);
    visible(second.replacen('T', " ", 1))
}
