//! Secrets that are known, and every place where they must not be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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

const PASSWORDS: [&str; 3] = ["cAnary-one ü/&=%", "cAnary-two 4711", "cAnary-three \"'$x"];
const CODES: [&str; 3] = ["0123-4567-89ab-cdef", "1123-4567-89ab-cdef", "2123-4567-89ab-cdef"];
const FORMER: &str = "5a9db0c5-0000-4000-8000-00000000cafe";

/// A user who is there, with a second factor and an old token.
const CLUSTER: &str = "user:ann@pve:1:0::::::\ntoken:ann@pve!old:1:0::\nacl:1:/:ann@pve:Administrator:\n";

const USERS: &str = "\
users:
  env@pve: {password: {env: ENV_PASSWORD}}
  file@pve: {password: {file: password}}
  command@pve: {password: {command: [sh, -c, cat password]}}
";

/// Takes the secret, keeps it where the test finds it, says it aloud, and fails.
const ECHOING: &str = "\
version: 1
tokens:
  api@pam!echo:
    secret: {command: [sh, -c, 's=$(cat); echo \"$s\" >> caught; echo \"$s\"; echo \"it is $s\" >&2; exit 3']}
";

const ROTATING: &str = "\
version: 1
tokens:
  ann@pve!old: {rotate: {every: 90d}, secret: {file: old}}
";

/// Where a secret belongs, or where the test itself has put it.
const ALLOWED: [&str; 10] = [
    "cluster",
    ".pve-access-sandbox",
    "homepage.env",
    "old",
    "canary.token",
    "open.token",
    "root.password",
    "password",
    "caught",
    "sandbox.env",
];

/// Each command that there is, and how it ends.
const LINES: &[(&str, i32)] = &[
    ("validate", 0),
    ("plan", 0),
    ("plan --format json --full", 0),
    ("plan --format markdown --full", 0),
    ("plan --format diff --show-undeclared", 0),
    ("plan --out saved.plan", 0),
    ("apply --yes saved.plan", 0),
    ("apply --yes", 0),
    ("apply --yes --set-passwords --username root@pam --password-file root.password", 0),
    ("plan --check-secrets", 0),
    ("plan --check-secrets --format json", 0),
    ("plan --set-passwords --format json --full --username root@pam --password-file root.password", 0),
    ("plan --show-undeclared --token-file canary.token", 0),
    ("plan --token-file open.token", 1),
    ("plan -f echoing.yaml", 0),
    ("apply -f echoing.yaml --yes --run-commands", 4),
    ("plan -f rotating.yaml", 0),
    ("apply -f rotating.yaml --yes", 0),
    ("rotate ann@pve!old -f rotating.yaml --yes", 0),
    ("rotate api@pam!homepage --yes", 0),
    ("plan --check-secrets -f rotating.yaml", 0),
    ("export", 0),
    ("lint", 0),
    ("lint --format json", 0),
    ("permissions api@pam!homepage --why", 0),
    ("who-can Sys.Audit /", 0),
    ("history", 0),
    ("history --full", 0),
    ("history --format json", 0),
    ("schema", 0),
    ("apply --yes --sandbox", 0),
    ("plan --endpoint http://127.0.0.1:1", 1),
    ("plan --endpoint https://127.0.0.1:1 --insecure", 1),
    ("plan --fingerprint nonsense", 1),
    ("plan --token-command false", 1),
    ("plan --username root@pam --password-file root.password", 0),
];

/// How one command is run, with all secrets around it that there are.
fn command(desk: &Desk, line: &str) -> Command {
    let arguments: Vec<&str> = ["-vvv"].into_iter().chain(line.split(' ')).collect();
    let mut command = desk.command(&arguments);
    command
        .env("PATH", "/usr/bin:/bin")
        .env("TMPDIR", desk.path("tmp"))
        .env("HOME", desk.path("home"))
        .env("RUST_BACKTRACE", "full")
        .env("ENV_PASSWORD", PASSWORDS[1]);
    command
}

/// The secrets that both servers know now.
fn known(desk: &Desk, secrets: &mut BTreeSet<String>) {
    for folder in ["cluster", ".pve-access-sandbox"] {
        let stored = fs::read_to_string(desk.path(&format!("{folder}/priv/token.cfg"))).unwrap_or_default();
        secrets.extend(stored.lines().filter_map(|line| line.split_once(' ')).map(|(_, secret)| secret.to_owned()));
    }
}

/// Commands as they end badly: nobody reads what they print.
///
/// There is no way to make the program panic on purpose, and none is built in. What a panic would show is the `Debug` of
/// what it names, and every secret is a `SecretString`, whose `Debug` shows nothing; no core is dumped by a panic.
fn unread(desk: &Desk, line: &str) -> Vec<u8> {
    let mut child = command(desk, line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap().stderr
}

#[test]
fn no_secret_is_anywhere_but_where_it_belongs() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", &HOMEPAGE.replace("users:\n", USERS).replace("secrets/", ""));
    desk.write("echoing.yaml", ECHOING);
    desk.write("rotating.yaml", ROTATING);
    desk.write_private("canary.token", &desk.token);
    desk.write("open.token", &desk.token);
    desk.write_private("root.password", "rootpass\n");
    desk.write_private("password", PASSWORDS[0]);
    for folder in ["tmp", "home"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.write_private("homepage.env", &format!("HOMEPAGE_VAR_PROXMOX_TOKEN={FORMER}\n"));
    let entries = CODES.map(|code| format!("{code:?}")).join(",");
    let factors = format!(r#"{{"users":{{"ann@pve":{{"recovery":{{"created":1,"entries":[{entries}]}}}}}}}}"#);

    let mut secrets: BTreeSet<String> = PASSWORDS.into_iter().chain(CODES).map(str::to_owned).collect();
    // How every ticket begins.
    secrets.extend([FORMER, "rootpass", "PVE:ann@pve:", "PVE:root@pam:"].map(str::to_owned));
    let mut said: Vec<(String, Vec<u8>)> = Vec::new();
    let mut hear = |line: &str, output: Output, secrets: &mut BTreeSet<String>| {
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(!shown.contains("Usage:") && !shown.contains("panicked"), "{line}: {shown}");
        said.push((format!("standard output of `{line}`"), output.stdout));
        said.push((format!("standard error of `{line}`"), output.stderr));
        known(&desk, secrets);
    };
    for (line, code) in LINES {
        let output = command(&desk, line).output().unwrap();
        assert_eq!(output.status.code(), Some(*code), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        hear(line, output, &mut secrets);
    }
    // There, once it is built.
    if command(&desk, "doctor --help").output().unwrap().status.success() {
        hear("doctor", command(&desk, "doctor").output().unwrap(), &mut secrets);
        let line = "doctor --token-file canary.token";
        hear(line, command(&desk, line).output().unwrap(), &mut secrets);
    }
    let password = PASSWORDS[2];
    desk.by_hand("POST", "/access/users", "userid=cara@pve&password=cAnary-three%20%22%27%24x");
    desk.by_hand("PUT", "/access/acl", "path=/&roles=Administrator&users=cara@pve");
    desk.write("cluster/priv/tfa.cfg", &factors.replace("ann@pve", "cara@pve"));
    for (code, line) in CODES.into_iter().chain(["9999-9999-9999-9999"]).zip(["plan", "export", "apply --yes", "plan"])
    {
        let mut command = command(&desk, line);
        command.env_remove("PROXMOX_VE_API_TOKEN").env("PROXMOX_VE_USERNAME", "cara@pve");
        let output = command.env("PROXMOX_VE_PASSWORD", password).env("PROXMOX_VE_OTP", code).output().unwrap();
        assert_eq!(output.status.success(), CODES.contains(&code), "{}", String::from_utf8_lossy(&output.stderr));
        hear(line, output, &mut secrets);
    }
    for line in
        ["plan --format json --full", "apply --yes --run-commands -f echoing.yaml", "history --format json", "export"]
    {
        said.push((format!("standard error of `{line}`, whose output nobody reads"), unread(&desk, line)));
    }
    let caught = desk.read("caught");
    assert!(caught.lines().count() >= 3, "it is offered more than once");
    secrets.extend(caught.lines().map(str::to_owned));

    files(&desk.path("."), &ALLOWED, &mut said);
    for name in ["saved.plan", "journal.jsonl"] {
        assert!(said.iter().any(|(place, _)| place.ends_with(name)), "{name} is searched, too");
    }
    let all: Vec<String> = secrets.iter().flat_map(|secret| disguises(secret)).collect();
    let one_in = |content: &[u8]| {
        let is_in = |disguise: &&String| content.windows(disguise.len()).any(|window| window == disguise.as_bytes());
        all.iter().find(is_in)
    };
    for name in ["homepage.env", "old", "caught"] {
        assert!(one_in(desk.read(name).as_bytes()).is_some(), "where it belongs, it is found: {name}");
    }
    for (place, content) in &said {
        let found = one_in(content);
        assert!(found.is_none(), "{found:?} is in {place}: {}", String::from_utf8_lossy(content));
    }
}
