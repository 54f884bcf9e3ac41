//! `pve-access apply`

use super::arguments::Apply;
use super::carry_out::{CarryingOut, carry_out, read_only};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Intent, Planned};
use super::saved;
use super::terminal::Terminal;
use crate::render::Followed;

pub(super) async fn run(Apply { saved, carrying, planning }: Apply, terminal: Terminal) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(read_only());
    }
    let (intent, source) = match &saved {
        Some(file) => saved::open(file, &planning, terminal).await?,
        None => pipeline::intent(&planning, terminal).await?,
    };
    let plan = intent.plan(source.read(terminal).await?, terminal)?;
    let (followed, fingerprint) = match &intent {
        Intent::Files { .. } => (Followed::Files, None),
        Intent::Saved { saved: _, fingerprint } => (Followed::SavedPlan, Some(fingerprint.as_str())),
    };
    let how = CarryingOut { command: "apply", planning: &planning, carrying: &carrying, followed, fingerprint };
    carry_out(Planned { plan, source }, &how, |live| intent.plan(live, terminal), terminal).await
}
