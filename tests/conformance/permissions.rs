//! Every recorded effective permission is ours too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pve_access::model::{AccessState, Propagate, user_cfg};
use pve_access::permissions::{Evaluator, Privileges};
use pve_access::pve::{Principal, Privilege, Release, UserId};
use serde::Deserialize;

use crate::fixtures;

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

/// The two ways of asking are answered by different code.
#[test]
fn asking_for_all_is_asking_for_each() {
    fixtures::check_all(&fixtures::files("permissions", ".cfg"), |file| {
        let state = user_cfg::read(&fixtures::bytes(file)?, Release::MEASURED).state;
        let evaluator = Evaluator::new(&state);
        let paths: Vec<String> = evaluator.effective(&Principal::User(UserId::root())).into_keys().collect();
        let (mut all, mut each) = (String::new(), String::new());
        for who in everybody(&state) {
            let effective = evaluator.effective(&who);
            for path in &paths {
                say(&mut all, &who, "at", path, &effective.get(path).cloned().unwrap_or_default());
                say(&mut each, &who, "at", path, &evaluator.at(&who, path));
            }
        }
        fixtures::compare(&each, &all)
    });
}

fn check(file: &Path) -> Result<(), String> {
    let case: Case = serde_json::from_str(&fixtures::text(file)?).map_err(|error| error.to_string())?;
    let sets: Vec<Privileges> = case.privilege_sets.into_iter().map(privileges).collect();
    let set = |index: &usize| sets.get(*index).cloned().ok_or_else(|| format!("there is no set {index}"));
    let state = user_cfg::read(&fixtures::bytes(&file.with_extension("cfg"))?, Release::MEASURED).state;
    let everybody = everybody(&state);
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

fn everybody(state: &AccessState) -> BTreeSet<Principal> {
    let users = state.users.keys().cloned().map(Principal::User);
    users.chain(state.tokens.keys().cloned().map(Principal::Token)).collect()
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
