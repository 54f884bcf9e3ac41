//! Files that are made of the program, and looked at when they change.

use std::path::Path;
use std::{env, fs};

/// Compares with what stands in `file`; with `BLESS=1` in the environment, writes it there.
pub fn check(file: &Path, found: &str) -> Result<(), String> {
    if env::var_os("BLESS").is_some() {
        fs::write(file, found).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&expected, found);
    Err(diff.unified_diff().header(&file.display().to_string(), "found").to_string())
}
