//! `pve-access export`

use super::arguments::Export;
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use crate::desired::{self, Accounts, Provenance, Selection};
use crate::live::{Blind, Snapshot};
use crate::render::{self, Document, Line};

pub(super) async fn run(Export { only, looking }: Export, terminal: Terminal) -> Result<Exit, Failure> {
    let selection = selection(&only)?;
    let (_source, snapshot) = source::look(&looking, terminal).await?;
    let unseen = unseen(&snapshot);
    let accounts = if snapshot.sight.hidden().contains(&Blind::Accounts) { Accounts::Some } else { Accounts::All };
    let provenance = Provenance { cluster: &snapshot.cluster, unseen: &unseen, accounts };
    let written = desired::write(&snapshot.state, &selection, &provenance);
    let mut file = Document::default();
    written.text.lines().for_each(|line| file.push(Line::plain(line)));
    terminal.result(&file)?;
    terminal.note(&render::exported(&written, &unseen, &selection.idle(&snapshot.state)));
    Ok(Exit::Success)
}

fn selection(only: &[String]) -> Result<Selection, Failure> {
    if only.is_empty() {
        return Ok(Selection::default());
    }
    Selection::of(only.iter().map(String::as_str)).map_err(|error| Failure::of(&error).help(error.help()))
}

/// What could be in the file and was not seen; what no file holds is nothing to miss.
fn unseen(snapshot: &Snapshot) -> Vec<String> {
    let hidden = snapshot.sight.hidden().iter().filter(|kind| matches!(kind, Blind::Accounts | Blind::Grants));
    let say = |kind: &Blind| match kind.needs() {
        Some(needed) => format!("this credential does not see all {kind} (it lacks {needed})"),
        None => format!("not all {kind} can be seen"),
    };
    hidden.map(say).collect()
}
