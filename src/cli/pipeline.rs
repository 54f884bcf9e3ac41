//! The one way from files and a source to a plan.

use super::arguments::{Files, Planning};
use super::connect::{Connection, connect};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::Credential;
use crate::apply;
use crate::desired::{self, Desired};
use crate::diagnostic::{Findings, Sources};
use crate::live::{ReadError, Source};
use crate::plan::{Approved, Plan, Waiver};
use crate::render::{self, Undeclared, diagnostics};
use crate::resolve::{Unsunk, resolve};

/// A plan, and the connection that it was read over.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) connection: Connection,
}

/// Reads the files, reports what is to be said of them, and goes on only if that is no error.
pub(super) fn load(Files { files }: &Files, terminal: Terminal) -> Result<(Desired, Sources), Failure> {
    let desired::Loaded { desired, sources, findings } = desired::load(files);
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

/// From files and a source to a plan, which is shown.
pub(super) async fn plan(planning: &Planning, terminal: Terminal) -> Result<Planned, Failure> {
    let Planning { files, show_undeclared, show_secrets, allow: _, target } = planning;
    let unsunk = if *show_secrets { Unsunk::Show } else { Unsunk::Refuse };
    let undeclared = if *show_undeclared { Undeclared::List } else { Undeclared::Count };
    let (desired, sources) = load(files, terminal)?;
    let connection = connect(target, &desired.cluster, terminal).await?;
    let client = &connection.client;
    let mut snapshot = client.read().await.map_err(|error| unreadable(&error, client.credential()))?;
    if let Some(dir) = &target.sandbox {
        snapshot.cluster = format!("sandbox in {}", dir.display());
    }
    let resolved = match resolve(&desired, &snapshot, unsunk) {
        Ok(resolved) => resolved,
        Err(findings) => return Err(reported(&findings, &sources, terminal)),
    };
    report(&resolved.warnings, &sources, terminal)?;
    report(&render::missing(&apply::missing(&desired, &snapshot.state)), &sources, terminal)?;
    let plan = Plan::new(resolved);
    terminal.result(&render::plan(&plan, undeclared))?;
    Ok(Planned { plan, connection })
}

/// Lets a plan through, or says why not.
pub(super) fn approve(plan: Plan, allow: &[Waiver], terminal: Terminal) -> Option<Approved> {
    let reader = plan.reader.clone();
    match plan.approve(&allow.iter().copied().collect()) {
        Ok(approved) => Some(approved),
        Err(refused) => {
            terminal.note(&render::refused(&refused, reader.as_ref()));
            None
        }
    }
}

fn unreadable(ReadError::Api(error): &ReadError, credential: &Credential) -> Failure {
    Failure::new(format!("the live state could not be read as {}", credential.token()))
        .because(error)
        .helps(error.help())
}
