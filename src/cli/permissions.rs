//! `pve-access permissions`

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::{Format, Permissions};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use super::who;
use crate::model::{AccessState, Privsep};
use crate::permissions::{Entry, Evaluator, Explanation};
use crate::pve::{AclPath, Principal, Subject};
use crate::render::{self, Held, Rights, Stretch};

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
    let held = match (&path, &told) {
        (_, Some(told)) => Held::Listed(told.clone()),
        (Some(path), None) => Held::At(path.clone(), evaluator.at(&who, path.as_str())),
        (None, None) => Held::Everywhere(everywhere(&evaluator, &who)),
    };
    let wondered = if why { wondered(&who, &held, &snapshot.state) } else { Vec::new() };
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

fn everywhere(evaluator: &Evaluator<'_>, who: &Principal) -> Vec<Stretch> {
    let stretch =
        |Entry { path, here, below }: Entry<'_>| Stretch { path, here: (**here).clone(), below: (**below).clone() };
    evaluator.outline(who).entries().map(stretch).collect()
}

/// The paths to give reasons for: where it changes; of somebody who holds nothing, where there might be something.
fn wondered(who: &Principal, held: &Held, state: &AccessState) -> Vec<String> {
    match held {
        Held::At(path, _) => vec![path.to_string()],
        Held::Everywhere(stretches) if stretches.is_empty() => granted(who, state),
        Held::Listed(_) => Vec::new(),
        Held::Everywhere(stretches) => {
            let mut paths: Vec<String> = stretches.iter().map(|stretch| stretch.path.clone()).collect();
            paths.extend(unlooked_at(who, state).filter(|path| !stretches.iter().any(|stretch| stretch.path == *path)));
            paths
        }
    }
}

/// The paths at which something is granted to a token that has no privilege separation, and so never counts.
fn unlooked_at<'s>(who: &'s Principal, state: &'s AccessState) -> impl Iterator<Item = String> + 's {
    let token = match who {
        Principal::Token(token) => state.tokens.get_key_value(token).filter(|(_, it)| it.privsep == Privsep::No),
        Principal::User(_) => None,
    };
    let subject = token.map(|(id, _)| Subject::Token(id.clone()));
    let paths: BTreeSet<&AclPath> =
        state.acl.keys().filter(|grant| Some(&grant.subject) == subject.as_ref()).map(|grant| &grant.path).collect();
    paths.into_iter().map(ToString::to_string)
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
