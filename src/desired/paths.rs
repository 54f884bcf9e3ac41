//! Paths of grants, with what is said of those that the server would refuse.

use super::look_alike::{plain, unseen};
use super::node::Excerpt;
use super::notes::Notes;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::pve::{AclPath, PathError, ShapeError};

/// What people write first in a path, and what Proxmox VE calls it.
const MEANT: [(&str, &str); 21] = [
    ("cluster", ""),
    ("ct", "vms"),
    ("datacenter", ""),
    ("datastore", "storage"),
    ("datastores", "storage"),
    ("dc", ""),
    ("group", "access/groups"),
    ("groups", "access/groups"),
    ("guest", "vms"),
    ("guests", "vms"),
    ("host", "nodes"),
    ("hosts", "nodes"),
    ("lxc", "vms"),
    ("network", "sdn"),
    ("qemu", "vms"),
    ("realm", "access/realm"),
    ("realms", "access/realm"),
    ("resource-mapping", "mapping"),
    ("root", ""),
    ("server", "nodes"),
    ("vm", "vms"),
];

const SDN: [&str; 7] = ["controllers", "dns", "fabrics", "ipams", "prefix-lists", "route-maps", "zones"];

const BELOW_ACCESS: &str =
    "below `/access` there are `/access/groups/NAME` and `/access/realm/NAME`; a user has no path of its own";

/// A path that the server accepts grants at, in the form it lists it in.
pub(super) fn path(text: &str, span: Span, notes: &mut Notes) -> Option<AclPath> {
    let path = match text.parse::<AclPath>() {
        Ok(path) => path,
        Err(error) => {
            notes.push(unreadable(text, &error, span));
            return None;
        }
    };
    if let Err(error) = path.check_shape() {
        notes.push(refused(&path, &error, span));
        return None;
    }
    let stored = path.without_noughts();
    if stored != path {
        notes.push(
            Diagnostic::error(span, format!("Proxmox VE would keep a grant at `{path}` as one at `{stored}`"))
                .label("a word that is `0` is nothing to it")
                .help("no grant can be made there"),
        );
        return None;
    }
    if path.as_str() != text {
        notes.push(
            Diagnostic::hint(span, format!("Proxmox VE lists this path as `{path}`"))
                .label(format!("better written `{path}`")),
        );
    }
    Some(path)
}

fn unreadable(text: &str, error: &PathError, span: Span) -> Diagnostic {
    let finding = Diagnostic::error(span, error.to_string());
    match error {
        PathError::Empty => finding.help("the top of the tree is `/`"),
        PathError::Character { found: ',' | ';' | ' ' } => {
            let parts: Vec<&str> = text.split([',', ';', ' ']).filter(|part| !part.is_empty()).collect();
            let good = |part: &&str| part.parse::<AclPath>().is_ok_and(|path| path.check_shape().is_ok());
            if parts.len() > 1 && parts.iter().all(good) {
                let list = parts.join(", ");
                return finding.help(format!("several paths are written as a list: `[{}]`", Excerpt(&list)));
            }
            finding.help("a path is made of letters, digits, `.`, `_`, `-` and `/`")
        }
        PathError::Character { found: '*' } => finding.help("a grant reaches everything below its path by itself"),
        PathError::Character { found: '\\' } => finding.help("the words of a path are divided by `/`"),
        PathError::Character { found } if !found.is_ascii() => {
            let meant = plain(text);
            let good = meant.parse::<AclPath>().is_ok_and(|path| path.check_shape().is_ok());
            let finding = if good { finding.label(format!("did you mean `{meant}`?")) } else { finding };
            unseen(text)
                .into_iter()
                .fold(finding, Diagnostic::help)
                .help("Proxmox VE answers that it has stored such a grant, and has not")
        }
        PathError::Character { found: '@' } if text.trim_start_matches('/').starts_with("access/users") => {
            finding.help(BELOW_ACCESS)
        }
        PathError::Character { .. } => finding.help("a path is made of letters, digits, `.`, `_`, `-` and `/`"),
    }
}

fn refused(path: &AclPath, error: &ShapeError, span: Span) -> Diagnostic {
    let finding = Diagnostic::error(span, error.to_string());
    if let Some(meant) = meant(path, error) {
        return finding.label(format!("did you mean `{meant}`?"));
    }
    match error {
        ShapeError::Root { .. } => finding.help(format!("a path is `/`, or begins with {}", roots())),
        ShapeError::Vm { .. } => finding.help("all guests together are `/vms`, those of a pool `/pool/NAME`"),
        ShapeError::Word { under, .. } if under == "/access" => finding.help(BELOW_ACCESS),
        ShapeError::Word { word, .. } if word == "vnets" => finding.help("a VNet is `/sdn/zones/ZONE/VNET`"),
        ShapeError::Word { .. } => {
            let words = SDN.map(|word| format!("`/sdn/{word}`")).join(", ");
            finding.help(format!("below `/sdn` there are {words}"))
        }
        ShapeError::Depth { leaf, .. } => finding.help(format!("a grant at `{leaf}` is about all of it")),
        ShapeError::Tag { .. } => finding.help("all tags of a VNet together are `/sdn/zones/ZONE/VNET`"),
    }
}

/// The first word of a path that was probably meant by `word`; empty for the top.
pub(super) fn meant_root(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    let known = MEANT.iter().find(|(written, _)| *written == lower).map(|(_, meant)| *meant);
    known.or_else(|| nearest(word, AclPath::ROOTS))
}

fn roots() -> String {
    let roots: Vec<String> = AclPath::ROOTS.iter().map(|root| format!("`/{root}`")).collect();
    roots.join(", ")
}

/// The path that was probably meant: one that the server accepts, or none.
fn meant(path: &AclPath, error: &ShapeError) -> Option<AclPath> {
    let words: Vec<&str> = path.words().collect();
    let (first, rest) = words.split_first()?;
    let guess = match error {
        ShapeError::Root { .. } => {
            format!("{}/{}", meant_root(first)?, rest.join("/"))
        }
        ShapeError::Word { under, word, .. } if under == "/access" => {
            let below = nearest(word, ["groups", "realm"])?;
            format!("access/{below}/{}", rest[1..].join("/"))
        }
        ShapeError::Word { under, word, .. } => {
            format!("{under}/{}/{}", nearest(word, SDN)?, rest[1..].join("/"))
        }
        // /nodes/pve/qemu/100 is how the API addresses a guest, not how a grant does.
        ShapeError::Depth { .. } if *first == "nodes" && matches!(rest, [_, "qemu" | "lxc" | "vms", ..]) => {
            format!("vms/{}", rest[2..].join("/"))
        }
        ShapeError::Vm { .. } if rest == ["all"] => "vms".to_owned(),
        ShapeError::Vm { .. } if rest.len() == 1 => {
            let number = rest[0].trim_start_matches(|c: char| c == '0' || c == '-' || c.is_ascii_alphabetic());
            if number.is_empty() {
                return None;
            }
            format!("vms/{number}")
        }
        ShapeError::Depth { .. } | ShapeError::Vm { .. } | ShapeError::Tag { .. } => return None,
    };
    let guess: AclPath = guess.parse().ok()?;
    (guess != *path && guess.check_shape().is_ok()).then_some(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(text: &str) -> Option<String> {
        let path: AclPath = text.parse().unwrap();
        meant(&path, &path.check_shape().unwrap_err()).map(|path| path.to_string())
    }

    #[test]
    fn guesses_what_was_meant() {
        for (written, meant) in [
            ("/dc", "/"),
            ("/vm/100", "/vms/100"),
            ("/VMs/100", "/vms/100"),
            ("/datastore/local", "/storage/local"),
            ("/storages/local", "/storage/local"),
            ("/node/pve", "/nodes/pve"),
            ("/pools/dev", "/pool/dev"),
            ("/access/group/ops", "/access/groups/ops"),
            ("/groups/ops", "/access/groups/ops"),
            ("/access/realms/pve", "/access/realm/pve"),
            ("/nodes/pve/qemu/100", "/vms/100"),
            ("/sdn/zone/z1", "/sdn/zones/z1"),
            ("/vms/0100", "/vms/100"),
            ("/vms/vm-100", "/vms/100"),
            ("/vms/all", "/vms"),
            ("/nodes/pve/vms/100", "/vms/100"),
        ] {
            assert_eq!(guess(written).as_deref(), Some(meant), "{written}");
        }
    }

    #[test]
    fn guesses_nothing_that_the_server_would_refuse() {
        for written in [
            "/vms/99",
            "/vms/0",
            "/vms/100-110",
            "/vms/abc",
            "/vm/99",
            "/xyzzy",
            "/access/users",
            "/vms/100/x",
            "/dc/foo",
        ] {
            assert_eq!(guess(written), None, "{written}");
        }
    }
}
