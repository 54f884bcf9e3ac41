//! `pve-access apply`

use super::arguments::Apply;
use super::carry_out::{CarryingOut, carry_out, read_only};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Intent, Planned};
use super::saved;
use super::terminal::Terminal;
use crate::render::Followed;

pub(super) async fn run(Apply { saved, yes, planning }: Apply, terminal: Terminal) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(read_only());
    }
    let (intent, source) = match &saved {
        Some(file) => saved::open(file, &planning, terminal).await?,
        None => pipeline::intent(&planning, terminal).await?,
    };
    let plan = intent.plan(source.read(terminal).await?, terminal)?;
    let followed = match &intent {
        Intent::Files { .. } => Followed::Files,
        Intent::Saved(_) => Followed::SavedPlan,
    };
    let how = CarryingOut { planning: &planning, yes, followed };
    carry_out(Planned { plan, source }, &how, |live| intent.plan(live, terminal), terminal).await
}
