//! The one way from files and a source to a plan.

use super::arguments::{Files, Planning};
use super::connect::{Connection, connect};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::Credential;
use crate::apply::holds_secret;
use crate::desired::{self, Desired, Presence, Sink, TokenWish};
use crate::diagnostic::{Diagnostic, Findings, Sources, Span};
use crate::live::{ReadError, Snapshot, Source};
use crate::plan::{Approved, Plan, Waiver};
use crate::pve::TokenId;
use crate::render::{self, Undeclared, diagnostics, shell};
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
    report(&unsaved(&desired, &snapshot), &sources, terminal)?;
    let plan = Plan::new(resolved);
    terminal.result(&render::plan(&plan, undeclared))?;
    Ok(Planned { plan, connection })
}

/// Warns of tokens that exist while there is no secret where the files say: nobody can read it again.
fn unsaved(desired: &Desired, live: &Snapshot) -> Findings {
    /// More than these are one warning.
    const EACH: usize = 5;
    let unsaved: Vec<(&TokenId, Span, &Sink)> = desired
        .tokens
        .iter()
        .filter(|(token, _)| live.state.tokens.contains_key(token))
        .filter_map(|(token, declared)| match &declared.wish {
            Presence::Present(TokenWish { secret: Some(sink), .. }) => Some((token, declared.span, sink)),
            Presence::Present(_) | Presence::Absent => None,
        })
        .filter(|(token, _, sink)| !holds_secret(sink, token))
        .collect();
    let mut findings = Findings::default();
    let told = if unsaved.len() > EACH { &unsaved[..1] } else { &unsaved[..] };
    for (token, span, sink) in told {
        let others = match unsaved.len() - told.len() {
            0 => String::new(),
            more => format!("; the same goes for {more} more tokens"),
        };
        let (user, name) = (shell(token.user()), token.name());
        findings.push(
            Diagnostic::warning(*span, format!("token `{token}` exists, and `{}` holds no secret for it{others}", sink.file.display()))
                .help("fine if its secret is kept elsewhere; Proxmox VE does not show it again")
                .help(format!("for a new one: `pveum user token remove {user} {name}`, then apply, which makes the token and its declared grants anew")),
        );
    }
    findings
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
