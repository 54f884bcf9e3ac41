//! `pve-access plan`

use std::collections::BTreeSet;

use super::arguments::Plan;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::terminal::Terminal;
use crate::render;
use crate::render::Undeclared;
use crate::resolve::Unsunk;

pub(super) async fn run(arguments: Plan, terminal: Terminal) -> Result<Exit, Failure> {
    let Plan { files, target, show_undeclared, detailed_exitcode, show_secrets, allow } = arguments;
    let Planned { plan, connection: _ } = pipeline::plan(&files, &target, unsunk(show_secrets), terminal).await?;
    terminal.result(&render::plan(&plan, undeclared(show_undeclared)));
    let (reader, is_empty) = (plan.reader.clone(), plan.is_empty());
    if let Err(refused) = plan.approve(&BTreeSet::from_iter(allow)) {
        terminal.note(&render::refused(&refused, reader.as_ref()));
        return Ok(Exit::Refused);
    }
    Ok(if detailed_exitcode && !is_empty { Exit::Changes } else { Exit::Success })
}

pub(super) fn unsunk(show_secrets: bool) -> Unsunk {
    if show_secrets { Unsunk::Show } else { Unsunk::Refuse }
}

pub(super) fn undeclared(show: bool) -> Undeclared {
    if show { Undeclared::List } else { Undeclared::Count }
}
