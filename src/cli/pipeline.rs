//! The one way from files and a source to a plan.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::arguments::{Files, PlanFormat, Planning};
use super::failure::Failure;
use super::intent::Intent;
use super::source::Source;
use super::terminal::Terminal;
use super::who;
use crate::apply::{self, Stored};
use crate::desired::{self, Desired, Loaded};
use crate::diagnostic::{Findings, Sources};
use crate::lint;
use crate::live::Snapshot;
use crate::plan::{Approved, Plan, Waiver};
use crate::render::{self, Detail, Shown, Trial, Undeclared, diagnostics};
use crate::resolve::{Resolved, Unsunk, resolve};

/// A plan, where the live state was read, and what is known of the secrets of declared tokens.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) source: Source,
    pub(super) secrets: Vec<Stored>,
}

/// What the files say, and all that is to be said of them without a cluster.
pub(super) fn read(files: &[PathBuf]) -> Loaded {
    let mut loaded = desired::load(files);
    loaded.findings.extend(lint::check_names(&loaded.desired));
    loaded
}

/// Reads the files, reports what is to be said of them, and goes on only if that is no error.
pub(super) fn load(Files { files }: &Files, terminal: Terminal) -> Result<(Desired, Sources), Failure> {
    let Loaded { desired, sources, findings } = read(files);
    report(&findings, &sources, terminal)?;
    Ok((desired, sources))
}

/// Prints findings; errors among them end the command.
pub(super) fn report(findings: &Findings, sources: &Sources, terminal: Terminal) -> Result<(), Failure> {
    let said = reported(findings, sources, terminal);
    if findings.has_errors() { Err(said) } else { Ok(()) }
}

fn reported(findings: &Findings, sources: &Sources, terminal: Terminal) -> Failure {
    terminal.note_text(&diagnostics::text(findings, sources, terminal.err_colour()));
    Failure::said()
}

/// What the files make of what is live; reports what is to be said of that.
pub(super) fn target<'a>(
    desired: &'a Desired,
    sources: &Sources,
    live: &'a Snapshot,
    unsunk: Unsunk,
    terminal: Terminal,
) -> Result<Resolved<'a>, Failure> {
    sound(resolve(desired, live, unsunk, who::now()), sources, terminal)
}

/// What was resolved; reports what is to be said of that.
pub(super) fn sound<'a>(
    resolved: Result<Resolved<'a>, Findings>,
    sources: &Sources,
    terminal: Terminal,
) -> Result<Resolved<'a>, Failure> {
    let resolved = resolved.map_err(|findings| reported(&findings, sources, terminal))?;
    report(&resolved.warnings, sources, terminal)?;
    Ok(resolved)
}

/// From files and a source to a plan; warns of passwords that could not be had here and now.
pub(super) async fn plan(planning: &Planning, trial: Trial, terminal: Terminal) -> Result<Planned, Failure> {
    let (intent, source) = Intent::of_files(planning, terminal).await?;
    let live = source.read(terminal).await?;
    if let Some(lock) = &live.lock {
        terminal.note(&render::locked(lock, who::now()));
    }
    let planned = planned(&intent, live, source, trial, terminal).await?;
    intent.report_passwords(&planned.plan, terminal)?;
    Ok(planned)
}

/// What `intent` makes of what is live, and what is known of the secrets that stay.
pub(super) async fn planned(
    intent: &Intent,
    live: Snapshot,
    source: Source,
    trial: Trial,
    terminal: Terminal,
) -> Result<Planned, Failure> {
    let mut secrets = intent.secrets(&live.state);
    if let (Trial::Tried, Source::Cluster(connection)) = (trial, &source) {
        apply::try_each(&mut secrets, &connection.client, &live.state, who::now()).await;
    }
    let plan = intent.plan(live, terminal)?;
    // What is renewed is about to be there.
    secrets.retain(|stored| !plan.aim.renewed.contains(&stored.token));
    intent.report(&secrets, trial, terminal)?;
    if let (Trial::Tried, Some(said)) = (trial, render::tried(&secrets)) {
        terminal.note_text(&format!("{said}\n"));
    }
    Ok(Planned { plan, source, secrets })
}

/// Shows a plan, with what is not asked for and what is allowed as `planning` says.
pub(super) fn show(
    plan: &Plan,
    secrets: &[Stored],
    format: PlanFormat,
    planning: &Planning,
    terminal: Terminal,
) -> Result<(), Failure> {
    let undeclared = if planning.show_undeclared { Undeclared::List } else { Undeclared::Count };
    let detail = if planning.full { Detail::Full } else { Detail::Brief };
    let shown = Shown { undeclared, detail };
    let waived: BTreeSet<Waiver> = planning.allow.iter().copied().collect();
    terminal.result(&match format {
        PlanFormat::Text => render::plan(plan, shown, &waived),
        PlanFormat::Json => render::plan_json(plan, &waived, secrets),
        PlanFormat::Markdown => render::plan_markdown(plan, shown, &waived),
        PlanFormat::Diff => render::plan_diff(plan),
    })
}

/// Lets a plan through, or says why not.
pub(super) fn approve(plan: Plan, allow: &[Waiver], terminal: Terminal) -> Option<Approved> {
    let reader = plan.aim.live.reader.clone();
    match plan.approve(&allow.iter().copied().collect()) {
        Ok(approved) => Some(approved),
        Err(refused) => {
            terminal.note(&render::refused(&refused.objections, reader.as_ref()));
            None
        }
    }
}
