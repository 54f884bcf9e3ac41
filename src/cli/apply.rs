//! `pve-access apply`

use tokio::signal::unix::{SignalKind, signal};

use super::arguments::{Apply, PlanFormat};
use super::delivery;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::progress::Progress;
use super::saved;
use super::source::Source;
use super::terminal::Terminal;
use crate::apply::{self, Done, Stop};
use crate::render::{self, Document, Followed, Line, Trial};

pub(super) async fn run(
    Apply { saved, yes, run_commands, planning }: Apply,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(read_only());
    }
    let Planned { plan, source, secrets } = match &saved {
        Some(file) => saved::plan(file, &planning, terminal).await?,
        None => pipeline::plan(&planning, Trial::Looked, terminal).await?,
    };
    let followed = if saved.is_some() { Followed::SavedPlan } else { Followed::Files };
    pipeline::show(&plan, &secrets, PlanFormat::Text, &planning, terminal)?;
    let Source::Cluster(connection) = source else { return Err(read_only()) };
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    if approved.plan().is_empty() {
        return Ok(Exit::Success);
    }
    let mut delivery = delivery::open(&connection.client, planning.show_secrets, run_commands);
    delivery.probe(&approved.plan().aim.sinks).map_err(|error| delivery::unusable(&error))?;
    if !yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was sent.\n");
        return Ok(Exit::Error);
    }
    let stop = stop_on_signals(terminal)?;
    let mut progress = Progress::new(approved.plan().steps.len());
    let outcome = apply::run(approved, &connection.client, &mut delivery, &mut progress, &stop).await;
    progress.finish();
    let outcome = outcome.map_err(|error| delivery::unusable(&error))?;
    let mut document = Document::default();
    document.push(Line::default());
    document.extend(render::outcome(&outcome, followed));
    if terminal.write(&document).is_err() {
        // What was done to a cluster has to be said somewhere.
        terminal.note(&document);
    }
    Ok(match outcome.done() {
        Done::Everything => Exit::Success,
        Done::Nothing => Exit::Error,
        Done::Partly => Exit::Partly,
    })
}

fn read_only() -> Failure {
    Failure::new("a copy of a user.cfg is read, not written: --live is not for `apply`")
        .help("`plan --live FILE` shows what would be done")
        .help("to rehearse it: `sandbox --seed FILE --dir DIR`, then `apply --sandbox=DIR`")
}

/// From here on, Ctrl-C, SIGTERM and a terminal that goes away mean to stop before the next request.
fn stop_on_signals(terminal: Terminal) -> Result<Stop, Failure> {
    let watch = |kind| signal(kind).map_err(|error| Failure::new("signals cannot be waited for").because(&error));
    let mut interrupt = watch(SignalKind::interrupt())?;
    let mut terminate = watch(SignalKind::terminate())?;
    let mut hangup = watch(SignalKind::hangup())?;
    let stop = Stop::default();
    let requested = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            if !requested.is_requested() {
                terminal.note_text("Stopping once the request under way is answered.\n");
            }
            requested.request();
        }
    });
    Ok(stop)
}
