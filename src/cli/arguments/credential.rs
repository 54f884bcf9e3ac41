//! As whom the cluster is asked.

use std::path::PathBuf;

use clap::Args;

/// No secret is an argument: other users of the machine see arguments.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "As whom")]
pub(in crate::cli) struct Credentials {
    /// A file that holds an API token as `user@realm!name=secret` [env: PROXMOX_VE_API_TOKEN holds the token itself]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "live", "token_command", "username"])]
    pub(in crate::cli) token_file: Option<PathBuf>,
    /// A program that prints the API token, with its arguments; it is run without a shell
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["sandbox", "live", "username"])]
    pub(in crate::cli) token_command: Option<String>,
    /// Log in by password as this user, such as ann@pve [env: PROXMOX_VE_USERNAME; a code for a second factor in
    /// PROXMOX_VE_OTP, or typed when it is asked for]
    #[arg(long, value_name = "USER@REALM", conflicts_with_all = ["sandbox", "live"])]
    pub(in crate::cli) username: Option<String>,
    /// A file that holds the user's password [env: PROXMOX_VE_PASSWORD holds the password itself]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "live", "password_command", "token_file", "token_command"])]
    pub(in crate::cli) password_file: Option<PathBuf>,
    /// A program that prints the user's password, with its arguments; it is run without a shell
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["sandbox", "live", "token_file", "token_command"])]
    pub(in crate::cli) password_command: Option<String>,
}
