//! `pve-access validate`

use super::arguments::Validate;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline;
use super::terminal::Terminal;
use crate::desired::{self, Desired};
use crate::pve::privileges;
use crate::render::{Document, Line, Style};

pub(super) fn run(Validate { files, release }: Validate, terminal: Terminal) -> Result<Exit, Failure> {
    let desired::Loaded { desired, sources, mut findings } = desired::load(&files.files);
    findings.extend(desired::check_privileges(&desired, &privileges(release).collect(), release));
    pipeline::report(&findings, &sources, terminal)?;
    let Desired { cluster: _, roles, groups, users, tokens, acl } = &desired;
    let mut document = Document::default();
    document.push(Line::default().with(Style::Good, "Valid").with(
        Style::Plain,
        format!(
            " for Proxmox VE {release}: {} roles, {} groups, {} users, {} tokens and {} grants are declared.",
            roles.len(),
            groups.len(),
            users.len(),
            tokens.len(),
            acl.len(),
        ),
    ));
    terminal.result(&document);
    Ok(Exit::Success)
}
