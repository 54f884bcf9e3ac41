//! Every recorded effective permission is ours too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pve_access::model::{AccessState, Propagate, user_cfg};
use pve_access::permissions::{Evaluator, Privileges};
use pve_access::pve::{Principal, Privilege, Release};
use serde::Deserialize;

use crate::fixtures;

#[path = "../support/everywhere.rs"]
mod everywhere;
#[path = "../support/reasons.rs"]
mod reasons;

/// A `case-*.json`: what each principal of the `user.cfg` beside it holds, each set of privileges by its index.
#[derive(Deserialize)]
struct Case {
    principals: BTreeMap<Principal, Answers>,
    privilege_sets: Vec<BTreeMap<Privilege, u8>>,
}

#[derive(Deserialize)]
struct Answers {
    at: BTreeMap<String, usize>,
    effective: BTreeMap<String, usize>,
}

#[test]
fn what_everybody_holds_is_what_the_server_says() {
    fixtures::check_all(&fixtures::files("permissions", ".json"), check);
}

#[test]
fn every_file_has_its_answers() {
    fixtures::check_all(&fixtures::files("permissions", ".cfg"), |file| {
        fixtures::text(&file.with_extension("json")).map(|_| ())
    });
}

/// Asking at one path, for the whole, for an outline, and for everybody: the answers are the same.
#[test]
fn however_it_is_asked_the_answer_is_the_same() {
    fixtures::check_all(&fixtures::files("permissions", ".json"), |file| {
        let (case, state) = (case(file)?, state(file)?);
        let evaluator = Evaluator::new(&state);
        let everyone = evaluator.everyone();
        let mut paths = everywhere::paths(&state);
        paths.extend(case.principals.values().flat_map(|answers| answers.at.keys().cloned()));
        for who in everywhere::everybody(&state) {
            let shared = everyone.outline(&who).ok_or_else(|| format!("{who} has no outline"))?;
            everywhere::check(&evaluator, shared, &who, &paths)?;
        }
        everywhere::sets_are_shared(everyone.sharing().map(|(_, outline)| outline))
    });
}

/// What is explained is what is answered, and no grant on the way is forgotten or named twice.
#[test]
fn every_answer_has_its_reasons() {
    fixtures::check_all(&fixtures::files("permissions", ".json"), |file| {
        let (case, state) = (case(file)?, state(file)?);
        let evaluator = Evaluator::new(&state);
        for (who, Answers { at, effective }) in &case.principals {
            for path in at.keys().chain(effective.keys()) {
                reasons::check(&state, &evaluator, who, path)?;
            }
        }
        Ok(())
    });
}

fn case(file: &Path) -> Result<Case, String> {
    serde_json::from_str(&fixtures::text(file)?).map_err(|error| error.to_string())
}

fn state(file: &Path) -> Result<AccessState, String> {
    Ok(user_cfg::read(&fixtures::bytes(&file.with_extension("cfg"))?, Release::MEASURED).state)
}

fn check(file: &Path) -> Result<(), String> {
    let (case, state) = (case(file)?, state(file)?);
    let sets: Vec<Privileges> = case.privilege_sets.into_iter().map(privileges).collect();
    let set = |index: &usize| sets.get(*index).cloned().ok_or_else(|| format!("there is no set {index}"));
    let everybody = everywhere::everybody(&state);
    let recorded: BTreeSet<Principal> = case.principals.keys().cloned().collect();
    fixtures::compare(&lines(&recorded), &lines(&everybody))?;

    let evaluator = Evaluator::new(&state);
    let (mut server, mut ours) = (String::new(), String::new());
    for (who, Answers { at, effective }) in &case.principals {
        for (path, index) in at {
            say(&mut server, who, "at", path, &set(index)?);
            say(&mut ours, who, "at", path, &evaluator.at(who, path));
        }
        for (path, index) in effective {
            say(&mut server, who, "effective at", path, &set(index)?);
        }
        for (path, privileges) in evaluator.effective(who) {
            say(&mut ours, who, "effective at", &path, &privileges);
        }
    }
    fixtures::compare(&server, &ours)
}

fn privileges(recorded: BTreeMap<Privilege, u8>) -> Privileges {
    recorded.into_iter().map(|(privilege, propagates)| (privilege, Propagate::from(propagates == 1))).collect()
}

fn lines(everybody: &BTreeSet<Principal>) -> String {
    everybody.iter().map(|who| format!("{who}\n")).collect()
}

/// One line a privilege, so that a difference shows nothing else.
fn say(text: &mut String, who: &Principal, how: &str, path: &str, privileges: &Privileges) {
    text.push_str(&format!("{who} {how} {path}:\n"));
    for (privilege, propagate) in privileges {
        text.push_str(&format!("    {privilege} propagates: {propagate}\n"));
    }
}
