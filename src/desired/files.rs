//! The files that a desired state is read from: the one place where this module touches the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::parse::File;
use crate::diagnostic::{Diagnostic, Findings, Severity};

/// The largest file that is read; the largest access state that a cluster can hold fits several times
/// (api-facts.md, Limits that matter for size).
const LIMIT: u64 = 8 * 1024 * 1024;

/// Reads the files, and of each folder its `*.yaml`, sorted by name.
///
/// A file that is named twice is read once. What could not be read is among the findings.
pub(super) fn read(paths: &[PathBuf]) -> (Vec<File>, Findings) {
    let mut files = Vec::new();
    let mut findings = Findings::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        let listed = if path.is_dir() { folder(path, &mut findings) } else { Ok(vec![path.clone()]) };
        let read = listed.map(|listed| {
            listed.into_iter().filter(|path| fs::canonicalize(path).map_or(true, |real| seen.insert(real)))
        });
        match read {
            Ok(listed) => {
                for path in listed {
                    match file(&path) {
                        Ok(file) => files.push(file),
                        Err(finding) => findings.push(*finding),
                    }
                }
            }
            Err(finding) => findings.push(*finding),
        }
    }
    (files, findings)
}

/// What to do about files that look as if they were meant.
const YML: &str = "of a folder, files that end in .yaml are read: rename those that end in .yml, or name them with -f";

fn folder(path: &Path, findings: &mut Findings) -> Result<Vec<PathBuf>, Box<Diagnostic>> {
    let unreadable = |error: io::Error| error_at(path, &format!("cannot be read: {}", error.kind()));
    let mut files = Vec::new();
    let mut near_misses = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("yaml") if !hidden && !file.is_dir() => files.push(file),
            Some("yml") if !hidden => near_misses.push(file),
            _ => {}
        }
    }
    if files.is_empty() {
        let finding = error_at(path, "is a folder without any *.yaml");
        return Err(match near_misses.first() {
            Some(_) => Box::new(finding.help(YML)),
            None => finding,
        });
    }
    near_misses.sort();
    for near_miss in near_misses {
        let finding = error_at(&near_miss, "is not read");
        findings.push(Diagnostic { severity: Severity::Warning, ..finding.help(YML) });
    }
    files.sort();
    Ok(files)
}

fn file(path: &Path) -> Result<File, Box<Diagnostic>> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound if path == Path::new("desired-state.yaml") => Box::new(
            error_at(path, "does not exist")
                .help("name your files with -f, or begin with a copy of desired-state.example.yaml"),
        ),
        io::ErrorKind::NotFound => error_at(path, "does not exist"),
        kind => error_at(path, &format!("cannot be read: {kind}")),
    };
    // A FIFO or a device is not even opened: that could wait for ever.
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(error_at(path, "is not a regular file").help("write the document to a file first").into());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    let size = metadata.len().max(bytes.len() as u64);
    if size > LIMIT {
        return Err(error_at(path, &format!("is too large: {} bytes; the limit is {}", grouped(size), grouped(LIMIT)))
            .help("divide it into several files in one folder, and give the folder with -f")
            .into());
    }
    // With its mark, or without: then every other byte of plain text is zero.
    if matches!(bytes.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..]) {
        return Err(error_at(path, "is UTF-16 text").help("save it as UTF-8").into());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(File { path: path.to_owned(), text }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let (before, byte) = (&bytes[..at], bytes[at]);
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
            Err(error_at(
                path,
                &format!("is not UTF-8 text: byte 0x{byte:02x} at line {line}, byte {column} of that line"),
            )
            .help("save it as UTF-8")
            .into())
        }
    }
}

/// The digits of `number` in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |at: usize| if at > 0 && (digits.len() - at).is_multiple_of(3) { "," } else { "" };
    digits.chars().enumerate().map(|(at, digit)| format!("{}{digit}", comma(at))).collect()
}

fn error_at(path: &Path, fault: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error_nowhere(format!("`{}` {fault}", path.display())))
}
