//! Inputs that are large, not text, or not there: made by the test, told as `generated/NAME.txt` says.

use std::path::{Path, PathBuf};
use std::{env, fs};

use pve_access::desired::{Desired, File, check_privileges, load, parse};
use pve_access::diagnostic::Sources;
use pve_access::pve::{Release, privileges};
use pve_access::render::Colour;
use pve_access::render::diagnostics::text;
use tempfile::TempDir;

use crate::cases::shown;
use crate::golden::check;

#[track_caller]
fn told_as(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/generated").join(format!("{name}.txt"));
    if let Err(difference) = check(&file, found) {
        panic!("{difference}");
    }
}

/// What is said of a file of these bytes.
fn said_of(bytes: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("desired-state.yaml");
    fs::write(&file, bytes).unwrap();
    shown(&load(&[file]), folder.path())
}

#[test]
fn a_byte_order_mark_is_skipped() {
    told_as("byte-order-mark", &said_of("\u{feff}version: 1\nusers: {bob: {}}\n".as_bytes()));
}

#[test]
fn utf_16_is_named() {
    let bytes: Vec<u8> = "\u{feff}version: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    told_as("utf-16", &said_of(&bytes));
    assert_eq!(said_of(&bytes), said_of(&bytes[2..]));
}

#[test]
fn invalid_utf_8_has_a_place() {
    told_as("invalid-utf-8", &said_of(b"version: 1\nusers:\n  j\xfcrgen@pve: {}\n"));
}

#[test]
fn a_huge_file_is_not_parsed() {
    told_as("ten-megabytes", &said_of("# a comment\n".repeat(10_000_000 / 12 + 1).as_bytes()));
}

#[test]
fn a_long_line_is_cut() {
    let line = format!("version: 1\nusers: {{bob@pve: {{comment: {}, enabled: true}}}}\n", "x".repeat(50_000));
    told_as("long-line", &said_of(line.as_bytes()));
}

#[test]
fn what_a_terminal_would_obey_is_not_shown() {
    let escaped = "version: 1\nusers:\n  \"\\e[2J\\x9b31m\\u202e\": {comment: \"\\x9b\\a\"}\n";
    told_as("control-characters-escaped", &said_of(escaped.as_bytes()));
    let raw = "version: 1\nusers:\n  bob@pve: {comment: \u{202e}\u{9b}2J}\n";
    told_as("control-characters", &said_of(raw.as_bytes()));
    told_as("control-characters-in-names", &said_of(b"version: 1\nusers: \x1b[31m{}\n"));
}

#[test]
fn lines_may_end_as_on_windows() {
    told_as("carriage-returns", &said_of(b"version: 1\r\nusers:\r\n  bob: {}\r\n"));
}

#[test]
fn files_that_are_not_there_do_not_hide_the_faults_of_others() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).unwrap();
    fs::create_dir(path("other")).unwrap();
    fs::write(path("other/access.yml"), "version: 1\n").unwrap();
    fs::write(path("users.yaml"), "users: {bob: {}}\n").unwrap();
    let paths: Vec<PathBuf> = ["missing.yaml", "empty", "other", "users.yaml"].map(path).into();
    let paths = [paths, vec![PathBuf::from("/dev/null")]].concat();
    told_as("missing-files", &shown(&load(&paths), folder.path()));
}

#[test]
fn no_file_at_all() {
    told_as("no-file", &shown(&load(&[]), Path::new("/nowhere")));
}

#[test]
fn a_folder_is_its_yaml_files_once() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("below")).unwrap();
    for (name, text) in [
        ("b.yaml", "groups: {b: {}}"),
        ("a.yaml", "version: 1\ngroups: {a: {}}"),
        (".hidden.yaml", "groups: {hidden: {}}"),
        ("notes.txt", "groups: {text: {}}"),
        ("below/c.yaml", "groups: {below: {}}"),
    ] {
        fs::write(path(name), text).unwrap();
    }
    let loaded = load(&[folder.path().to_owned(), path("a.yaml")]);
    assert!(loaded.findings.is_empty(), "{}", shown(&loaded, folder.path()));
    let groups: Vec<&str> = loaded.desired.groups.keys().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["a", "b"]);
    let names: Vec<String> = loaded.sources.iter().map(|(_, source)| source.name.clone()).collect();
    assert_eq!(names, [path("a.yaml").display().to_string(), path("b.yaml").display().to_string()]);
}

#[test]
fn relative_paths_start_where_they_are_written() {
    let text = "version: 1\ncluster: {endpoint: 'https://pve:8006', ca_file: ca.pem}\n\
                tokens: {'api@pam!homepage': {secret: {file: ./out/token}}, 'api@pam!other': {secret: {file: /run/x}}}\n";
    let loaded = parse(vec![File { path: PathBuf::from("team/desired-state.yaml"), text: text.to_owned() }]);
    assert!(loaded.findings.is_empty(), "{}", shown(&loaded, Path::new("/nowhere")));
    let told = format!("{:?} {:?}", loaded.desired.cluster.ca_file, loaded.desired.tokens.values().collect::<Vec<_>>());
    for path in ["\"team/ca.pem\"", "\"team/out/token\"", "\"/run/x\""] {
        assert!(told.contains(path), "{path} in {told}");
    }
}

#[test]
fn an_endpoint_that_no_connection_could_be_made_to_is_told() {
    let said = |endpoint: &str| {
        let text = format!("version: 1\ncluster: {{endpoint: '{endpoint}'}}\n");
        let loaded = parse(vec![File { path: PathBuf::from("desired-state.yaml"), text }]);
        shown(&loaded, Path::new("/nowhere"))
    };
    for (endpoint, told) in [
        ("pve", "did you mean `https://pve:8006`?"),
        ("pve.example.com:8006", "did you mean `https://pve.example.com:8006`?"),
        ("1", "is not an address"),
        ("https//pve", "looks like `https://pve.example.com:8006`"),
        ("https://", "names no host"),
        ("https://pve:80060", "a port that is none"),
        ("https://[::1]:x", "a port that is none"),
        ("https://pve:8006/#v1", "goes on after host and port"),
        ("http://pve:8006", "did you mean `https://pve:8006`?"),
    ] {
        assert!(said(endpoint).contains(told), "{endpoint}: {}", said(endpoint));
    }
    for good in ["https://pve", "https://[::1]:8006/", "https://pve:8006/api2/json", "http://localhost:8006"] {
        assert_eq!(said(good), "", "{good}");
    }
}

/// What a release says of the privileges in a document.
fn said_by(release: Release, privs: &str) -> String {
    let text = format!("version: 1\nroles:\n  Console:\n    privs: [{privs}]\n");
    let loaded = parse(vec![File { path: PathBuf::from("desired-state.yaml"), text }]);
    assert!(!loaded.findings.has_errors());
    said(&loaded.desired, &loaded.sources, release)
}

fn said(desired: &Desired, sources: &Sources, release: Release) -> String {
    let known = privileges(release).collect();
    text(&check_privileges(desired, &known, release), sources, Colour::No)
}

#[test]
fn privileges_depend_on_the_release() {
    told_as("release-9.2", &said_by(Release::MEASURED, "VM.Console, VM.Monitor, VM.Adt, VM.Teleport"));
    told_as("release-8.4", &said_by(Release::new(8, 4), "VM.Monitor, VM.Replicate, VM.GuestAgent.Audit"));
    assert_eq!(said_by(Release::new(8, 4), "VM.Monitor, VM.Console"), "");
}
