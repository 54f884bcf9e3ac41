//! `pve-access apply`

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::arguments::{Apply, PlanFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::progress::Progress;
use super::saved;
use super::source::Source;
use super::terminal::Terminal;
use crate::api::Client;
use crate::apply::{self, Delivery, DeliveryError, Done, PasswordError, Passwords, Replaceable, Stop};
use crate::render::{self, Document, Followed, Line};
use crate::sandbox::SECRET_MARK;

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
    if approved.plan().is_empty() {
        return Ok(Exit::Success);
    }
    let delivery = if planning.show_secrets { Delivery::showing(io::stdout()) } else { Delivery::to_files() };
    let mut delivery = delivery.replacing(replaceable(&connection.client));
    delivery.probe(&approved.plan().aim.sinks).map_err(|error| unusable(&error))?;
    if let Some(error) = Passwords::missing(&approved.plan().aim.passwords).first() {
        return Err(unreadable(error));
    }
    if !yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was sent.\n");
        return Ok(Exit::Error);
    }
    let passwords = Passwords::read(&approved.plan().aim.passwords).await.map_err(|error| unreadable(&error))?;
    let stop = stop_on_signals(connection.client.clone(), terminal)?;
    let mut progress = Progress::new(approved.plan().steps.len());
    let outcome = apply::run(approved, &connection.client, &passwords, &mut delivery, &mut progress, &stop).await;
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

fn read_only() -> Failure {
    Failure::new("a copy of a user.cfg is read, not written: --live is not for `apply`")
        .help("`plan --live FILE` shows what would be done")
        .help("to rehearse it: `sandbox --seed FILE --dir DIR`, then `apply --sandbox=DIR`")
}

/// A place for a secret that cannot take it.
fn unusable(error: &DeliveryError) -> Failure {
    Failure::of(error).help(format!("nothing was sent; {}", error.help()))
}

/// A password that cannot be had.
fn unreadable(error: &PasswordError) -> Failure {
    Failure::of(error).help(format!("nothing was sent; {}", error.help()))
}

/// What is spoken to without encryption, on this machine, is taken for a sandbox, which never overwrites the secrets of
/// a real cluster.
fn replaceable(client: &Client) -> Replaceable {
    if client.endpoint().is_encrypted() { Replaceable::Any } else { Replaceable::Marked(SECRET_MARK) }
}

/// From here on, Ctrl-C, SIGTERM and a terminal that goes away mean to stop before the next request, and to wait for
/// nothing but the answer to the present one.
fn stop_on_signals(client: Client, terminal: Terminal) -> Result<Stop, Failure> {
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
            client.hurry();
        }
    });
    Ok(stop)
}
