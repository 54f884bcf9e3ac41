//! `pve-access permissions`

use super::arguments::{Format, Permissions};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::permissions::Evaluator;
use crate::render;

pub(super) async fn run(arguments: Permissions, terminal: Terminal) -> Result<Exit, Failure> {
    let Permissions { who, path, why: _, format, looking } = arguments;
    let (_source, snapshot) = source::look(&looking, terminal).await?;
    let who = who::principal(&who, &snapshot)?;
    let path = path.map(|typed| who::path(&typed, &snapshot)).transpose()?;
    let evaluator = Evaluator::new(&snapshot.state);
    let held = match &path {
        Some(path) => [(path.to_string(), evaluator.at(&who, path.as_str()))].into(),
        None => evaluator.effective(&who),
    };
    let document = match format {
        Format::Text => render::permissions(&who, &held),
        Format::Json => render::permissions_json(&who, &held),
    };
    terminal.result(&document)?;
    Ok(Exit::Success)
}
