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

/// What is kept somewhere, and is sent somewhere: tokens' secrets in a file and through a command, and a password.
const MORE: &str = "\
version: 1
users:
  bob@pve: {password: {env: CANARY_PASSWORD}}
tokens:
  bob@pve!ci: {secret: {command: [./put, ci]}}
";

const FORMER: &str = "5a9db0c5-0000-4000-8000-00000000cafe";
const PASSWORD: &str = "cAnary-passw0rd";
const ROOTS: &str = "rootpass";

/// The secrets that the servers know by now.
fn stored(desk: &Desk) -> impl Iterator<Item = String> {
    let secrets = |folder: &str| {
        let stored = fs::read_to_string(desk.path(folder).join("priv/token.cfg")).unwrap_or_default();
        stored.lines().filter_map(|line| line.split_once(' ')).map(|(_, secret)| secret.to_owned()).collect::<Vec<_>>()
    };
    ["cluster", ".pve-access-sandbox"].map(secrets).into_iter().flatten()
}

#[test]
fn no_secret_is_anywhere_but_where_it_belongs() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    desk.write("more.yaml", MORE);
    desk.write("put", "#!/bin/sh\ntee kept; echo; cat kept >&2\n");
    desk.set_mode("put", 0o700);
    desk.write_private("canary.token", &desk.token);
    desk.write_private("canary.password", ROOTS);
    for folder in ["tmp", "home", "secrets"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write_private("secrets/homepage.env", &format!("HOMEPAGE_VAR_PROXMOX_TOKEN={FORMER}\n"));
    let mut said: Vec<(String, Vec<u8>)> = Vec::new();
    let mut secrets: BTreeSet<String> = [FORMER, PASSWORD, ROOTS].map(str::to_owned).into();
    for (line, code) in [
        ("validate", 0),
        ("plan", 0),
        ("plan --format json --full", 0),
        ("plan --format markdown --full", 0),
        ("plan --format diff --show-undeclared", 0),
        ("plan --out saved.plan", 0),
        ("apply --yes saved.plan", 0),
        ("apply --yes", 0),
        ("apply --yes -f more.yaml --run-commands", 0),
        ("plan -f more.yaml --set-passwords --format json", 3),
        ("apply --yes -f more.yaml --set-passwords --username root@pam --password-file canary.password", 0),
        ("plan --check-secrets", 0),
        ("rotate --yes api@pam!homepage", 0),
        ("rotate --yes bob@pve!ci -f more.yaml --run-commands", 0),
        ("history", 0),
        ("plan --show-undeclared --token-file canary.token", 0),
        ("export", 0),
        ("lint", 2),
        ("permissions api@pam!homepage --why", 0),
        ("who-can Sys.Audit /", 0),
        ("schema", 0),
        ("apply --yes --sandbox", 0),
        ("plan --endpoint http://127.0.0.1:1", 1),
        ("plan --fingerprint nonsense", 1),
        ("plan --username root@pam --password-file canary.token", 1),
    ] {
        let arguments: Vec<&str> = ["-vvv"].into_iter().chain(line.split(' ')).collect();
        let mut command = desk.command(&arguments);
        command.env("TMPDIR", desk.path("tmp")).env("HOME", desk.path("home")).env("RUST_BACKTRACE", "full");
        let output = command.env("PATH", "/usr/bin:/bin").env("CANARY_PASSWORD", PASSWORD).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "`{line}`: {}", String::from_utf8_lossy(&output.stderr));
        said.push((format!("standard output of `{line}`"), output.stdout));
        said.push((format!("standard error of `{line}`"), output.stderr));
        secrets.extend(stored(&desk));
    }
    assert_eq!(secrets.len(), 3 + 5 + 2, "those above, one of root, four of tokens here, and two of the sandbox");
    let kept = ["cluster", ".pve-access-sandbox", "secrets/homepage.env", "canary.token", "canary.password", "kept"];
    files(&desk.path("."), &kept, &mut said);
    assert!(said.iter().any(|(place, _)| place.ends_with("saved.plan")), "files are searched, too");
    assert!(said.iter().any(|(place, _)| place.ends_with(".jsonl")), "and the journal");
    let holds_one = |content: &[u8]| {
        let is_in = |disguise: String| content.windows(disguise.len()).any(|window| window == disguise.as_bytes());
        secrets.iter().flat_map(|secret| disguises(secret)).any(is_in)
    };
    assert!(holds_one(desk.read("secrets/homepage.env").as_bytes()), "where it belongs, it is found");
    for (place, content) in &said {
        assert!(!holds_one(content), "a secret is in {place}: {}", String::from_utf8_lossy(content));
    }
}
