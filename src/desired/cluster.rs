//! `cluster`: which cluster the files are about.

use std::path::Path;

use super::document::{Cluster, Located};
use super::fields::{Fields, Vocabulary};
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::value::{mismatch, names, repeated, scalar};
use crate::diagnostic::Diagnostic;

const CREDENTIALS: &str = "credentials come from the environment, such as PROXMOX_VE_API_TOKEN, never from this file";

const FORM: &str = "an endpoint looks like `https://pve.example.com:8006`";

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "`cluster`",
    keys: &["endpoint", "ca_file", "fingerprint"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[
        ("api_token", CREDENTIALS),
        (
            "insecure",
            "no file can switch the check of certificates off: say which to trust with `ca_file` or `fingerprint`",
        ),
        ("password", CREDENTIALS),
        ("token", CREDENTIALS),
        ("user", CREDENTIALS),
        ("username", CREDENTIALS),
    ],
    meant: &[
        ("url", "endpoint"),
        ("host", "endpoint"),
        ("server", "endpoint"),
        ("ca", "ca_file"),
        ("cacert", "ca_file"),
    ],
};

/// Reads `cluster`; relative paths start at `folder`.
pub(super) fn read(node: &Node<'_>, folder: &Path, notes: &mut Notes) -> Cluster {
    let fields = Fields::read(node, &VOCABULARY, "`cluster`", notes);
    let mut text = |key: &'static str, expected: &str| -> Option<Located<String>> {
        let node = fields.get(key)?;
        let text = scalar(node, key, expected, notes)?.text.clone().into_owned();
        Some(Located { value: text, span: node.span })
    };
    let ca_file = text("ca_file", "the path of a file");
    let fingerprint = text("fingerprint", "a SHA-256 fingerprint");
    if let (Some(file), Some(fingerprint)) = (&ca_file, &fingerprint) {
        notes.push(
            Diagnostic::error(fingerprint.span, "`cluster` has both `ca_file` and `fingerprint`")
                .and(file.span, "the other one")
                .help("a certificate is trusted for its issuer or for its fingerprint: keep one of the two"),
        );
    }
    Cluster {
        endpoint: fields.get("endpoint").map(|node| endpoints(node, notes)).unwrap_or_default(),
        ca_file: ca_file
            .filter(|file| check_file(file, notes))
            .map(|file| Located { value: folder.join(&file.value), span: file.span }),
        fingerprint: fingerprint.filter(|fingerprint| check_fingerprint(fingerprint, notes)),
    }
}

/// The addresses that are sound, each once.
fn endpoints(node: &Node<'_>, notes: &mut Notes) -> Vec<Located<String>> {
    hide_passwords(node, notes);
    if let Value::Mapping(_) = &node.value {
        // Its keys may be addresses, and are not repeated.
        notes.push(mismatch(node, "endpoint", "an address or a list of addresses"));
        return Vec::new();
    }
    let Some(written) = names(node, "endpoint", "addresses", notes) else { return Vec::new() };
    if written.is_empty() {
        notes.push(Diagnostic::error(node.span, "`endpoint` has no address in its list").help(FORM));
    }
    let mut endpoints: Vec<Located<String>> = Vec::with_capacity(written.len());
    for Located { value, span } in written {
        if let Some(first) = endpoints.iter().find(|endpoint| endpoint.value == value) {
            notes.push(repeated("endpoint", &Excerpt(value), first.span, span));
            continue;
        }
        let endpoint = Located { value: value.to_owned(), span };
        if check_endpoint(&endpoint, notes) {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

/// Hides what holds a password, however deep in what does not belong there.
fn hide_passwords(node: &Node<'_>, notes: &mut Notes) {
    match &node.value {
        Value::Scalar(scalar) if scalar.text.contains('@') => notes.secrets.push(node.span),
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| hide_passwords(item, notes)),
        Value::Mapping(entries) => {
            for entry in entries {
                if entry.key.contains('@') {
                    notes.secrets.push(entry.span);
                }
                hide_passwords(&entry.value, notes);
            }
        }
    }
}

fn check_endpoint(endpoint: &Located<String>, notes: &mut Notes) -> bool {
    let rest = endpoint.value.strip_prefix("https://").or_else(|| endpoint.value.strip_prefix("http://"));
    let Some(rest) = rest else {
        let error = Diagnostic::error(endpoint.span, "`endpoint` is not an address");
        let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let named = endpoint.value.chars().all(host) && endpoint.value.contains(|c: char| c.is_ascii_alphabetic());
        let meant = match endpoint.value.rsplit_once(':') {
            _ if !named => None,
            Some((_, port)) if port.parse::<u16>().is_ok() => Some(format!("https://{}", endpoint.value)),
            Some(_) => None,
            None => Some(format!("https://{}:8006", endpoint.value)),
        };
        notes.push(match meant {
            Some(meant) => error.label(format!("did you mean `{}`?", Excerpt(&meant))),
            None => error.help(FORM),
        });
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        notes.push(Diagnostic::error(endpoint.span, "`endpoint` holds a user name or a password").help(CREDENTIALS));
        return false;
    }
    if host.is_empty() || host.contains(char::is_whitespace) {
        notes.push(Diagnostic::error(endpoint.span, "`endpoint` names no host").help(FORM));
        return false;
    }
    if !matches!(&rest[host.len()..], "" | "/" | "/api2/json" | "/api2/json/") {
        let error = Diagnostic::error(endpoint.span, "`endpoint` goes on after host and port");
        let several = rest.contains(',');
        notes.push(error.help(if several {
            "several addresses stand in a list: `[https://a, https://b]`"
        } else {
            FORM
        }));
        return false;
    }
    let here = ["localhost", "127.", "[::1]"].iter().any(|here| host.starts_with(here));
    if endpoint.value.starts_with("http:") && !here {
        notes.push(
            Diagnostic::error(
                endpoint.span,
                "`endpoint` is plain http, which would show the credential to the network",
            )
            .label(format!("did you mean `https://{}`?", Excerpt(rest))),
        );
        return false;
    }
    // Behind the brackets of an IPv6 address, too.
    let port = host.rsplit(']').next().unwrap_or_default().split_once(':').map(|(_, port)| port);
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        notes.push(Diagnostic::error(endpoint.span, "`endpoint` has a port that is none").help(FORM));
        return false;
    }
    true
}

fn check_file(file: &Located<String>, notes: &mut Notes) -> bool {
    if file.value.is_empty() {
        notes.push(Diagnostic::error(file.span, "`ca_file` is empty").help("leave it out to trust the system's roots"));
    }
    !file.value.is_empty()
}

fn check_fingerprint(fingerprint: &Located<String>, notes: &mut Notes) -> bool {
    let text = &fingerprint.value;
    let bytes: Vec<&str> = text.split(':').collect();
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let good = hex(&bytes.concat())
        && (bytes.len() == 1 && text.len() == 64 || bytes.len() == 32 && bytes.iter().all(|byte| byte.len() == 2));
    if !good {
        notes.push(
            Diagnostic::error(fingerprint.span, "`fingerprint` is not a SHA-256 fingerprint")
                .help("it is 32 bytes in hexadecimal, as Proxmox VE shows it under Node, Certificates: `AB:CD:..`"),
        );
    }
    good
}
