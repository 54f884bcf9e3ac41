//! The one way from files and a source to a plan.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::arguments::{Files, PlanFormat, Planning};
use super::failure::Failure;
use super::source::{self, Source};
use super::terminal::Terminal;
use super::who;
use crate::apply;
use crate::desired::{self, Desired, Loaded};
use crate::diagnostic::{Findings, Sources};
use crate::lint;
use crate::live::Snapshot;
use crate::plan::{Aim, Approved, Plan, Waiver};
use crate::render::{self, Detail, Shown, Undeclared, diagnostics};
use crate::resolve::{Resolved, Unsunk, resolve};

/// A plan, and where the live state was read.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) source: Source,
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

/// From files and a source to a plan.
pub(super) async fn plan(planning: &Planning, terminal: Terminal) -> Result<Planned, Failure> {
    let Planning { files, show_undeclared: _, full: _, show_secrets, allow: _, target: cluster } = planning;
    let unsunk = if *show_secrets { Unsunk::Show } else { Unsunk::Refuse };
    let (desired, sources) = load(files, terminal)?;
    let source = source::open(cluster, &desired.cluster, terminal).await?;
    let snapshot = source.read(terminal).await?;
    let resolved = target(&desired, &sources, &snapshot, unsunk, terminal)?;
    let mut missing = apply::missing(&desired, &snapshot.state);
    // What is renewed is about to be there.
    missing.retain(|missing| !resolved.renewed.contains(missing.token));
    report(&render::missing(&missing), &sources, terminal)?;
    let plan = Plan::new(Aim::new(resolved));
    Ok(Planned { plan, source })
}

/// Shows a plan, with what is not asked for and what is allowed as `planning` says.
pub(super) fn show(plan: &Plan, format: PlanFormat, planning: &Planning, terminal: Terminal) -> Result<(), Failure> {
    let undeclared = if planning.show_undeclared { Undeclared::List } else { Undeclared::Count };
    let detail = if planning.full { Detail::Full } else { Detail::Brief };
    let shown = Shown { undeclared, detail };
    let waived: BTreeSet<Waiver> = planning.allow.iter().copied().collect();
    terminal.result(&match format {
        PlanFormat::Text => render::plan(plan, shown, &waived),
        PlanFormat::Json => render::plan_json(plan, &waived),
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
