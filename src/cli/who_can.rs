//! `pve-access who-can`

use super::arguments::{Format, WhoCan};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::permissions::Evaluator;
use crate::render::{self, Holder, Holders};

pub(super) async fn run(arguments: WhoCan, terminal: Terminal) -> Result<Exit, Failure> {
    let WhoCan { privilege, path, format, looking } = arguments;
    let (_source, snapshot) = source::look(&looking, terminal).await?;
    let privilege = who::privilege(&privilege, &snapshot)?;
    let path = who::path(&path, &snapshot)?;
    terminal.note(&render::partly(&snapshot));
    let evaluator = Evaluator::new(&snapshot.state);
    let everyone = evaluator.everyone();
    let holder = |who| {
        Some(Holder {
            who,
            propagate: *everyone.at(who, path.as_str()).get(&privilege)?,
            why: evaluator.explain(who, path.as_str()),
        })
    };
    let holders = everyone.holding(&privilege, path.as_str()).filter_map(holder).collect();
    let holders = Holders { snapshot: &snapshot, privilege, path: path.clone(), holders, now: who::now() };
    terminal.result(&match format {
        Format::Text => render::who_can(&holders),
        Format::Json => render::who_can_json(&holders),
    })?;
    Ok(Exit::Success)
}
