//! `pve-access permissions`

use std::collections::BTreeMap;

use super::arguments::{Format, Permissions};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::permissions::{Evaluator, Explanation};
use crate::render::{self, Held, Rights};

/// At most as many reasons are given as a person reads.
const EXPLAINED: usize = 100;

pub(super) async fn run(arguments: Permissions, terminal: Terminal) -> Result<Exit, Failure> {
    let Permissions { who, stray, path, why, format, looking } = arguments;
    if let Some(stray) = stray {
        return Err(who::path_goes_elsewhere(&who, &stray));
    }
    let (source, snapshot) = source::look(&looking, terminal).await?;
    let who = who::principal(&who, &snapshot)?;
    let path = path.map(|typed| who::path(&typed, &snapshot)).transpose()?;
    let evaluator = Evaluator::new(&snapshot.state);
    let told = source.ask(&snapshot, &who, path.as_ref()).await?;
    terminal.note(&match told {
        None => render::partly(&snapshot),
        Some(_) => render::told(&snapshot),
    });
    let outline = evaluator.outline(&who);
    let held = match (&path, &told) {
        (_, Some(told)) => Held::Listed(told.clone()),
        (Some(path), None) => Held::At(path.clone(), evaluator.at(&who, path.as_str())),
        (None, None) => Held::Everywhere(outline.entries().collect()),
    };
    let wondered = match &held {
        Held::At(path, _) if why => vec![path.to_string()],
        Held::Everywhere(_) if why => evaluator.places(&who),
        Held::At(..) | Held::Everywhere(_) | Held::Listed(_) => Vec::new(),
    };
    let most = match format {
        Format::Text => EXPLAINED,
        Format::Json => usize::MAX,
    };
    let reasons: Vec<Explanation<'_>> = wondered.iter().take(most).map(|path| evaluator.explain(&who, path)).collect();
    let unexplained = wondered.len() - reasons.len();
    let rights = Rights { snapshot: &snapshot, who: &who, held, reasons, unexplained, now: who::now() };
    let document = match format {
        Format::Text => render::permissions(&rights),
        Format::Json => {
            let listed = told.unwrap_or_else(|| match &path {
                Some(path) => BTreeMap::from([(path.to_string(), evaluator.at(&who, path.as_str()))]),
                None => evaluator.effective(&who),
            });
            render::permissions_json(&rights, &listed)
        }
    };
    terminal.result(&document)?;
    Ok(Exit::Success)
}
