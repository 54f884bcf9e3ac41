//! The command line.
//!
//! Knows what was typed, whom to ask, where to print and how to exit. Does not know anything about access control: each
//! command is a few lines around the pipeline.

mod apply;
mod arguments;
mod carry_out;
mod connect;
mod credential;
mod delivery;
mod doctor;
mod exit;
mod export;
mod failure;
mod history;
mod intent;
mod journal;
mod lint;
mod locking;
mod permissions;
mod pipeline;
mod plan;
mod progress;
mod rotate;
mod sandbox;
mod saved;
mod schema;
mod source;
mod terminal;
mod validate;
mod who;
mod who_can;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;
use exit::Exit;
use failure::Failure;
use rustix::process::{Resource, Rlimit};
use terminal::Terminal;

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    without_core_dumps();
    let Arguments { command, common } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Error } else { Exit::Success };
            // Where not even this can be printed, the exit status still tells.
            let _ = error.print();
            return exit.into();
        }
    };
    let terminal = Terminal::new(common.color);
    terminal::narrate(common.verbose, terminal);
    match run(command, terminal) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            Exit::Error.into()
        }
    }
}

/// What is in memory holds secrets, and so does that of the programs which secrets come from and go to: none of it is
/// written to disk when one of them crashes.
fn without_core_dumps() {
    let limit = rustix::process::getrlimit(Resource::Core);
    // Where that is not to be had, nothing has changed.
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
}

fn run(command: Command, terminal: Terminal) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("the program could not be set up").because(&error))?;
    match command {
        Command::Validate(arguments) => validate::run(arguments, terminal),
        Command::Plan(arguments) => runtime.block_on(plan::run(arguments, terminal)),
        Command::Apply(arguments) => runtime.block_on(apply::run(arguments, terminal)),
        Command::Rotate(arguments) => runtime.block_on(rotate::run(arguments, terminal)),
        Command::Export(arguments) => runtime.block_on(export::run(arguments, terminal)),
        Command::Permissions(arguments) => runtime.block_on(permissions::run(arguments, terminal)),
        Command::WhoCan(arguments) => runtime.block_on(who_can::run(arguments, terminal)),
        Command::History(arguments) => history::run(arguments, terminal),
        Command::Schema => schema::run(terminal),
        Command::Lint(arguments) => runtime.block_on(lint::run(arguments, terminal)),
        Command::Doctor(arguments) => runtime.block_on(doctor::run(arguments, terminal)),
        Command::Sandbox(arguments) => runtime.block_on(sandbox::run(arguments, terminal)),
    }
}
