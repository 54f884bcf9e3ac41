//! The `pve-access` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    pve_access::cli::main()
}
