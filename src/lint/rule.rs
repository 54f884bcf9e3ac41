//! What a rule is.

use super::finding::Finding;
use super::view::View;
use crate::live::Blind;

/// How bad it is, from the least on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Untidy, or worth knowing; the exit status does not tell of it.
    Note,
    /// Will surprise somebody one day.
    Warning,
    /// Does not do what it is there for.
    Error,
}

impl Severity {
    /// The word for it, in text, JSON and SARIF alike.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One kind of fault: what it is, why it matters, and how it is found.
///
/// The texts are Markdown, one paragraph each; docs/lints.md consists of them.
#[derive(Debug)]
pub struct Rule {
    /// What it is called: `kebab-case`, naming the fault.
    pub name: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// The fault, without a full stop.
    pub summary: &'static str,
    /// Why it matters, and what is left out to keep silent where nothing is wrong.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
    /// A user.cfg that has the fault.
    pub example: &'static str,
    /// What has to be seen completely: what is hidden would be taken for missing.
    pub needs: &'static [Blind],
    /// Finds it.
    pub check: fn(&View<'_>) -> Vec<Finding>,
}
