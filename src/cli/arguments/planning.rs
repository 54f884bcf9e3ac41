//! The commands that plan, and what leads to a plan.

use std::path::PathBuf;

use clap::{Arg, Args, ValueEnum};

use super::FILE;
use super::carrying::Carrying;
use super::target::Target;
use crate::plan::Waiver;
use crate::pve::Release;

#[derive(Debug, Args)]
pub(in crate::cli) struct Files {
    /// Desired-state files, or folders of *.yaml; all of them are one document
    #[arg(short, long = "file", value_name = "FILE|DIR", num_args = 1.., default_value = FILE)]
    pub(in crate::cli) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Validate {
    #[command(flatten)]
    pub(in crate::cli) files: Files,
    /// Check privileges against this release
    #[arg(long, value_name = "RELEASE", default_value_t = Release::MEASURED)]
    pub(in crate::cli) release: Release,
}

/// What `plan` and `apply` share: everything that leads to a plan.
#[derive(Debug, Args)]
#[command(next_help_heading = None)]
pub(in crate::cli) struct Planning {
    #[command(flatten)]
    pub(in crate::cli) files: Files,
    /// List what is live and not declared, which is left alone
    #[arg(long)]
    pub(in crate::cli) show_undeclared: bool,
    /// Say in full who gains and loses what: every name, privilege, place and cause
    #[arg(long)]
    pub(in crate::cli) full: bool,
    /// Let tokens be made or renewed that have no `secret` in the files: apply prints each, `user@realm!name=secret` on a line
    #[arg(long)]
    pub(in crate::cli) show_secrets: bool,
    /// Also set the passwords of users that are there, where the files name a source; it takes a login, not a token
    #[arg(long)]
    pub(in crate::cli) set_passwords: bool,
    /// Waive a guard by name, as its refusal says: blind, deletes, escalation, lockout, size or stale. May be repeated
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) allow: Vec<Waiver>,
    #[command(flatten)]
    pub(in crate::cli) target: Target,
}

pub(super) const PLAN_EXAMPLES: &str = "\
Have people look at a plan, and carry out that one and no other:
  pve-access plan --format markdown --out plan.json > comment.md
  pve-access apply plan.json --yes

Exit status:
  0  a plan was made, whether or not there is anything to do
  1  error: no plan was made, or it could not be saved
  2  --detailed-exitcode: there are changes
  3  refused by a guard, which --allow NAME waives, or by a policy
";

pub(super) const APPLY_EXIT: &str = "\
Exit status:
  0  nothing to do, or applied and verified
  1  error: nothing more was done than was reported; or the cluster is locked
  3  refused by a guard, which --allow NAME waives, or by a policy: nothing was sent
  4  applied, but reading back shows a difference, or a step failed half-way
";

pub(super) const ROTATE_EXAMPLES: &str = "\
A secret has leaked:
  pve-access rotate 'api@pam!homepage'
All tokens of one realm, by a job that nobody watches:
  pve-access rotate '*@pve!*' --yes

Exit status:
  0  renewed, delivered and verified
  1  error: nothing more was done than was reported
  3  refused by a guard, which --allow NAME waives, or by a policy: nothing was sent
  4  a step failed half-way, or a secret could not be delivered
";

#[derive(Debug, Args)]
#[command(mut_args(for_rotate))]
pub(in crate::cli) struct Rotate {
    /// Tokens that the files declare, such as 'api@pam!homepage', or patterns of them, such as '*@pve!*'
    #[arg(value_name = "TOKEN", required = true)]
    pub(in crate::cli) tokens: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) carrying: Carrying,
    #[command(flatten)]
    pub(in crate::cli) planning: Planning,
}

/// Without what means nothing where secrets are renewed and nothing else.
fn for_rotate(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "show_undeclared" | "set_passwords" => arg.hide(true).conflicts_with("tokens"),
        "live" => arg.hide(true),
        // What comes after a file is a token.
        "files" => arg.num_args(1),
        _ => arg,
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(in crate::cli) detailed_exitcode: bool,
    /// How to print the plan
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: PlanFormat,
    /// Save the plan, for `apply FILE`; it holds no secret
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Try the secrets in the files of declared tokens on the cluster, and warn of those that do not work any more
    #[arg(long, conflicts_with = "live")]
    pub(in crate::cli) check_secrets: bool,
    #[command(flatten)]
    pub(in crate::cli) planning: Planning,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
    /// For people
    Text,
    /// For programs (pve-access.plan.v1)
    Json,
    /// For a comment on a pull request
    Markdown,
    /// The live and the planned state as desired-state files, and what differs
    Diff,
}

#[derive(Debug, Args)]
#[command(mut_arg("live", |arg| arg.hide(true)))]
pub(in crate::cli) struct Apply {
    /// A plan that `plan --out` saved, in place of desired-state files
    #[arg(value_name = "PLAN", conflicts_with = "files")]
    pub(in crate::cli) saved: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) carrying: Carrying,
    #[command(flatten)]
    pub(in crate::cli) planning: Planning,
}
