//! `pve-access plan`

use super::arguments::Plan;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::terminal::Terminal;

pub(super) async fn run(Plan { detailed_exitcode, planning }: Plan, terminal: Terminal) -> Result<Exit, Failure> {
    let Planned { plan, source: _ } = pipeline::plan(&planning, terminal).await?;
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    Ok(if detailed_exitcode && !approved.plan().is_empty() { Exit::Changes } else { Exit::Success })
}
