//! A plan that was let through, on its way: asked for, carried out, and told of.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Exit;
use super::failure::Failure;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::api::Client;
use crate::apply::{self, Delivery, DeliveryError, Done, Replaceable, Stop};
use crate::plan::Approved;
use crate::render::{self, Document, Followed, Line};
use crate::sandbox::SECRET_MARK;

/// How a plan is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Going {
    /// Whether nobody is asked.
    pub(super) yes: bool,
    /// Whether secrets that go nowhere are printed.
    pub(super) show_secrets: bool,
    /// What the plan follows.
    pub(super) followed: Followed,
}

/// Asks, carries `approved` out, and says what has come of it.
pub(super) async fn carry_out(
    approved: Approved,
    client: &Client,
    Going { yes, show_secrets, followed }: Going,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    if approved.plan().is_empty() {
        return Ok(Exit::Success);
    }
    let delivery = if show_secrets { Delivery::showing(io::stdout()) } else { Delivery::to_files() };
    let mut delivery = delivery.replacing(replaceable(client));
    delivery.probe(&approved.plan().aim.sinks).map_err(|error| unusable(&error))?;
    if !yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was sent.\n");
        return Ok(Exit::Error);
    }
    let stop = stop_on_signals(terminal)?;
    let mut progress = Progress::new(approved.plan().steps.len());
    let outcome = apply::run(approved, client, &mut delivery, &mut progress, &stop).await;
    progress.finish();
    let outcome = outcome.map_err(|error| unusable(&error))?;
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
