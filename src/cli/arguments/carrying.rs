//! What the commands share that carry a plan out.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "While it is carried out")]
pub(in crate::cli) struct Carrying {
    /// Do not ask
    #[arg(short, long, help_heading = None)]
    pub(in crate::cli) yes: bool,
    /// On a sandbox, too, run the commands that secrets go to; they are refused there, because a real secret could be
    /// replaced
    #[arg(long)]
    pub(in crate::cli) run_commands: bool,
    /// Write what is done down in FILE, or nowhere if it is `none`; Proxmox VE writes none of it down [env:
    /// PVE_ACCESS_JOURNAL] [default: pve-access/journal.jsonl in $XDG_STATE_HOME or ~/.local/state; with --sandbox,
    /// journal.jsonl in its folder]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// Keep others out while it is done, by the group pve-access-lock in the cluster; this is the default
    #[arg(long, overrides_with = "no_lock")]
    pub(in crate::cli) lock: bool,
    /// Neither take the lock nor heed that of somebody else
    #[arg(long, overrides_with = "lock", conflicts_with_all = ["break_lock", "lock_timeout"])]
    pub(in crate::cli) no_lock: bool,
    /// Take the lock away from whoever holds it: for one that was left by a run that was killed
    #[arg(long)]
    pub(in crate::cli) break_lock: bool,
    /// Wait this long for somebody else to give the lock back, such as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    pub(in crate::cli) lock_timeout: Duration,
}

/// A number of seconds, minutes or hours.
fn time(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        _ => return Err("a time is a number with s, m or h after it, such as 90s, 5m or 1h".to_owned()),
    };
    let number = text[..text.len() - unit.len()].parse::<u64>().map_err(|error| error.to_string())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "that is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(time("1h"), Ok(Duration::from_secs(3_600)));
        for wrong in ["", "5", "m", "-5s", "5 s", "1d", "99999999999999999999s", "9999999999999999999h", "5é"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
