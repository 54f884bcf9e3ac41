//! `domains.cfg`, the file that a cluster keeps its realms in.
//!
//! Knows the server's form of it: sections of `type: name` and indented options. Does not know which options a type has;
//! their secrets stand in other files.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::Realm;
use super::user_cfg::{decode, encode};
use crate::pve::RealmId;

/// The realms that are always there, each its own type, with the comment that it has until it is given another.
const BUILTIN: [(&str, &str); 2] =
    [("pam", "Linux PAM standard authentication"), ("pve", "Proxmox VE authentication server")];

/// Reads a file as the server does: what it cannot use is passed over, and only the first `default` counts.
#[must_use]
pub fn read(bytes: &[u8]) -> BTreeMap<RealmId, Realm> {
    let text = String::from_utf8_lossy(bytes);
    let mut realms: BTreeMap<RealmId, Realm> = BTreeMap::new();
    let mut section = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.trim().is_empty() {
            section = None;
        } else if let Some(realm) = section.as_mut().and_then(|id| realms.get_mut(id)) {
            let (key, value) = option(line);
            let value = if key == "comment" { decode(value) } else { value.into() };
            realm.options.insert(key.to_owned(), value.into_owned());
        } else if let Some((r#type, id)) = header(line) {
            section = Some(id.clone());
            realms.insert(id, Realm { r#type: r#type.to_owned(), options: BTreeMap::new() });
        }
    }
    keep_first_default(&mut realms);
    for (name, comment) in BUILTIN {
        // Both names are valid, as the tests show.
        let Ok(id) = name.parse() else { continue };
        let realm = realms.entry(id).or_insert_with(|| Realm { r#type: String::new(), options: BTreeMap::new() });
        name.clone_into(&mut realm.r#type);
        let kept = realm.options.entry("comment".to_owned()).or_default();
        if kept.is_empty() {
            comment.clone_into(kept);
        }
    }
    realms
}

/// The file that the server writes, but sorted: the order of its own is that in which the realms were made.
#[must_use]
pub fn write(realms: &BTreeMap<RealmId, Realm>) -> String {
    let mut file = String::new();
    for (id, Realm { r#type, options }) in realms {
        // Writing to a String cannot fail.
        let _ = writeln!(file, "{type}: {id}");
        if let Some(comment) = options.get("comment").filter(|comment| !comment.is_empty()) {
            let _ = writeln!(file, "\tcomment {}", encode(comment));
        }
        for (key, value) in options.iter().filter(|(key, _)| *key != "comment") {
            let _ = writeln!(file, "\t{key} {value}");
        }
        file.push('\n');
    }
    file
}

fn header(line: &str) -> Option<(&str, RealmId)> {
    let (r#type, name) = line.split_once(':')?;
    let sound = !r#type.is_empty() && !r#type.contains(char::is_whitespace);
    sound.then(|| name.trim().parse().ok()).flatten().map(|id| (r#type, id))
}

fn option(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(char::is_whitespace).map_or((line, ""), |(key, value)| (key, value.trim_start()))
}

fn keep_first_default(realms: &mut BTreeMap<RealmId, Realm>) {
    let mut marked = false;
    for realm in realms.values_mut() {
        let default = realm.options.get("default").is_some_and(|value| !matches!(value.as_str(), "" | "0"));
        if default && marked {
            realm.options.remove("default");
        }
        marked |= default;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(r#type: &str, options: &[(&str, &str)]) -> Realm {
        let options = options.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        Realm { r#type: r#type.to_owned(), options }
    }

    fn realms(some: &[(&str, Realm)]) -> BTreeMap<RealmId, Realm> {
        some.iter().map(|(id, realm)| (id.parse().unwrap(), realm.clone())).collect()
    }

    const PAM: (&str, &str) = ("comment", "Linux PAM standard authentication");
    const PVE: (&str, &str) = ("comment", "Proxmox VE authentication server");

    #[test]
    fn pam_and_pve_are_always_there() {
        assert_eq!(read(b""), realms(&[("pam", realm("pam", &[PAM])), ("pve", realm("pve", &[PVE]))]));
        let read = read(b"pve: pve\n\tcomment Ours\n\tdefault 1\n");
        let pve = realm("pve", &[("comment", "Ours"), ("default", "1")]);
        assert_eq!(read, realms(&[("pam", realm("pam", &[PAM])), ("pve", pve)]));
    }

    #[test]
    fn a_file_is_read_and_written_back() {
        let file = "ldap: corp\n\tcomment Caf%C3%A9%3A us\n\tbase_dn dc=example,dc=test\n\tserver1 ldap.example.test\n\n\
                    pam: pam\n\tcomment Linux PAM standard authentication\n\n\
                    pve: pve\n\tcomment Proxmox VE authentication server\n\n";
        let corp = realm(
            "ldap",
            &[("base_dn", "dc=example,dc=test"), ("comment", "Café: us"), ("server1", "ldap.example.test")],
        );
        let expected = realms(&[("corp", corp), ("pam", realm("pam", &[PAM])), ("pve", realm("pve", &[PVE]))]);
        assert_eq!(read(file.as_bytes()), expected);
        assert_eq!(write(&expected), file);
    }

    #[test]
    fn what_is_no_section_is_passed_over() {
        let file = b"# ours\nnonsense\n\tserver1 lost\n\nad: 1x\n\tdomain lost\n\nad: corp\n\tdomain  kept \n";
        let read = read(file);
        assert_eq!(read.len(), 3);
        assert_eq!(read[&"corp".parse().unwrap()], realm("ad", &[("domain", "kept")]));
    }

    #[test]
    fn one_default_is_enough() {
        let read = read(b"ad: aa\n\tdefault 1\n\nad: bb\n\tdefault 1\n");
        let defaults: Vec<&str> =
            read.iter().filter(|(_, realm)| realm.options.contains_key("default")).map(|(id, _)| id.as_str()).collect();
        assert_eq!(defaults, ["aa"]);
    }
}
