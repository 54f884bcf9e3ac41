//! The recorded cases, and the count of those that fail.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use similar::TextDiff;

/// The folder `name` of the recorded data: in the folder that `PVE_FIXTURES` names, else in `tests/fixtures/pve`.
pub fn folder(name: &str) -> PathBuf {
    let root = env::var_os("PVE_FIXTURES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pve"), PathBuf::from);
    root.join(name)
}

/// The files in the folder `name` that end in `ending`, sorted; that there are none is a failure.
pub fn files(name: &str, ending: &str) -> Vec<PathBuf> {
    let folder = folder(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path())
        .filter(|file| file.to_str().is_some_and(|file| file.ends_with(ending)))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}: no file ends in {ending}", folder.display());
    files
}

/// The bytes of a recorded file.
pub fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The text of a recorded file.
pub fn text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Runs `check` on every file and fails with all that it finds wrong.
pub fn check_all(files: &[PathBuf], check: impl Fn(&Path) -> Result<(), String>) {
    let mut report = String::new();
    let mut failed = 0;
    for file in files {
        if let Err(difference) = check(file) {
            failed += 1;
            writeln!(report, "{}:\n{difference}", file.display()).unwrap();
        }
    }
    assert!(failed == 0, "{failed} of {} cases differ\n\n{report}", files.len());
}

/// What differs between two texts, if anything does.
pub fn compare(recorded: &str, ours: &str) -> Result<(), String> {
    if recorded == ours {
        return Ok(());
    }
    Err(TextDiff::from_lines(recorded, ours).unified_diff().header("recorded", "ours").to_string())
}
