//! What is noted while reading.

use super::node::{Node, Scalar, Style, Value};
use super::secrets::masked;
use crate::diagnostic::{Diagnostic, Findings, Label, Span};

/// Findings, and the places whose text nobody shall see again.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What is wrong.
    pub findings: Findings,
    /// Where somebody has written what looks like a password.
    pub secrets: Vec<Span>,
}

impl Notes {
    /// Adds a finding, without the secrets that it quotes.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let Diagnostic { severity, message, primary, related, help } = diagnostic;
        let label = |Label { span, text }| Label { span, text: masked(text) };
        self.findings.push(Diagnostic {
            severity,
            message: masked(message),
            primary: primary.map(label),
            related: related.into_iter().map(label).collect(),
            help: help.into_iter().map(masked).collect(),
        });
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
            // No secret, and what it says may be the very thing that is wrong.
            Value::Scalar(Scalar { text, style: Style::Plain }) if matches!(&**text, "true" | "false") => {}
            Value::Scalar(_) => self.secrets.push(node.span),
            Value::List(items) => items.iter().for_each(|item| self.hide(item)),
            Value::Mapping(entries) => entries
                .iter()
                .filter(|entry| !matches!(&*entry.key, "env" | "file" | "command"))
                .for_each(|entry| self.hide(&entry.value)),
        }
    }
}
