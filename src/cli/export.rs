//! `pve-access export`

use super::arguments::Export;
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use crate::desired::{self, Accounts, Provenance, Selection};
use crate::live::Blind;
use crate::render::{self, Document, Line};

pub(super) async fn run(Export { only, looking }: Export, terminal: Terminal) -> Result<Exit, Failure> {
    let selection = selection(&only)?;
    let (_source, snapshot) = source::look(&looking, terminal).await?;
    let (origin, unseen) = (render::origin_of(&snapshot), render::unseen(&snapshot));
    let accounts = if snapshot.sight.hidden().contains(&Blind::Accounts) { Accounts::Some } else { Accounts::All };
    let provenance = Provenance { origin: &origin, unseen: unseen.as_deref(), accounts };
    let written = desired::write(&snapshot.state, &selection, provenance);
    let mut file = Document::default();
    written.text.lines().for_each(|line| file.push(Line::plain(line)));
    terminal.result(&file)?;
    terminal.note(&render::exported(&snapshot, &written, &selection.idle(&snapshot.state)));
    Ok(Exit::Success)
}

fn selection(only: &[String]) -> Result<Selection, Failure> {
    if only.is_empty() {
        return Ok(Selection::default());
    }
    Selection::of(only.iter().map(String::as_str)).map_err(|error| Failure::of(&error).help(error.help()))
}
