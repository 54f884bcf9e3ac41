//! The built-in server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::SANDBOX;

#[derive(Debug, Args)]
#[command(after_help = REHEARSAL)]
pub(in crate::cli) struct Sandbox {
    /// Where its state is kept
    #[arg(long, value_name = "DIR", default_value = SANDBOX)]
    pub(in crate::cli) dir: PathBuf,
    /// Make a new sandbox of a copy of a cluster's user.cfg, and of the domains.cfg beside it; - for standard input
    ///
    /// The folder must not be a sandbox yet. Secrets are in neither file: the tokens in it are listed and cannot be used,
    /// but for root@pam!admin, which the sandbox is used with and which is added if it is missing. Users of realm pve have
    /// no password.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) seed: Option<PathBuf>,
    /// Set the folder up and exit; `plan --sandbox` and `apply --sandbox` start the server by themselves
    #[arg(long, conflicts_with_all = ["listen", "delay_unauthorized"])]
    pub(in crate::cli) no_serve: bool,
    /// Where to listen, on this machine only; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8006")]
    pub(in crate::cli) listen: SocketAddr,
    /// Hold back every answer of 401 for 3 seconds, as Proxmox VE does
    #[arg(long)]
    pub(in crate::cli) delay_unauthorized: bool,
}

const REHEARSAL: &str = "\
Rehearse on a copy of a cluster:
  mkdir copy && scp root@pve.example.com:/etc/pve/{user,domains}.cfg copy/
  pve-access sandbox --seed copy/user.cfg --dir rehearsal --no-serve
  pve-access apply --sandbox=rehearsal
";
