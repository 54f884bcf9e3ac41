//! The command that tells what was done.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::SANDBOX;
use super::asking::Format;

#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    /// The first characters of a run's name: tells every request of it
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: Option<String>,
    /// Tell every request of each run
    #[arg(long)]
    pub(in crate::cli) full: bool,
    /// Only runs on clusters in whose name or address this stands
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) cluster: Option<String>,
    /// Only runs that began then or later: 2026-11-22, or 2026-11-22T08:00:00Z; days are those of UTC
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(in crate::cli) since: Option<Timestamp>,
    /// Only the last so many runs
    #[arg(short = 'n', long = "last", value_name = "NUMBER")]
    pub(in crate::cli) last: Option<usize>,
    /// Print it as text, or as JSON (pve-access.history.v1)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: Format,
    /// The journal [env: PVE_ACCESS_JOURNAL] [default: pve-access/journal.jsonl in $XDG_STATE_HOME or ~/.local/state]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// The journal of a sandbox, which is in its folder
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = SANDBOX, conflicts_with = "journal")]
    pub(in crate::cli) sandbox: Option<PathBuf>,
}

/// A day's first moment, or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| day().map(|day| day.timestamp()))
        .ok_or_else(|| "a time is a day such as 2026-11-22, or a moment such as 2026-11-22T08:00:00Z".to_owned())
}
