//! Every folder below `cases`, and what is said of it.

use std::fs;
use std::path::{Path, PathBuf};

use pve_access::desired::{Loaded, load};
use pve_access::render::Colour;
use pve_access::render::diagnostics::text;

use crate::golden::check;

pub fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/cases")
}

/// The findings as they are shown, with `folder` cut from the paths.
pub fn shown(loaded: &Loaded, folder: &Path) -> String {
    let folder = format!("{}/", folder.display());
    text(&loaded.findings, &loaded.sources, Colour::No).replace(&folder, "")
}

#[test]
fn every_case_is_told_as_expected() {
    let mut folders: Vec<PathBuf> = fs::read_dir(cases()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let wrong: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            let found = shown(&load(std::slice::from_ref(folder)), folder);
            check(&folder.join("expected.txt"), &found).err()
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), folders.len(), wrong.join("\n"));
}
