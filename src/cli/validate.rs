//! `pve-access validate`

use super::arguments::Validate;
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline;
use super::terminal::Terminal;
use crate::desired::{self, Desired, Loaded};
use crate::pve::{Release, privileges};
use crate::render::{self, Document, Line, Style};

pub(super) fn run(Validate { files, release }: Validate, terminal: Terminal) -> Result<Exit, Failure> {
    let Loaded { desired, sources, mut findings } = pipeline::read(&files.files);
    findings.extend(desired::check_privileges(&desired, &privileges(release).collect(), release));
    pipeline::report(&findings, &sources, terminal)?;
    let Desired { cluster: _, lint: _, roles, groups, users, tokens, acl, policies } = &desired;
    let mut declared = vec![
        render::count(roles.len(), "role"),
        render::count(groups.len(), "group"),
        render::count(users.len(), "user"),
        render::count(tokens.len(), "token"),
        render::count(acl.len(), "grant"),
    ];
    if !policies.is_empty() {
        declared.push(render::many(policies.len(), "policy", "policies"));
    }
    let mut document = Document::default();
    document.push(
        Line::default()
            .with(Style::Good, "Valid")
            .with(Style::Plain, format!(" for Proxmox VE {release}: {}.", render::listed(&declared))),
    );
    if release > Release::MEASURED {
        document.push(Line::plain(format!(
            "Privileges were checked against release {}, the newest one that this program knows.",
            Release::MEASURED
        )));
    }
    terminal.result(&document)?;
    Ok(Exit::Success)
}
