//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::terminal::When;
use crate::plan::Waiver;
use crate::pve::Release;

/// Where the sandbox keeps its state unless told otherwise.
pub(super) const SANDBOX: &str = ".pve-access-sandbox";

/// The desired-state file unless others are named.
pub(super) const FILE: &str = "desired-state.yaml";

/// Proxmox VE access control as code: roles, groups, users, API tokens and ACLs from YAML files.
///
/// Describe what should be, look at the plan, apply it. What the files do not mention is left alone.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) common: Common,
}

const EXAMPLES: &str = "\
Try it on the built-in server, without a cluster:
  pve-access apply --sandbox -f desired-state.example.yaml
";

const LONG_EXAMPLES: &str = "\
Try it on the built-in server, without a cluster:
  pve-access plan --sandbox -f desired-state.example.yaml
  pve-access apply --sandbox -f desired-state.example.yaml

On a cluster, with a token's `user@realm!name=secret` in PROXMOX_VE_API_TOKEN:
  pve-access plan --endpoint https://pve.example.com:8006
  pve-access apply --endpoint https://pve.example.com:8006

Exit status:
  0  in sync, or applied and verified
  1  error: nothing more was done than was reported
  2  plan --detailed-exitcode: there are changes
  3  refused by a guard; --allow NAME waives it
  4  applied, but reading back shows a difference, or a step failed half-way
";

const EXPORT_EXAMPLES: &str = "\
Adopt a cluster, or a part of it:
  pve-access export > desired-state.yaml && pve-access plan
  pve-access export --only 'groups,acl=/pool/team-a/**' > team-a.yaml
  pve-access export --only 'users=*@pve,users=!svc-*'

From a copy of the file that a cluster keeps its access control in:
  ssh root@pve.example.com cat /etc/pve/user.cfg | pve-access export --live -
";

const PERMISSIONS_EXAMPLES: &str = "\
What may the dashboard see, and why not more?
  pve-access permissions 'api@pam!homepage' --why
  pve-access permissions ann@pve --path /vms/100 --why

From a copy of the file that a cluster keeps its access control in:
  ssh root@pve.example.com cat /etc/pve/user.cfg | pve-access permissions ann@pve --live -
";

const WHO_CAN_EXAMPLES: &str = "\
Who may hand out permissions, and who may stop a guest?
  pve-access who-can Permissions.Modify /
  pve-access who-can VM.PowerMgmt /vms/100
";

#[derive(Debug, Args)]
pub(super) struct Common {
    /// Say more of what is going on, on standard error: -v, -vv, -vvv
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to write colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the files, without a cluster
    ///
    /// Reports everything that is wrong with them at once. Whether a group, user or role that they mention exists on a
    /// cluster, `plan` will tell.
    Validate(Validate),
    /// Show what apply would do
    ///
    /// Reads the files and the live state, compares them, and lists every change in the order in which apply would
    /// make it. Changes nothing.
    Plan(Plan),
    /// Make the cluster as the files say
    ///
    /// Plans, shows the plan, asks, carries it out one request after the other, puts the secrets of new tokens where
    /// the files say, reads the state back and compares. Interrupted, it finishes the request under way and says what
    /// was done; running it again goes on from there.
    Apply(Apply),
    /// Write a desired-state file for what is live
    ///
    /// Prints a file that declares every role, group, user, token and grant that can be declared. Planning with it finds
    /// nothing to change. What cannot be declared stands in it as a comment, with the reason. Changes nothing.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Export),
    /// Show what a user or token may do
    ///
    /// Computed exactly as Proxmox VE does, from a cluster, from a copy of its user.cfg, or from the sandbox. With --why it
    /// says which grant each privilege comes from, which grants have no say, and why.
    #[command(after_help = PERMISSIONS_EXAMPLES)]
    Permissions(Permissions),
    /// Show who holds a privilege at a path
    ///
    /// Lists every user and token that holds it, with the grants that it comes from.
    #[command(after_help = WHO_CAN_EXAMPLES)]
    WhoCan(WhoCan),
    /// Run the built-in server
    ///
    /// Serves an imitation of Proxmox VE's access API on this machine, for trying things and for tests, and prints its
    /// address and a token for it. `plan --sandbox` and `apply --sandbox` start one by themselves; they can use the
    /// same folder while this one runs.
    Sandbox(Sandbox),
}

#[derive(Debug, Args)]
pub(super) struct Files {
    /// Desired-state files, or folders of *.yaml; all of them are one document
    #[arg(short, long = "file", value_name = "FILE|DIR", num_args = 1.., default_value = FILE)]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Where the live state is")]
pub(super) struct Target {
    /// The API of a cluster, such as https://pve.example.com:8006 [env: PROXMOX_VE_ENDPOINT, or `cluster.endpoint` in
    /// the files]
    #[arg(long, value_name = "URL", conflicts_with = "sandbox")]
    pub(super) endpoint: Option<String>,
    /// The built-in server, with its state in DIR (.pve-access-sandbox if none is given)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = SANDBOX)]
    pub(super) sandbox: Option<PathBuf>,
    /// A copy of a node's user.cfg, with its domains.cfg in the same folder if there is one; `-` reads standard input. It
    /// is only looked at: not for `apply`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "sandbox", "token_file", "ca_file", "fingerprint"])]
    pub(super) live: Option<PathBuf>,
    /// A file that holds an API token as `user@realm!name=secret` [env: PROXMOX_VE_API_TOKEN holds the token itself]
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    pub(super) token_file: Option<PathBuf>,
    /// Certificates to trust beside the system's, such as a copy of the node's /etc/pve/pve-root-ca.pem
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "fingerprint"])]
    pub(super) ca_file: Option<PathBuf>,
    /// The SHA-256 fingerprint of the server's certificate, as Proxmox VE shows it; nothing else is trusted then
    #[arg(long, value_name = "SHA256", conflicts_with = "sandbox")]
    pub(super) fingerprint: Option<String>,
}

/// What the commands share that look at the live state and ask for nothing.
#[derive(Debug, Args)]
pub(super) struct Looking {
    /// Desired-state files whose `cluster` says where the live state is [default: desired-state.yaml, if it is there]
    #[arg(short, long = "file", value_name = "FILE|DIR", help_heading = "Where the live state is")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) target: Target,
}

#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    pub(super) files: Files,
    /// Check privileges against this release
    #[arg(long, value_name = "RELEASE", default_value_t = Release::MEASURED)]
    pub(super) release: Release,
}

/// What `plan` and `apply` share: everything that leads to a plan.
#[derive(Debug, Args)]
pub(super) struct Planning {
    #[command(flatten)]
    pub(super) files: Files,
    /// List what is live and not declared, which is left alone
    #[arg(long)]
    pub(super) show_undeclared: bool,
    /// Let tokens be made that have no `secret` in the files: apply prints each, `user@realm!name=secret` on a line
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// Waive a guard by name: blind (the credential does not see what the files speak of)
    #[arg(long, value_name = "NAME")]
    pub(super) allow: Vec<Waiver>,
    #[command(flatten)]
    pub(super) target: Target,
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    #[command(flatten)]
    pub(super) planning: Planning,
}

#[derive(Debug, Args)]
pub(super) struct Apply {
    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) planning: Planning,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Only these kinds (roles, groups, users, tokens, acl), or of a kind the names that match, of acl the paths. `!`
    /// excludes, and the last match wins. May be repeated
    #[arg(long, value_name = "KIND[=PATTERN],..")]
    pub(super) only: Vec<String>,
    #[command(flatten)]
    pub(super) looking: Looking,
}

#[derive(Debug, Args)]
pub(super) struct Permissions {
    /// A user (ann@pve) or token (api@pam!homepage)
    pub(super) who: String,
    /// What is typed after it, for an answer that helps
    #[arg(hide = true)]
    pub(super) stray: Option<String>,
    /// At this path alone, such as /vms/100
    #[arg(short, long)]
    pub(super) path: Option<String>,
    /// Say where each privilege comes from, and what hides or lacks the others
    #[arg(short, long)]
    pub(super) why: bool,
    /// Print it as text, or as JSON (pve-access.permissions.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) looking: Looking,
}

#[derive(Debug, Args)]
pub(super) struct WhoCan {
    /// A privilege, such as VM.PowerMgmt
    pub(super) privilege: String,
    /// A path, such as /vms/100
    pub(super) path: String,
    /// Print it as text, or as JSON (pve-access.who-can.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) looking: Looking,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = REHEARSAL)]
pub(super) struct Sandbox {
    /// Where its state is kept
    #[arg(long, value_name = "DIR", default_value = SANDBOX)]
    pub(super) dir: PathBuf,
    /// Make a new sandbox of a copy of a cluster's user.cfg, and of the domains.cfg beside it; - for standard input
    ///
    /// The folder must not be a sandbox yet. Secrets are in neither file: the tokens in it are listed and cannot be used,
    /// but for root@pam!admin, which the sandbox is used with and which is added if it is missing. Users of realm pve have
    /// no password.
    #[arg(long, value_name = "FILE")]
    pub(super) seed: Option<PathBuf>,
    /// Set the folder up and exit; `plan --sandbox` and `apply --sandbox` start the server by themselves
    #[arg(long, conflicts_with_all = ["listen", "delay_unauthorized"])]
    pub(super) no_serve: bool,
    /// Where to listen, on this machine only; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8006")]
    pub(super) listen: SocketAddr,
    /// Hold back every answer of 401 for 3 seconds, as Proxmox VE does
    #[arg(long)]
    pub(super) delay_unauthorized: bool,
}

const REHEARSAL: &str = "\
Rehearse on a copy of a cluster:
  mkdir copy && scp root@pve.example.com:/etc/pve/{user,domains}.cfg copy/
  pve-access sandbox --seed copy/user.cfg --dir rehearsal --no-serve
  pve-access apply --sandbox=rehearsal
";
