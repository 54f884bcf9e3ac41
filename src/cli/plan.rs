//! `pve-access plan`

use super::arguments::{Plan, PlanFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline::{self, Planned};
use super::saved;
use super::terminal::Terminal;
use crate::render::{self, Trial};

pub(super) async fn run(arguments: Plan, terminal: Terminal) -> Result<Exit, Failure> {
    let Plan { detailed_exitcode, format, out, check_secrets, planning } = arguments;
    let trial = if check_secrets { Trial::Tried } else { Trial::Looked };
    let Planned { plan, source: _, secrets } = pipeline::plan(&planning, trial, terminal).await?;
    pipeline::show(&plan, &secrets, format, &planning, terminal)?;
    let Some(approved) = pipeline::approve(plan, &planning.allow, terminal) else {
        if let Some(file) = out {
            terminal.note(&render::unsaved(&file.display().to_string()));
        }
        return Ok(Exit::Refused);
    };
    if let Some(file) = out {
        let fingerprint = saved::write(approved.plan(), &file)?;
        let document = render::saved(approved.plan(), &file.display().to_string(), &fingerprint);
        match format {
            PlanFormat::Text => terminal.result(&document)?,
            PlanFormat::Json | PlanFormat::Markdown | PlanFormat::Diff => terminal.note(&document),
        }
    }
    Ok(if detailed_exitcode && !approved.plan().is_empty() { Exit::Changes } else { Exit::Success })
}
