//! Where the live state is.

use std::path::PathBuf;

use clap::Args;

use super::SANDBOX;
use super::credential::Credentials;

#[derive(Debug, Args)]
#[command(next_help_heading = "Where the live state is")]
pub(in crate::cli) struct Target {
    /// The API of a cluster, such as https://pve.example.com:8006; of several nodes, with commas between them, the first
    /// that answers is taken [env: PROXMOX_VE_ENDPOINT, or `cluster.endpoint` in the files]
    #[arg(long, value_name = "URL", value_delimiter = ',', conflicts_with = "sandbox")]
    pub(in crate::cli) endpoint: Vec<String>,
    /// The built-in server, with its state in DIR (.pve-access-sandbox if none is given)
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = SANDBOX)]
    pub(in crate::cli) sandbox: Option<PathBuf>,
    /// A copy of a node's user.cfg, with its domains.cfg in the same folder if there is one; `-` reads standard input. It
    /// is only looked at: not for `apply`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "sandbox", "ca_file", "fingerprint", "insecure"])]
    pub(in crate::cli) live: Option<PathBuf>,
    /// Certificates to trust beside the system's, such as a copy of the node's /etc/pve/pve-root-ca.pem
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "fingerprint"])]
    pub(in crate::cli) ca_file: Option<PathBuf>,
    /// The SHA-256 fingerprint of the server's certificate, as Proxmox VE shows it; nothing else is trusted then
    #[arg(long, value_name = "SHA256", conflicts_with = "sandbox")]
    pub(in crate::cli) fingerprint: Option<String>,
    /// Take whoever answers for the server, so that anybody on the way can read the credential [env:
    /// PROXMOX_VE_INSECURE=true, unless something else says whom to trust]
    #[arg(long, conflicts_with_all = ["sandbox", "fingerprint", "ca_file"])]
    pub(in crate::cli) insecure: bool,
    #[command(flatten)]
    pub(in crate::cli) credentials: Credentials,
}

/// What the commands share that look at the live state and ask for nothing.
#[derive(Debug, Args)]
pub(in crate::cli) struct Looking {
    /// Desired-state files whose `cluster` says where the live state is [default: desired-state.yaml, if it is there]
    #[arg(short, long = "file", value_name = "FILE|DIR", help_heading = "Where the live state is")]
    pub(in crate::cli) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) target: Target,
}
