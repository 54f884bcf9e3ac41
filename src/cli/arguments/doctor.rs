//! The command that looks at everything on the way.

use clap::Args;
use clap::builder::Resettable;

use super::asking::Format;
use super::target::Looking;

pub(super) const DOCTOR_EXAMPLES: &str = "\
Is everything there that the files need?
  pve-access doctor -f desired-state.yaml

Does the token work that the files made for a dashboard, and what does it see?
  pve-access doctor -f desired-state.yaml --token-file secrets/homepage.env

Exit status:
  0  nothing is bad; what is doubtful is said
  1  something is bad
";

#[derive(Debug, Args)]
#[command(mut_arg("token_file", |arg| arg.conflicts_with(Resettable::Reset).help(TOKEN_FILE)))]
#[command(mut_arg("files", |arg| arg.help(FILES)), mut_arg("live", |arg| arg.hide(true)))]
pub(in crate::cli) struct Doctor {
    /// Print it as text, or as JSON (pve-access.doctor.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Format,
    #[command(flatten)]
    pub(in crate::cli) looking: Looking,
}

const FILES: &str = "Desired-state files, whose needs are looked at; their `cluster` says where the live state is [default: \
                     desired-state.yaml, if it is there]";

const TOKEN_FILE: &str = "Examine this credential: a file that holds an API token as `user@realm!name=secret`, or that \
                          the files name as the `secret` of a token, in whatever form [env: PROXMOX_VE_API_TOKEN holds the \
                          token itself]";
