//! The commands that ask.

use clap::{Args, ValueEnum};

use super::target::Looking;

pub(super) const EXPORT_EXAMPLES: &str = "\
Adopt a cluster, or a part of it:
  pve-access export > desired-state.yaml && pve-access plan
  pve-access export --only 'groups,acl=/pool/team-a/**' > team-a.yaml
  pve-access export --only 'users=*@pve,users=!svc-*'

From a copy of the file that a cluster keeps its access control in:
  ssh root@pve.example.com cat /etc/pve/user.cfg | pve-access export --live -
";

pub(super) const PERMISSIONS_EXAMPLES: &str = "\
What may the dashboard see, and why not more?
  pve-access permissions 'api@pam!homepage' --why
  pve-access permissions ann@pve --path /vms/100 --why

From a copy of the file that a cluster keeps its access control in:
  ssh root@pve.example.com cat /etc/pve/user.cfg | pve-access permissions ann@pve --live -
";

pub(super) const WHO_CAN_EXAMPLES: &str = "\
Who may hand out permissions, and who may stop a guest?
  pve-access who-can Permissions.Modify /
  pve-access who-can VM.PowerMgmt /vms/100
";

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// Only these kinds (roles, groups, users, tokens, acl), or of a kind the names that match, of acl the paths. `!`
    /// excludes, and the last match wins. May be repeated
    #[arg(long, value_name = "KIND[=PATTERN],..")]
    pub(in crate::cli) only: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) looking: Looking,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Permissions {
    /// A user (ann@pve) or token (api@pam!homepage)
    pub(in crate::cli) who: String,
    /// What is typed after it, for an answer that helps
    #[arg(hide = true)]
    pub(in crate::cli) stray: Option<String>,
    /// At this path alone, such as /vms/100
    #[arg(short, long)]
    pub(in crate::cli) path: Option<String>,
    /// Say where each privilege comes from, and what hides or lacks the others
    #[arg(short, long)]
    pub(in crate::cli) why: bool,
    /// Print it as text, or as JSON (pve-access.permissions.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Format,
    #[command(flatten)]
    pub(in crate::cli) looking: Looking,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WhoCan {
    /// A privilege, such as VM.PowerMgmt
    pub(in crate::cli) privilege: String,
    /// A path, such as /vms/100
    pub(in crate::cli) path: String,
    /// Print it as text, or as JSON (pve-access.who-can.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Format,
    #[command(flatten)]
    pub(in crate::cli) looking: Looking,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}
