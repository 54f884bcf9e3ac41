//! Every recorded effective permission is ours too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pve_access::model::{AccessState, Grant, Propagate, user_cfg};
use pve_access::permissions::{Evaluator, Privileges, Side};
use pve_access::pve::{Principal, Privilege, Release, Subject, UserId};
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

/// What is explained is what is answered, and no grant on the way is forgotten or named twice.
#[test]
fn every_answer_has_its_reasons() {
    fixtures::check_all(&fixtures::files("permissions", ".json"), |file| {
        let case: Case = serde_json::from_str(&fixtures::text(file)?).map_err(|error| error.to_string())?;
        let state = user_cfg::read(&fixtures::bytes(&file.with_extension("cfg"))?, Release::MEASURED).state;
        let evaluator = Evaluator::new(&state);
        for (who, Answers { at, effective }) in &case.principals {
            for path in at.keys().chain(effective.keys()) {
                let explanation = evaluator.explain(who, path);
                if explanation.privileges() != evaluator.at(who, path) {
                    return Err(format!("{who} at {path}: {explanation:#?}"));
                }
                for side in explanation.sides() {
                    let (on_the_way, named) = (on_the_way(&state, &side.subject, path), named(side));
                    if on_the_way != named {
                        return Err(format!("{who} at {path}: {on_the_way:#?} but {side:#?}"));
                    }
                }
            }
        }
        Ok(())
    })
}

fn named<'a>(side: &Side<'a>) -> Vec<&'a Grant> {
    let deciding = side.deciding.iter().map(|deciding| deciding.grant);
    let mut named: Vec<&Grant> = deciding.chain(side.hidden.iter().map(|hidden| hidden.grant)).collect();
    named.sort();
    named
}

/// The grants to a subject and its groups at a path and its pools and above them, found by their texts.
fn on_the_way<'a>(state: &'a AccessState, subject: &Subject, path: &str) -> Vec<&'a Grant> {
    let mut subjects = BTreeSet::from([subject.clone()]);
    if let Subject::User(user) = subject {
        subjects.extend(state.groups_of(user).iter().cloned().map(Subject::Group));
    }
    let pools = state.pools.iter().filter(|(_, pool)| {
        let guest = pool.vms.iter().any(|vm| format!("/vms/{vm}") == path);
        guest || pool.storage.iter().any(|storage| format!("/storage/{storage}") == path)
    });
    let ends: Vec<String> =
        pools.map(|(pool, _)| format!("/pool/{pool}/")).chain([format!("{}/", path.trim_end_matches('/'))]).collect();
    let above = |grant: &Grant| {
        let start = format!("{}/", grant.path.as_str().trim_end_matches('/'));
        ends.iter().any(|end| end.starts_with(&start))
    };
    state.acl.keys().filter(|grant| subjects.contains(&grant.subject) && above(grant)).collect()
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
