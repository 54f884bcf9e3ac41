//! Which rules are heard, and how loudly.

use std::collections::BTreeSet;

use super::rule::{Rule, Severity};
use super::rules::{RULES, rule};
use crate::desired::Desired;
use crate::diagnostic::{Diagnostic, Findings, nearest};

/// What somebody said of the rules; of one that nothing was said of, its own severity holds.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    allowed: BTreeSet<&'static str>,
    denied: BTreeSet<&'static str>,
}

/// A name that no rule has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`")]
pub struct Unknown {
    /// What was written.
    pub name: String,
    /// What was probably meant.
    pub meant: Option<&'static str>,
}

impl Levels {
    /// What the files say.
    #[must_use]
    pub fn of_files(desired: &Desired) -> Levels {
        let allowed = desired.lint.allow.iter().filter_map(|name| rule(&name.value).ok());
        Levels { allowed: allowed.map(|rule| rule.name).collect(), denied: BTreeSet::new() }
    }

    /// Lets what `rule` finds pass, whatever was said of it before.
    pub fn allow(&mut self, rule: &'static Rule) {
        self.denied.remove(rule.name);
        self.allowed.insert(rule.name);
    }

    /// Makes errors of what `rule` finds, whatever was said of it before.
    pub fn deny(&mut self, rule: &'static Rule) {
        self.allowed.remove(rule.name);
        self.denied.insert(rule.name);
    }

    /// How bad what `rule` finds is; nothing if it is allowed.
    pub(super) fn of(&self, rule: &Rule) -> Option<Severity> {
        if self.allowed.contains(rule.name) {
            None
        } else if self.denied.contains(rule.name) {
            Some(Severity::Error)
        } else {
            Some(rule.severity)
        }
    }
}

impl Unknown {
    pub(super) fn new(name: &str) -> Unknown {
        Unknown { name: name.to_owned(), meant: nearest(name, RULES.iter().map(|rule| rule.name)) }
    }
}

/// The names in `lint: {allow: ..}` that no rule has: reading the file does not know the rules.
pub fn check_names(desired: &Desired) -> Findings {
    let mut findings = Findings::default();
    for name in &desired.lint.allow {
        let Err(unknown) = rule(&name.value) else { continue };
        let error = Diagnostic::error(name.span, unknown.to_string());
        findings.push(match unknown.meant {
            Some(meant) => error.label(format!("did you mean `{meant}`?")),
            None => error.help("`pve-access lint --list` lists the rules"),
        });
    }
    findings
}
