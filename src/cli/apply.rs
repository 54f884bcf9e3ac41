//! `pve-access apply`

use super::arguments::{Apply, PlanFormat};
use super::carry_out::{Going, carry_out};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::saved;
use super::source::Source;
use super::terminal::Terminal;
use crate::render::Followed;

pub(super) async fn run(Apply { saved, yes, planning }: Apply, terminal: Terminal) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(read_only());
    }
    let Planned { plan, source } = match &saved {
        Some(file) => saved::plan(file, &planning, terminal).await?,
        None => pipeline::plan(&planning, terminal).await?,
    };
    let followed = if saved.is_some() { Followed::SavedPlan } else { Followed::Files };
    pipeline::show(&plan, PlanFormat::Text, &planning, terminal)?;
    let Source::Cluster(connection) = source else { return Err(read_only()) };
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    let going = Going { yes, show_secrets: planning.show_secrets, followed };
    carry_out(approved, &connection.client, going, terminal).await
}

fn read_only() -> Failure {
    Failure::new("a copy of a user.cfg is read, not written: --live is not for `apply`")
        .help("`plan --live FILE` shows what would be done")
        .help("to rehearse it: `sandbox --seed FILE --dir DIR`, then `apply --sandbox=DIR`")
}
