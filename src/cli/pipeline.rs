//! The one way from files and a source to a plan.

use super::arguments::{Files, Target};
use super::connect::{Connection, connect};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::Credential;
use crate::desired::{self, Desired};
use crate::diagnostic::{Findings, Sources};
use crate::live::{ReadError, Source};
use crate::plan::Plan;
use crate::render::diagnostics;
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
    terminal.note_text(&diagnostics::text(findings, sources, terminal.err_colour()));
    if findings.has_errors() { Err(Failure::said()) } else { Ok(()) }
}

/// From files and a source to a plan.
pub(super) async fn plan(
    files: &Files,
    target: &Target,
    unsunk: Unsunk,
    terminal: Terminal,
) -> Result<Planned, Failure> {
    let (desired, sources) = load(files, terminal)?;
    let connection = connect(target, &desired.cluster).await?;
    let mut snapshot =
        connection.client.read().await.map_err(|error| unreadable(&error, connection.client.credential()))?;
    if let Some(dir) = &target.sandbox {
        snapshot.cluster = format!("sandbox in {}", dir.display());
    }
    let plan = match resolve(&desired, &snapshot, unsunk) {
        Ok(resolved) => {
            report(&resolved.warnings, &sources, terminal)?;
            Plan::new(resolved)
        }
        Err(findings) => {
            report(&findings, &sources, terminal)?;
            return Err(Failure::said());
        }
    };
    Ok(Planned { plan, connection })
}

fn unreadable(error: &ReadError, credential: &Credential) -> Failure {
    match error {
        ReadError::Api(error) => Failure::new(format!("the live state could not be read as {}", credential.token()))
            .because(error)
            .helps(error.help()),
        ReadError::Unrepresentable { .. } => Failure::of(error),
    }
}
