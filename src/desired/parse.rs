//! From texts to a [`Desired`]: what may stand at the top, and in which order it is understood.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::document::Desired;
use super::fields::{Vocabulary, unknown};
use super::node::{Entry, Node, Style, Value};
use super::notes::Notes;
use super::secrets::{secret_of_line, token_secrets};
use super::sink::Delivery;
use super::value::{mismatch, scalar};
use super::yaml::tree;
use super::{acl, cluster, contradictions, groups, lint, names, policies, roles, tokens, users};
use crate::diagnostic::{Diagnostic, Findings, Source, SourceId, Sources, Span};

/// A text and where it came from; relative paths in it start at its folder.
#[derive(Clone, Debug)]
pub struct File {
    /// The path as the user gave it.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

/// What was read.
#[must_use]
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the files say, as far as it could be understood: to be used only if there is no error among the findings.
    pub desired: Desired,
    /// The texts, for showing the findings; what looks like a password is blotted out.
    pub sources: Sources,
    /// All that is wrong with the files.
    pub findings: Findings,
}

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "the document",
    keys: &["version", "cluster", "lint", "roles", "groups", "users", "tokens", "acl", "policies"],
    unbuilt: &[
        ("pools", "remove it"),
        ("prune", "remove it: nothing is deleted that is not declared absent"),
        ("realms", "remove it"),
        ("scope", "remove it: the files touch what they name, and nothing else"),
    ],
    unmanaged: &[],
    elsewhere: &[
        ("allow", "it belongs to `lint`: indent it below"),
        ("ca_file", "it belongs to `cluster`: indent it below"),
        ("endpoint", "it belongs to `cluster`: indent it below"),
        ("fingerprint", "it belongs to `cluster`: indent it below"),
    ],
    meant: &[
        ("acls", "acl"),
        ("grants", "acl"),
        ("permissions", "acl"),
        ("group", "groups"),
        ("lints", "lint"),
        ("policy", "policies"),
        ("role", "roles"),
        ("token", "tokens"),
        ("api_tokens", "tokens"),
        ("user", "users"),
    ],
};

/// Reads `files` as one document.
pub fn parse(files: Vec<File>) -> Loaded {
    understand(files, Findings::default())
}

/// Reads `files` as one document of which, if there are `findings` already, something is missing.
pub(super) fn understand(files: Vec<File>, findings: Findings) -> Loaded {
    let mut document = Document { complete: !findings.has_errors(), ..Document::default() };
    let mut notes = Notes { findings, secrets: Vec::new() };
    let mut sources = Sources::default();
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    for File { path, text } in files {
        let (text, marked) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (rest.to_owned(), true),
            None => (text, false),
        };
        let source = sources.add(Source { name: path.display().to_string(), text });
        if marked {
            notes.push(
                Diagnostic::hint(Span { source, start: 0, end: 0 }, "the file begins with a byte order mark")
                    .help("it is skipped; save the file as UTF-8 without one"),
            );
        }
    }
    let mut trees = Vec::new();
    for ((id, source), path) in sources.iter().zip(&paths) {
        match tree(&source.text, id, &mut notes) {
            Ok(root) => trees.push((id, path.parent().unwrap_or(path), root)),
            Err(error) => {
                document.complete = false;
                let place = error.primary.as_ref().map(|label| label.span.start);
                if let Some(secret) = place.and_then(|at| secret_of_line(&source.text, at)) {
                    notes.secrets.push(Span { source: id, start: secret.start, end: secret.end });
                }
                notes.push(*error);
            }
        }
    }
    for (id, folder, root) in &trees {
        document.take(*id, folder, root.as_ref(), &mut notes);
    }
    let desired = document.read(&paths, &sources, &mut notes);
    drop(trees);
    let Notes { findings, mut secrets } = notes;
    for (source, Source { text, .. }) in sources.iter() {
        let span = |Range { start, end }| Span { source, start, end };
        secrets.extend(token_secrets(text).into_iter().map(span));
    }
    for span in secrets {
        sources.blot_out(span);
    }
    Loaded { desired, sources, findings }
}

/// The sections of all files, each with the folder of its file.
#[derive(Default)]
struct Document<'n, 'a> {
    /// Whether all files are here and can be read.
    complete: bool,
    /// Where the first file that says something begins.
    begins: Option<Span>,
    versions: Vec<&'n Node<'a>>,
    clusters: Vec<(&'n Entry<'a>, &'n Path)>,
    lints: Vec<&'n Entry<'a>>,
    roles: Vec<&'n Entry<'a>>,
    groups: Vec<&'n Entry<'a>>,
    users: Vec<(&'n Entry<'a>, &'n Path)>,
    tokens: Vec<(&'n Entry<'a>, &'n Path)>,
    acl: Vec<&'n Node<'a>>,
    policies: Vec<&'n Node<'a>>,
    /// The files that say nothing.
    empty: Vec<Span>,
}

impl<'n, 'a> Document<'n, 'a> {
    fn take(&mut self, source: SourceId, folder: &'n Path, root: Option<&'n Node<'a>>, notes: &mut Notes) {
        let start = Span { source, start: 0, end: 0 };
        let Some(root) = root.filter(|root| !root.is_null()) else {
            self.empty.push(start);
            return;
        };
        self.begins = self.begins.or(Some(root.span));
        let Value::Mapping(entries) = &root.value else {
            self.complete = false;
            notes.push(
                Diagnostic::error(
                    root.span,
                    format!("expected a document of `key: value` lines, found {}", root.found()),
                )
                .help("a document begins with `version: 1`; see docs/desired-state.md"),
            );
            return;
        };
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for entry in entries {
            let known = VOCABULARY.keys.iter().find(|key| **key == entry.key).copied();
            let Some(key) = known.or_else(|| stranger(entry, notes)) else { continue };
            match seen.iter().find(|(name, _)| *name == key) {
                None => seen.push((key, entry.span)),
                // A misspelt section is wrong already.
                Some(_) if known.is_none() => {}
                Some((_, first)) => notes.push(
                    Diagnostic::error(entry.span, format!("the document has `{key}` twice"))
                        .label("again here")
                        .and(*first, "first here")
                        .help(if key == "version" {
                            "keep one of the two"
                        } else {
                            "put everything under one of the two"
                        }),
                ),
            }
            match key {
                "version" => self.versions.push(&entry.value),
                "cluster" => self.clusters.push((entry, folder)),
                "lint" => self.lints.push(entry),
                "roles" => self.roles.extend(objects(entry, "role names", notes)),
                "groups" => self.groups.extend(objects(entry, "group names", notes)),
                "users" => self.users.extend(objects(entry, "user ids", notes).iter().map(|entry| (entry, folder))),
                "tokens" => self.tokens.extend(objects(entry, "token ids", notes).iter().map(|entry| (entry, folder))),
                "policies" => {
                    let example = "`- {name: no writes, who: \"*@pve!*\", never: \"*.Modify\"}`";
                    self.policies.extend(items(entry, "policies", example, notes));
                }
                _ => self.acl.extend(items(entry, "entries", "`- path: /vms`", notes)),
            }
        }
    }

    /// Reads what others refer to first, so that a wrong name can be held against the right ones.
    fn read(self, files: &[PathBuf], sources: &Sources, notes: &mut Notes) -> Desired {
        let mut desired = Desired::default();
        let mut deliveries: Vec<Delivery> = Vec::new();
        self.check_version(notes);
        for (at, (entry, folder)) in self.clusters.iter().enumerate() {
            let cluster = cluster::read(&entry.value, folder, notes);
            if at == 0 {
                desired.cluster = cluster;
            } else if self.clusters[0].0.span.source != entry.span.source {
                notes.push(
                    Diagnostic::error(entry.span, "`cluster` stands in two files")
                        .label("again here")
                        .and(self.clusters[0].0.span, "first here")
                        .help("the files are one document, about one cluster: keep one of the two"),
                );
            }
        }
        self.lints.iter().for_each(|entry| lint::read(&entry.value, &mut desired.lint, notes));
        self.roles.iter().for_each(|entry| roles::read(entry, &mut desired, notes));
        self.groups.iter().for_each(|entry| groups::read(entry, &mut desired, notes));
        self.users.iter().for_each(|(entry, folder)| users::read(entry, folder, &mut desired, notes));
        for (entry, folder) in &self.tokens {
            tokens::read(entry, folder, &mut desired, &mut deliveries, notes);
        }
        self.acl.iter().for_each(|node| acl::read(node, &mut desired, notes));
        self.policies.iter().for_each(|node| policies::read(node, sources, &mut desired, notes));
        contradictions::check(&desired, notes);
        contradictions::check_deliveries(&deliveries, files, notes);
        desired
    }

    /// `version` has to stand in one file at least, and to be 1 wherever it stands.
    fn check_version(&self, notes: &mut Notes) {
        const HELP: &str = "write `version: 1`";
        for node in &self.versions {
            let Some(version) = scalar(node, "version", "1", notes) else { continue };
            if version.text != "1" {
                notes.push(
                    Diagnostic::error(
                        node.span,
                        format!("this program does not know version {} of the language", node.found()),
                    )
                    .help(HELP),
                );
            } else if version.style == Style::Quoted {
                notes.push(Diagnostic::error(node.span, "`version`: expected 1, found a text in quotes").help(HELP));
            }
        }
        if self.versions.is_empty() && self.complete {
            match (self.begins, self.empty.first()) {
                (Some(begins), _) => notes.push(
                    Diagnostic::error(begins, "`version` is missing").help("write `version: 1` at the top of one file"),
                ),
                (None, Some(empty)) => notes.push(
                    Diagnostic::error(*empty, "nothing but blanks and comments: `version` is missing")
                        .help("write `version: 1`; see desired-state.example.yaml for the rest"),
                ),
                (None, None) => {
                    notes.push(Diagnostic::error_nowhere("no files").help("name a file or a folder of *.yaml with -f"));
                }
            }
        } else {
            for empty in &self.empty {
                notes.push(Diagnostic::warning(*empty, "a file of nothing but blanks and comments"));
            }
        }
    }
}

/// Reports a key that does not belong at the top; gives the section that was probably meant.
fn stranger(entry: &Entry<'_>, notes: &mut Notes) -> Option<&'static str> {
    let section = match &*entry.key {
        key if names::is_user(key) => "users",
        key if names::is_token(key) => "tokens",
        _ => return unknown(entry, &VOCABULARY, "the document", notes),
    };
    notes.hide(&entry.value);
    notes.push(
        Diagnostic::error(entry.span, format!("`{}` stands where a section belongs", entry.key))
            .help(format!("indent it below `{section}`")),
    );
    None
}

fn objects<'n, 'a>(section: &'n Entry<'a>, of: &str, notes: &mut Notes) -> &'n [Entry<'a>] {
    match &section.value.value {
        Value::Mapping(entries) => entries,
        _ if section.value.is_null() => &[],
        Value::List(_) | Value::Scalar(_) => {
            let key: &str = &section.key;
            let found = section.value.kind();
            let error = format!("`{key}`: expected a mapping of {of} to their attributes, found {found}");
            notes.push(
                Diagnostic::error(section.value.span, error)
                    .help("each name is a key of its own, without a dash and with a colon"),
            );
            &[]
        }
    }
}

fn items<'n, 'a>(section: &'n Entry<'a>, of: &str, example: &str, notes: &mut Notes) -> &'n [Node<'a>] {
    match &section.value.value {
        Value::List(items) => items,
        _ if section.value.is_null() => &[],
        Value::Mapping(_) | Value::Scalar(_) => {
            let error = mismatch(&section.value, &section.key, &format!("a list of {of}"));
            notes.push(error.help(format!("each of them begins with a dash: {example}")));
            &[]
        }
    }
}
