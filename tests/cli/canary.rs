//! Secrets that are known, and every place where they must not be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::desk::{Desk, HOMEPAGE};

/// What somebody might make of a secret without meaning to: itself, percent-encoded, or in base64, wherever it begins.
fn disguises(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut disguises = vec![secret.to_owned(), percent.to_lowercase(), percent];
    for padding in 0..3 {
        let encoded = base64(&[" ".repeat(padding).as_bytes(), secret.as_bytes()].concat());
        // Its ends depend on what stands beside it.
        disguises.push(encoded[4..encoded.len() - 4].to_owned());
    }
    disguises
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// Every file below a folder, but for the server's own and those that are to hold a secret.
fn files(folder: &Path, but: &[&str], found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if but.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        match fs::read(&path) {
            Ok(content) => found.push((path.display().to_string(), content)),
            Err(_) => files(&path, but, found),
        }
    }
}

#[test]
fn base64_is_what_it_should_be() {
    assert_eq!(base64(b"Man"), "TWFu");
    assert_eq!(base64(b" Man"), "IE1hbgAA", "with zeros in place of padding");
}

#[test]
fn no_secret_is_anywhere_but_where_it_belongs() {
    const FORMER: &str = "5a9db0c5-0000-4000-8000-00000000cafe";
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    desk.write("canary.token", &desk.token);
    for folder in ["tmp", "home", "secrets"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write("secrets/homepage.env", &format!("HOMEPAGE_VAR_PROXMOX_TOKEN={FORMER}\n"));
    let mut said: Vec<(String, Vec<u8>)> = Vec::new();
    for line in [
        "validate",
        "plan",
        "plan --format json --full",
        "plan --format markdown --full",
        "plan --format diff --show-undeclared",
        "plan --out saved.plan",
        "apply --yes saved.plan",
        "apply --yes",
        "plan --show-undeclared --token-file canary.token",
        "export",
        "lint",
        "permissions api@pam!homepage --why",
        "who-can Sys.Audit /",
        "schema",
        "apply --yes --sandbox",
        "plan --endpoint http://127.0.0.1:1",
        "plan --fingerprint nonsense",
    ] {
        let arguments: Vec<&str> = ["-vvv"].into_iter().chain(line.split(' ')).collect();
        let mut command = desk.command(&arguments);
        command.env("TMPDIR", desk.path("tmp")).env("HOME", desk.path("home")).env("RUST_BACKTRACE", "full");
        let output = command.output().unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("Usage:"), "there is no `{line}`");
        said.push((format!("standard output of `{line}`"), output.stdout));
        said.push((format!("standard error of `{line}`"), output.stderr));
    }
    let secrets: BTreeSet<String> = ["cluster", ".pve-access-sandbox"]
        .iter()
        .flat_map(|folder| {
            let stored = desk.read(&format!("{folder}/priv/token.cfg"));
            let secrets = stored.lines().filter_map(|line| line.split_once(' '));
            secrets.map(|(_, secret)| secret.to_owned()).collect::<Vec<_>>()
        })
        .chain([FORMER.to_owned()])
        .collect();
    assert_eq!(secrets.len(), 5, "a former one, and two of each server");
    files(&desk.path("."), &["cluster", ".pve-access-sandbox", "secrets/homepage.env", "canary.token"], &mut said);
    assert!(said.iter().any(|(place, _)| place.ends_with("saved.plan")), "files are searched, too");
    let holds_one = |content: &[u8]| {
        let is_in = |disguise: String| content.windows(disguise.len()).any(|window| window == disguise.as_bytes());
        secrets.iter().flat_map(|secret| disguises(secret)).any(is_in)
    };
    assert!(holds_one(desk.read("secrets/homepage.env").as_bytes()), "where it belongs, it is found");
    for (place, content) in &said {
        assert!(!holds_one(content), "a secret is in {place}");
    }
}
