//! `pve-access permissions`

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Format, Permissions};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::model::AccessState;
use crate::permissions::{Entry, Evaluator, Explanation};
use crate::pve::{AclPath, Principal, Subject};
use crate::render::{self, Held, Rights, Stretch};

pub(super) async fn run(arguments: Permissions, terminal: Terminal) -> Result<Exit, Failure> {
    let Permissions { who, path, why, format, looking } = arguments;
    let (source, snapshot) = source::look(&looking, terminal).await?;
    let who = who::principal(&who, &snapshot)?;
    let path = path.map(|typed| who::path(&typed, &snapshot)).transpose()?;
    let evaluator = Evaluator::new(&snapshot.state);
    let told = source.ask(&snapshot, &who, path.as_ref()).await?;
    terminal.note(&match told {
        None => render::partly(&snapshot),
        Some(_) => render::told(&snapshot),
    });
    let held = match (&path, &told) {
        (_, Some(told)) => Held::Listed(told.clone()),
        (Some(path), None) => Held::At(path.clone(), evaluator.at(&who, path.as_str())),
        (None, None) => Held::Everywhere(everywhere(&evaluator, &who)),
    };
    let reasons = if why { reasons(&evaluator, &who, &held, &snapshot.state) } else { Vec::new() };
    let rights = Rights { snapshot: &snapshot, who: &who, held, reasons, now: who::now() };
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

fn everywhere(evaluator: &Evaluator<'_>, who: &Principal) -> Vec<Stretch> {
    let stretch =
        |Entry { path, here, below }: Entry<'_>| Stretch { path, here: (**here).clone(), below: (**below).clone() };
    evaluator.outline(who).entries().map(stretch).collect()
}

/// Why, wherever it changes; of somebody who holds nothing, wherever there might be something.
fn reasons<'a>(evaluator: &Evaluator<'a>, who: &Principal, held: &Held, state: &AccessState) -> Vec<Explanation<'a>> {
    const MOST: usize = 100;
    let paths: Vec<String> = match held {
        Held::At(path, _) => vec![path.to_string()],
        Held::Everywhere(stretches) if stretches.is_empty() => granted(who, state),
        Held::Listed(_) => Vec::new(),
        Held::Everywhere(stretches) => stretches.iter().map(|stretch| stretch.path.clone()).collect(),
    };
    paths.iter().take(MOST).map(|path| evaluator.explain(who, path)).collect()
}

/// The paths at which anything is granted to `who`, its user or the user's groups; if there is none, the top.
fn granted(who: &Principal, state: &AccessState) -> Vec<String> {
    let mut subjects: BTreeSet<Subject> = state.groups_of(who.user()).iter().cloned().map(Subject::Group).collect();
    subjects.insert(Subject::User(who.user().clone()));
    if let Principal::Token(token) = who {
        subjects.insert(Subject::Token(token.clone()));
    }
    let grants = state.acl.keys().filter(|grant| subjects.contains(&grant.subject));
    let paths: BTreeSet<&AclPath> = grants.map(|grant| &grant.path).collect();
    if paths.is_empty() { vec!["/".to_owned()] } else { paths.into_iter().map(ToString::to_string).collect() }
}
