//! What is noted while reading.

use super::node::{Node, Value};
use crate::diagnostic::{Diagnostic, Findings, Span};

/// Findings, and the places whose text nobody shall see again.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What is wrong.
    pub findings: Findings,
    /// Where somebody has written what looks like a password.
    pub secrets: Vec<Span>,
}

impl Notes {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    /// Notes a text as secret that stands where a mapping belongs.
    pub fn hide_text(&mut self, node: &Node<'_>) {
        if let Value::Scalar(_) = &node.value {
            self.hide(node);
        }
    }

    /// Notes the texts in `node` as secret, so that they are not shown with a finding; where a secret comes from is none.
    pub fn hide(&mut self, node: &Node<'_>) {
        match &node.value {
            Value::Scalar(_) => self.secrets.push(node.span),
            Value::List(items) => items.iter().for_each(|item| self.hide(item)),
            Value::Mapping(entries) => entries
                .iter()
                .filter(|entry| !matches!(&*entry.key, "env" | "file" | "command"))
                .for_each(|entry| self.hide(&entry.value)),
        }
    }
}
