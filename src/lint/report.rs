//! All rules, held against one state.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::levels::Levels;
use super::rule::{Rule, Severity};
use super::rules::RULES;
use super::view::View;
use crate::live::{Blind, Sight};
use crate::model::AccessState;
use crate::permissions::Evaluator;
use crate::pve::TokenId;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The state.
    pub state: &'a AccessState,
    /// What of it could not be seen.
    pub sight: &'a Sight,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// The tokens whose secrets somebody renews in time: they have an end so that they get another one.
    pub rotating: &'a BTreeSet<TokenId>,
}

/// What a rule found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad its findings are here.
    pub severity: Severity,
    /// What it found, at least one thing.
    pub findings: Vec<Finding>,
}

/// What all rules found.
#[must_use]
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The rules that found something, the worst first.
    pub checked: Vec<Checked>,
    /// Those that found something and are allowed, with how much.
    pub allowed: Vec<(&'static Rule, usize)>,
    /// Those that cannot tell, with what would have to be seen for them.
    pub blind: Vec<(&'static Rule, BTreeSet<Blind>)>,
}

impl Report {
    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let checked = self.checked.iter().filter(|checked| checked.severity == severity);
        checked.map(|checked| checked.findings.len()).sum()
    }

    /// The worst of them.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.checked.iter().map(|checked| checked.severity).max()
    }
}

/// Holds every rule against a state, except for those that cannot tell from what was seen of it.
pub fn lint(Subject { state, sight, now, rotating }: Subject<'_>, levels: &Levels) -> Report {
    let evaluator = Evaluator::new(state);
    let everyone = evaluator.everyone();
    let view = View::new(state, &evaluator, &everyone, now, rotating);
    let mut report = Report::default();
    for rule in RULES {
        let unseen: BTreeSet<Blind> = rule.needs.iter().filter(|kind| sight.hidden().contains(kind)).copied().collect();
        let severity = levels.of(rule);
        if !unseen.is_empty() {
            report.blind.extend(severity.map(|_| (rule, unseen)));
            continue;
        }
        let findings = (rule.check)(&view);
        match severity {
            _ if findings.is_empty() => {}
            Some(severity) => report.checked.push(Checked { rule, severity, findings }),
            None => report.allowed.push((rule, findings.len())),
        }
    }
    report.checked.sort_by_key(|checked| std::cmp::Reverse(checked.severity));
    report
}
