//! What rules make of small files.

use std::collections::BTreeSet;

use super::finding::{Cure, Object};
use super::levels::Levels;
use super::report::{Subject, lint};
use super::rule::{Rule, Severity};
use super::rules::{RULES, rule};
use super::view::View;
use crate::live::{Blind, Sight};
use crate::model::user_cfg;
use crate::permissions::Evaluator;
use crate::pve::Release;

/// When it is, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

fn with_view<T>(release: Release, file: &str, ask: impl FnOnce(&View<'_>) -> T) -> T {
    let state = user_cfg::read(file.as_bytes(), release).state;
    let evaluator = Evaluator::new(&state);
    let everyone = evaluator.everyone();
    ask(&View::new(&state, &evaluator, &everyone, NOW, &BTreeSet::new()))
}

/// What a rule says of a user.cfg.
pub fn found(rule: &Rule, file: &str) -> Vec<String> {
    found_by(rule, Release::MEASURED, file)
}

/// The same for another release.
pub fn found_by(rule: &Rule, release: Release, file: &str) -> Vec<String> {
    with_view(release, file, |view| (rule.check)(view).into_iter().map(|finding| finding.message).collect())
}

/// What a rule offers to do.
pub fn cures(rule: &Rule, file: &str) -> Vec<String> {
    with_view(Release::MEASURED, file, |view| {
        let cures = (rule.check)(view).into_iter().flat_map(|finding| finding.cures);
        cures.map(|cure| described(&cure)).collect()
    })
}

fn described(cure: &Cure) -> String {
    match cure {
        Cure::Grant(grant, _) => format!("Grant {}", Object::Grant(grant.clone())),
        Cure::Revoke(grant) => format!("Revoke {}", Object::Grant(grant.clone())),
        Cure::AddUser(user) => format!("AddUser {user}"),
        Cure::AddGroup(group) => format!("AddGroup {group}"),
        Cure::DeleteToken(token) => format!("DeleteToken {token}"),
        Cure::DeleteUser(user) => format!("DeleteUser {user}"),
        Cure::DeleteGroup(group) => format!("DeleteGroup {group}"),
        Cure::DeleteRole(role) => format!("DeleteRole {role}"),
    }
}

/// The examples stand in docs/lints.md.
#[test]
fn every_rule_finds_the_fault_of_its_example_once() {
    for rule in RULES {
        let release = if rule.name == "vanishing-privilege" { Release::new(8, 4) } else { Release::MEASURED };
        let found = found_by(rule, release, rule.example);
        assert_eq!(found.len(), 1, "{}: {found:?}", rule.name);
    }
}

#[test]
fn every_rule_is_named_and_described_alike() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    for rule in RULES {
        let is_kebab = rule.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(is_kebab, "{}", rule.name);
        assert!(!rule.summary.ends_with('.') && rule.why.ends_with('.') && rule.mend.ends_with('.'), "{}", rule.name);
        assert!(![rule.why, rule.mend].iter().any(|text| text.contains("  ") || text.contains('\n')), "{}", rule.name);
    }
    assert!(RULES.is_sorted_by_key(|rule| std::cmp::Reverse(rule.severity)), "the worse first");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn what_was_probably_meant_is_told() {
    assert_eq!(rule("empty-group").map(|rule| rule.name), Ok("empty-group"));
    let unknown = rule("empty-groups").unwrap_err();
    assert_eq!((unknown.to_string().as_str(), unknown.meant), ("there is no rule `empty-groups`", Some("empty-group")));
    assert_eq!(rule("nonsense").unwrap_err().meant, None);
}

const TWO_FAULTS: &str = "role:Leftover:VM.Audit\ngroup:retired:\n";

fn said(levels: &Levels, sight: &Sight) -> Vec<(&'static str, Severity)> {
    let state = user_cfg::read(TWO_FAULTS.as_bytes(), Release::MEASURED).state;
    let report = lint(Subject { state: &state, sight, now: NOW, rotating: &BTreeSet::new() }, levels);
    report.checked.iter().map(|checked| (checked.rule.name, checked.severity)).collect()
}

#[test]
fn rules_are_heard_as_loudly_as_somebody_wants() {
    let mut levels = Levels::default();
    let (role, group) = (rule("unused-role").unwrap(), rule("empty-group").unwrap());
    assert_eq!(said(&levels, &Sight::Full), [("unused-role", Severity::Note), ("empty-group", Severity::Note)]);
    levels.deny(group);
    assert_eq!(said(&levels, &Sight::Full), [("empty-group", Severity::Error), ("unused-role", Severity::Note)]);
    levels.allow(role);
    assert_eq!(said(&levels, &Sight::Full), [("empty-group", Severity::Error)]);
    levels.deny(role);
    levels.allow(group);
    assert_eq!(said(&levels, &Sight::Full), [("unused-role", Severity::Error)], "the last word counts");
}

#[test]
fn what_cannot_be_seen_is_not_taken_for_missing() {
    let sight = Sight::Partial([Blind::Grants].into());
    assert_eq!(said(&Levels::default(), &sight), [("empty-group", Severity::Note)]);
    let state = user_cfg::read(TWO_FAULTS.as_bytes(), Release::MEASURED).state;
    let report =
        lint(Subject { state: &state, sight: &sight, now: NOW, rotating: &BTreeSet::new() }, &Levels::default());
    assert!(report.blind.iter().any(|(rule, hidden)| rule.name == "unused-role" && hidden.contains(&Blind::Grants)));
}
