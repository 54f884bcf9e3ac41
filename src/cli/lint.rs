//! `pve-access lint`

use std::path::PathBuf;

use super::arguments::{FILE, Files, Lint, LintFormat, Looking};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::desired::{Desired, Loaded};
use crate::diagnostic::Sources;
use crate::lint::{Levels, Severity, Subject, lint};
use crate::live::Snapshot;
use crate::render::{self, Amount, Linted, Side};
use crate::resolve::Unsunk;

pub(super) async fn run(arguments: Lint, terminal: Terminal) -> Result<Exit, Failure> {
    let Lint { planned, allow, deny, full, format, list, explain, looking } = arguments;
    if list {
        terminal.result(&render::lint_rules())?;
        return Ok(Exit::Success);
    }
    if let Some(rule) = explain {
        terminal.result(&render::lint_rule(rule))?;
        return Ok(Exit::Success);
    }
    if let Some(rule) = deny.iter().find(|denied| allow.iter().any(|allowed| allowed.name == denied.name)) {
        return Err(Failure::new(format!("`{}` is both allowed and denied", rule.name)).help("keep one of the two"));
    }
    let (desired, sources) = files(&looking, planned, terminal)?;
    let (_source, snapshot) = source::look_at(&looking.target, &desired.cluster, terminal).await?;
    let mut levels = Levels::of_files(&desired);
    deny.into_iter().for_each(|rule| levels.deny(rule));
    allow.into_iter().for_each(|rule| levels.allow(rule));
    let snapshot = if planned {
        // Where secrets go is no fault of the state.
        let state = pipeline::target(&desired, &sources, &snapshot, Unsunk::Show, terminal)?.target;
        Snapshot { state, ..snapshot }
    } else {
        snapshot
    };
    terminal.note(&render::partly(&snapshot));
    let subject =
        Subject { state: &snapshot.state, sight: &snapshot.sight, now: who::now(), rotating: &desired.rotating() };
    let report = lint(subject, &levels);
    let side = if planned { Side::Target } else { Side::Live };
    let linted = Linted { snapshot: &snapshot, side, report: &report, desired: &desired, sources: &sources };
    terminal.result(&match format {
        LintFormat::Text => render::lint(&linted, if full { Amount::All } else { Amount::Some }),
        LintFormat::Json => render::lint_json(&linted),
        LintFormat::Sarif => render::lint_sarif(&linted),
    })?;
    let is_fault = report.worst().is_some_and(|worst| worst >= Severity::Warning);
    Ok(if is_fault { Exit::Findings } else { Exit::Success })
}

/// What the files say. Unless they are named or needed, the usual file is looked at if it is there and sound.
fn files(looking: &Looking, planned: bool, terminal: Terminal) -> Result<(Desired, Sources), Failure> {
    let usual = [PathBuf::from(FILE)];
    if planned || !looking.files.is_empty() {
        let named = if looking.files.is_empty() { usual.to_vec() } else { looking.files.clone() };
        return pipeline::load(&Files { files: named }, terminal);
    }
    if !usual[0].exists() {
        return Ok(Default::default());
    }
    let Loaded { desired, sources, findings } = pipeline::read(&usual);
    if findings.has_errors() {
        terminal.note_text(&format!(
            "warning: {FILE} has errors, and what it allows is not heard: see pve-access validate\n"
        ));
        return Ok(Default::default());
    }
    Ok((desired, sources))
}
