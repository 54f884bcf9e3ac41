//! What can be typed.

mod asking;
mod carrying;
mod credential;
mod doctor;
mod history;
mod lint;
mod planning;
mod sandbox;
mod target;

pub(super) use asking::{Export, Format, Permissions, WhoCan};
pub(super) use carrying::Carrying;
use clap::{Args, Parser, Subcommand};
pub(super) use credential::Credentials;
pub(super) use doctor::Doctor;
pub(super) use history::History;
pub(super) use lint::{Lint, LintFormat};
pub(super) use planning::{Apply, Files, Plan, PlanFormat, Planning, Rotate, Validate};
pub(super) use sandbox::Sandbox;
pub(super) use target::{Looking, Target};

use super::terminal::When;

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
  1  error: nothing more was done than was reported; doctor: something is bad
  2  plan --detailed-exitcode: there are changes; lint: there are errors or warnings
  3  refused by a guard, which --allow NAME waives, or by a policy
  4  applied, but reading back shows a difference, or a step failed half-way
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
    #[command(after_help = planning::PLAN_EXAMPLES)]
    Plan(Plan),
    /// Make the cluster as the files say
    ///
    /// Plans, shows the plan, asks, carries it out one request after the other, puts the secrets of new tokens where
    /// the files say, reads the state back and compares. Interrupted, it finishes the request under way and says what
    /// was done; running it again goes on from there.
    ///
    /// With the file of a saved plan, it carries out what that says and nothing else, if the cluster is still as it was
    /// when the plan was made.
    #[command(after_help = planning::APPLY_EXIT)]
    Apply(Apply),
    /// Renew the secrets of tokens now
    ///
    /// Shows what it would do, asks, gives each token a new secret, and puts it where the files say. The former one is
    /// refused from then on. A token keeps its grants; where the files say `rotate`, it gets a new end, too. Nothing else of
    /// what the files say is done.
    ///
    /// Before Proxmox VE 9.1 a token has to be deleted and made anew for that, and is granted again what it had.
    #[command(after_help = planning::ROTATE_EXAMPLES)]
    Rotate(Rotate),
    /// Write a desired-state file for what is live
    ///
    /// Prints a file that declares every role, group, user, token and grant that can be declared. Planning with it finds
    /// nothing to change. What cannot be declared stands in it as a comment, with the reason. Changes nothing.
    #[command(after_help = asking::EXPORT_EXAMPLES)]
    Export(Export),
    /// Show what a user or token may do
    ///
    /// Computed exactly as Proxmox VE does, from a cluster, from a copy of its user.cfg, or from the sandbox. With --why it
    /// says which grant each privilege comes from, which grants have no say, and why.
    #[command(after_help = asking::PERMISSIONS_EXAMPLES)]
    Permissions(Permissions),
    /// Show who holds a privilege at a path
    ///
    /// Lists every user and token that holds it, with the grants that it comes from.
    #[command(after_help = asking::WHO_CAN_EXAMPLES)]
    WhoCan(WhoCan),
    /// Find faults in the live state, or in what the files would make of it
    ///
    /// Tokens that may do nothing, grants that mean nothing or count again one day, entries that hide others, and the like:
    /// what Proxmox VE puts up with, and people do not expect. Says what mends each. What the files allow under `lint` is
    /// let pass. Changes nothing.
    #[command(after_help = lint::LINT_EXAMPLES)]
    Lint(Lint),
    /// Tell what runs of apply and rotate have done
    ///
    /// From the journal, in which each run writes down who did what where, each request before it is sent, and what came of
    /// it: Proxmox VE itself keeps no record of such changes. The newest run comes last. Asks no cluster.
    History(History),
    /// Find out what keeps a credential from its work
    ///
    /// Looks at everything on the way, as far as it can: address, connection, TLS, certificate, whether Proxmox VE answers,
    /// its clock, the credential, whom the server takes it for, what it sees, and what each part of the files needs. Says what
    /// mends what is missing. Changes nothing.
    #[command(after_help = doctor::DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Print the JSON Schema of a desired-state file
    ///
    /// With it an editor completes and checks while you type:
    ///   pve-access schema > desired-state.schema.json
    /// Put this line at the top of the desired-state file, beside which it lies:
    ///   # yaml-language-server: $schema=desired-state.schema.json
    #[command(verbatim_doc_comment)]
    Schema,
    /// Run the built-in server
    ///
    /// Serves an imitation of Proxmox VE's access API on this machine, for trying things and for tests, and prints its
    /// address and a token for it. `plan --sandbox` and `apply --sandbox` start one by themselves; they can use the
    /// same folder while this one runs.
    Sandbox(Sandbox),
}
