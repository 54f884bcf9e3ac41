//! `pve-access history`

use jiff::Timestamp;

use super::arguments::{Format, History as Arguments};
use super::exit::Exit;
use super::failure::Failure;
use super::journal::{self, Place};
use super::terminal::Terminal;
use crate::apply::{History, HistoryError, Run};
use crate::render::{self, Telling, visible};

pub(super) fn run(arguments: Arguments, terminal: Terminal) -> Result<Exit, Failure> {
    let Arguments { run, full, cluster, since, last, format, journal, sandbox } = arguments;
    let place = journal::place(journal.as_deref(), sandbox.as_deref())?;
    let Place::File(file) = place else {
        return Err(Failure::new("no journal is kept: PVE_ACCESS_JOURNAL says `none`").help("name one: --journal FILE"));
    };
    let shown = file.display().to_string();
    let History { runs, damage } = match History::read(&file) {
        Ok(history) => history,
        // Whoever names a file means one that is there.
        Err(HistoryError::Missing { .. }) if journal.is_none() => History::default(),
        Err(error) => return Err(Failure::of(&error)),
    };
    let is_meant = |told: &&Run| {
        run.as_ref().is_none_or(|start| told.id.starts_with(start.as_str()))
            && cluster.as_ref().is_none_or(|text| is_on(told, text))
            && since.is_none_or(|since| told.began.parse::<Timestamp>().is_ok_and(|began| began >= since))
    };
    let mut meant: Vec<&Run> = runs.iter().filter(is_meant).collect();
    meant.drain(..meant.len().saturating_sub(last.unwrap_or(usize::MAX)));
    match format {
        Format::Json => terminal.result(&render::history_json(&meant, &damage, &shown))?,
        Format::Text => {
            let telling = if full || run.is_some() { Telling::Full } else { Telling::Brief };
            terminal.result(&render::history(&meant, telling))?;
            terminal.note(&render::damage(&damage, &shown));
        }
    }
    match &run {
        Some(start) if meant.is_empty() => {
            Err(Failure::new(format!("no run's name begins with `{start}`")).help("pve-access history lists them"))
        }
        _ => {
            if meant.is_empty() && format == Format::Text {
                let none = if runs.is_empty() { "Nothing" } else { "Nothing of that kind" };
                terminal.note_text(&format!("{none} is written down in {} yet.\n", visible(shown)));
            }
            Ok(Exit::Success)
        }
    }
}

fn is_on(run: &Run, text: &str) -> bool {
    run.beginning.as_ref().is_some_and(|by| by.cluster.contains(text) || by.endpoint.contains(text))
}
