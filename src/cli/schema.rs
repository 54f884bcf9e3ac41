//! `pve-access schema`

use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::desired;
use crate::render;

pub(super) fn run(terminal: Terminal) -> Result<Exit, Failure> {
    terminal.result(&render::json(&desired::schema()))?;
    Ok(Exit::Success)
}
