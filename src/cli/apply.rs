//! `pve-access apply`

use std::io;

use super::arguments::Apply;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::progress::Progress;
use super::terminal::Terminal;
use crate::apply::{self, Delivery, Done, Stop};
use crate::render::{self, Document, Line};

pub(super) async fn run(Apply { yes, planning }: Apply, terminal: Terminal) -> Result<Exit, Failure> {
    let Planned { plan, connection } = pipeline::plan(&planning, terminal).await?;
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else { return Ok(Exit::Refused) };
    if approved.plan().is_empty() {
        return Ok(Exit::Success);
    }
    if !yes && !terminal.confirm("Carry this plan out?")? {
        terminal.note_text("Nothing was done.\n");
        return Ok(Exit::Error);
    }
    let mut delivery = if planning.show_secrets { Delivery::showing(io::stdout()) } else { Delivery::to_files() };
    let stop = stop_on_signals(terminal);
    let mut progress = Progress::new(approved.plan().steps.len());
    let outcome = apply::run(approved, &connection.client, &mut delivery, &mut progress, &stop).await;
    progress.finish();
    let outcome = outcome.map_err(|error| {
        Failure::of(&error)
            .help("nothing was sent; make the place writable, or name another under the token's `secret`")
    })?;
    let mut document = Document::default();
    document.push(Line::default());
    document.extend(render::outcome(&outcome));
    terminal.result(&document);
    Ok(match outcome.done() {
        Done::Everything => Exit::Success,
        Done::Nothing => Exit::Error,
        Done::Partly => Exit::Partly,
    })
}

/// From here on, Ctrl-C and SIGTERM mean to stop before the next request.
fn stop_on_signals(terminal: Terminal) -> Stop {
    let stop = Stop::default();
    let requested = stop.clone();
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            requested.request();
            terminal.note_text("Stopping once the request under way is answered.\n");
        }
    });
    stop
}
