//! Programs that secrets go to or come from.
//!
//! They run in a process group of their own, so that they end with all that they have started, and without the variables
//! that our own credential may be in.

use std::env;
use std::ffi::OsStr;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Keeps `command` apart from us.
pub(super) fn set_apart(command: &mut Command) {
    command.process_group(0).kill_on_drop(true);
    env::vars_os().filter(|(name, _)| is_ours(name)).for_each(|(name, _)| {
        command.env_remove(name);
    });
}

/// Whether a variable may hold our own credential: all of ours count, whatever is added to them.
fn is_ours(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"PROXMOX_VE_")
}

/// Ends a program that was set apart, and all that it has started.
pub(super) async fn stop(child: &mut Child) {
    /// What is killed ends at once, unless the system itself hangs.
    const GRACE: Duration = Duration::from_secs(5);
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group {
        // It may be over just now.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = timeout(GRACE, child.wait()).await;
}
