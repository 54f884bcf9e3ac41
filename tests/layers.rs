//! Imports go down only: the table of docs/how-it-works.md, held against the `use crate::` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// All that the renderers put into words.
const SAYABLE: &[&str] = &[
    "diagnostic",
    "pve",
    "model",
    "permissions",
    "diff",
    "desired",
    "api",
    "live",
    "resolve",
    "policy",
    "plan",
    "lint",
    "apply",
    "doctor",
];

/// Each module with the modules that it may import, but for `cli`, which may import everything.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("diagnostic", &[]),
    ("pve", &[]),
    ("model", &["pve"]),
    ("permissions", &["pve", "model"]),
    ("diff", &["pve", "model"]),
    ("desired", &["diagnostic", "pve", "model"]),
    ("api", &["pve"]),
    ("live", &["pve", "model", "permissions", "api"]),
    ("resolve", &["diagnostic", "pve", "model", "desired", "live"]),
    ("policy", &["diagnostic", "pve", "model", "desired", "permissions"]),
    ("plan", &["pve", "model", "desired", "diff", "permissions", "live", "resolve", "policy"]),
    ("lint", &["diagnostic", "pve", "model", "desired", "permissions", "live"]),
    ("apply", &["diagnostic", "plan", "diff", "model", "pve", "desired", "live", "api"]),
    ("doctor", &["pve", "model", "permissions", "desired", "api", "live", "resolve", "plan"]),
    ("sandbox", &["pve", "model", "permissions"]),
    ("render", SAYABLE),
    ("main", &["cli"]),
];

/// Modules that neither wait, nor read, nor ask what time it is.
const PURE: [&str; 9] = ["diagnostic", "pve", "model", "permissions", "diff", "resolve", "policy", "plan", "lint"];

/// What a pure module has no use for.
const IMPURE: [&str; 9] =
    ["async ", "tokio", "tracing::", "std::fs", "std::env", "std::net", "SystemTime", "Instant::now", "Timestamp::now"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module of the first level that each source belongs to, and its text without its tests.
fn modules() -> BTreeMap<String, Vec<(PathBuf, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        if module != "lib" {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            modules.entry(module).or_default().push((inside.to_owned(), text));
        }
    }
    modules
}

/// The modules that a text names as `crate::module`, or the binary as `pve_access::module`.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        line.match_indices("crate::")
            .chain(line.match_indices("pve_access::"))
            .map(move |(at, found)| &line[at + found.len()..])
    })
    .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>())
    .filter(|module| !module.is_empty())
    .collect()
}

#[test]
fn imports_go_down() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let mut faults = Vec::new();
    for (module, files) in modules().into_iter().filter(|(module, _)| module != "cli") {
        let Some(allowed) = allowed.get(module.as_str()) else {
            faults.push(format!("{module} is in no layer"));
            continue;
        };
        for (file, text) in files {
            for import in imports(&text) {
                if import != module && !allowed.contains(&import.as_str()) {
                    faults.push(format!("{}: {module} may not import {import}", file.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn grouped_imports_do_not_hide_modules() {
    for (_, files) in modules() {
        for (file, text) in files {
            assert!(!text.contains("use crate::{"), "{}: one `use crate::module` a line", file.display());
        }
    }
}

#[test]
fn pure_modules_stay_pure() {
    let mut faults = Vec::new();
    for (module, files) in modules().into_iter().filter(|(module, _)| PURE.contains(&module.as_str())) {
        for (file, text) in files {
            for word in IMPURE.into_iter().filter(|word| text.contains(word)) {
                faults.push(format!("{}: {module} has no use for `{word}`", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_layer_is_inhabited() {
    let modules = modules();
    let missing: Vec<&str> =
        MAY_IMPORT.iter().map(|(module, _)| *module).filter(|module| !modules.contains_key(*module)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
