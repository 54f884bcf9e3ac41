//! The command that finds faults.

use clap::{Args, ValueEnum};

use super::target::Looking;
use crate::lint::{Rule, Unknown, rule};

pub(super) const LINT_EXAMPLES: &str = "\
What is wrong with the cluster, or with what the files would make of it?
  pve-access lint
  pve-access lint --planned -f desired-state.yaml

From a copy of the file that a cluster keeps its access control in:
  ssh root@pve.example.com cat /etc/pve/user.cfg | pve-access lint --live -

Exit status:
  0  nothing worse than a note was found
  1  error: it could not be looked at
  2  errors or warnings were found
";

#[derive(Debug, Args)]
pub(in crate::cli) struct Lint {
    /// Look at what the files would make of the live state, instead of at the live state
    #[arg(long)]
    pub(in crate::cli) planned: bool,
    /// Let pass what this rule finds, whatever the files say. May be repeated
    #[arg(long, value_name = "RULE", value_parser = parse)]
    pub(in crate::cli) allow: Vec<&'static Rule>,
    /// Make errors of what this rule finds, whatever the files say. May be repeated
    #[arg(long, value_name = "RULE", value_parser = parse)]
    pub(in crate::cli) deny: Vec<&'static Rule>,
    /// Show all findings of each rule
    #[arg(long)]
    pub(in crate::cli) full: bool,
    /// Print it as text, as JSON (pve-access.lint.v1), or as SARIF for forges
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: LintFormat,
    /// List the rules
    #[arg(long, conflicts_with_all = ["planned", "allow", "deny", "full", "format", "explain"])]
    pub(in crate::cli) list: bool,
    /// Tell all of a rule: why it matters, and how to mend what it finds
    #[arg(long, value_name = "RULE", value_parser = parse, conflicts_with_all = ["planned", "allow", "deny", "full", "format"])]
    pub(in crate::cli) explain: Option<&'static Rule>,
    #[command(flatten)]
    pub(in crate::cli) looking: Looking,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LintFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For forges, which show it beside the files
    Sarif,
}

/// The rule of this name, or which one was meant.
fn parse(name: &str) -> Result<&'static Rule, String> {
    rule(name).map_err(|unknown| {
        let Unknown { name: _, meant } = &unknown;
        match meant {
            Some(meant) => format!("{unknown}; did you mean `{meant}`?"),
            None => format!("{unknown}; `pve-access lint --list` lists the rules"),
        }
    })
}
