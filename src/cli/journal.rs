//! Where the journal is, and who writes in it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use super::failure::Failure;
use crate::apply::{Journal, NotRecorded};
use crate::plan::{Approved, Plan};
use crate::render::step_in_words;

/// Where what is done is written down.
pub(super) enum Place {
    /// In this file.
    File(PathBuf),
    /// Nowhere.
    Nowhere,
}

/// What names no file but says that there shall be none.
const NONE: &str = "none";

/// In the folder of the program's state, or of a sandbox.
const NAME: &str = "journal.jsonl";

/// What the command line says, then the environment; then the sandbox's own folder, then the state folder.
///
/// # Errors
/// If nothing says where that is.
pub(super) fn place(flag: Option<&Path>, sandbox: Option<&Path>) -> Result<Place, Failure> {
    let said = flag.map(Path::to_owned).or_else(|| variable("PVE_ACCESS_JOURNAL").map(PathBuf::from));
    if let Some(file) = said {
        return Ok(if file == Path::new(NONE) { Place::Nowhere } else { Place::File(file) });
    }
    if let Some(sandbox) = sandbox {
        return Ok(Place::File(sandbox.join(NAME)));
    }
    // A path that is not absolute is to be ignored, says the XDG Base Directory Specification.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    state.map(|state| Place::File(state.join("pve-access").join(NAME))).ok_or_else(|| {
        Failure::new("nothing says where the journal is, which is the only record of what was done")
            .help("name a file: --journal FILE, or PVE_ACCESS_JOURNAL; a CI job keeps it as an artifact")
            .help("or set HOME or XDG_STATE_HOME to an absolute path")
    })
}

/// The journal of this run.
pub(super) fn open(place: &Place) -> Result<Journal, Failure> {
    let run = uuid::Uuid::new_v4().to_string();
    match place {
        Place::File(file) => Journal::open(file, run, step_in_words).map_err(|error| unwritable(&error)),
        Place::Nowhere => Ok(Journal::none(run, step_in_words)),
    }
}

/// Nothing is sent that cannot be written down.
pub(super) fn unwritable(error: &NotRecorded) -> Failure {
    Failure::of(error)
        .help("nothing was sent, because it could not be written down")
        .help("name another file: --journal FILE; or do without: --journal none")
}

/// The person and the machine: `ann@laptop`.
pub(super) fn who() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let user = names.into_iter().find_map(variable).map(|name| name.to_string_lossy().into_owned());
    let user = user.unwrap_or_else(|| {
        let uid = rustix::process::getuid().as_raw().to_string();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let is_own = |line: &&str| line.split(':').nth(2) == Some(uid.as_str());
        let name = passwd.lines().find(is_own).and_then(|line| line.split(':').next());
        name.map_or_else(|| format!("uid {uid}"), str::to_owned)
    });
    format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy())
}

/// The number of this process.
pub(super) fn pid() -> u32 {
    process::id()
}

/// The guards that spoke against a plan and were waived.
pub(super) fn waived(approved: &Approved) -> Vec<String> {
    let Plan { objections, .. } = approved.plan();
    let mut waived: Vec<String> = objections.iter().map(|objection| objection.guard().to_owned()).collect();
    waived.dedup();
    waived
}

/// An environment variable; one that is set to nothing counts as not set.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
