//! `pve-access apply`

use super::arguments::Apply;
use super::carry_out::{CarryingOut, carry_out, read_only};
use super::exit::Exit;
use super::failure::Failure;
use super::intent::Intent;
use super::pipeline;
use super::saved;
use super::terminal::Terminal;
use crate::render::{Followed, Trial};

pub(super) async fn run(Apply { saved, carrying, planning }: Apply, terminal: Terminal) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(read_only());
    }
    let (intent, source) = match &saved {
        Some(file) => saved::open(file, &planning, terminal).await?,
        None => Intent::of_files(&planning, terminal).await?,
    };
    let live = source.read(terminal).await?;
    let planned = pipeline::planned(&intent, live, source, Trial::Looked, terminal).await?;
    let (followed, fingerprint) = match &intent {
        Intent::Files { .. } | Intent::Renewal { .. } => (Followed::Files, None),
        Intent::Saved { saved: _, fingerprint } => (Followed::SavedPlan, Some(fingerprint.as_str())),
    };
    let how = CarryingOut { command: "apply", planning: &planning, carrying: &carrying, followed, fingerprint };
    carry_out(planned, &how, |live| intent.plan(live, terminal), terminal).await
}
