//! The one way from a plan that was made to what has come of it.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::arguments::{PlanFormat, Planning};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::progress::Progress;
use super::source::Source;
use super::terminal::Terminal;
use crate::api::Client;
use crate::apply::{self, Delivery, DeliveryError, Done, Outcome, Replaceable, Stop};
use crate::live::Snapshot;
use crate::plan::{Approved, Plan};
use crate::render::{self, Document, Followed, Line};
use crate::sandbox::SECRET_MARK;

/// How a plan is carried out.
pub(super) struct CarryingOut<'a> {
    /// What led to it, and how it is shown.
    pub(super) planning: &'a Planning,
    /// Whether nobody is asked.
    pub(super) yes: bool,
    /// What it follows.
    pub(super) followed: Followed,
}

/// Shows a plan, has it confirmed, and carries it out.
pub(super) async fn carry_out(
    Planned { plan, source }: Planned,
    how: &CarryingOut<'_>,
    _replan: impl Fn(Snapshot) -> Result<Plan, Failure>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let CarryingOut { planning, yes, followed } = how;
    pipeline::show(&plan, PlanFormat::Text, planning, terminal)?;
    let Source::Cluster(connection) = source else { return Err(read_only()) };
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    if approved.plan().is_empty() {
        return Ok(Exit::Success);
    }
    let delivery = if planning.show_secrets { Delivery::showing(io::stdout()) } else { Delivery::to_files() };
    let mut delivery = delivery.replacing(replaceable(&connection.client));
    delivery.probe(&approved.plan().aim.sinks).map_err(|error| unusable(&error))?;
    if !yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was sent.\n");
        return Ok(Exit::Error);
    }
    let stop = stop_on_signals(terminal)?;
    let outcome = send(approved, &connection.client, &mut delivery, &stop).await?;
    report(&outcome, *followed, terminal);
    Ok(exit(&outcome))
}

async fn send(approved: Approved, client: &Client, delivery: &mut Delivery, stop: &Stop) -> Result<Outcome, Failure> {
    let mut progress = Progress::new(approved.plan().steps.len());
    let outcome = apply::run(approved, client, delivery, &mut progress, stop).await;
    progress.finish();
    outcome.map_err(|error| unusable(&error))
}

fn report(outcome: &Outcome, followed: Followed, terminal: Terminal) {
    let mut document = Document::default();
    document.push(Line::default());
    document.extend(render::outcome(outcome, followed));
    if terminal.write(&document).is_err() {
        // What was done to a cluster has to be said somewhere.
        terminal.note(&document);
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome.done() {
        Done::Everything => Exit::Success,
        Done::Nothing => Exit::Error,
        Done::Partly => Exit::Partly,
    }
}

/// A copy of a file is no cluster.
pub(super) fn read_only() -> Failure {
    Failure::new("a copy of a user.cfg is read, not written: --live is not for `apply`")
        .help("`plan --live FILE` shows what would be done")
        .help("to rehearse it: `sandbox --seed FILE --dir DIR`, then `apply --sandbox=DIR`")
}

/// A place for a secret that cannot take it.
fn unusable(error: &DeliveryError) -> Failure {
    Failure::of(error).help(format!("nothing was sent; {}", error.help()))
}

/// What is spoken to without encryption, on this machine, is taken for a sandbox, which never overwrites the secrets of
/// a real cluster.
fn replaceable(client: &Client) -> Replaceable {
    if client.endpoint().is_encrypted() { Replaceable::Any } else { Replaceable::Marked(SECRET_MARK) }
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
