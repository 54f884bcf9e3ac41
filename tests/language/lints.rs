//! docs/lints.md is made of the rules.

use std::path::Path;

use pve_access::render::lint_reference;

use crate::golden::check;

#[test]
fn the_reference_of_lints_is_made_of_the_rules() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md");
    if let Err(difference) = check(&file, &lint_reference()) {
        panic!("{difference}");
    }
}

#[test]
fn no_line_of_it_is_too_long_to_read() {
    let long: Vec<String> = lint_reference()
        .lines()
        .filter(|line| !line.starts_with('|') && line.chars().count() > 130)
        .map(str::to_owned)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
