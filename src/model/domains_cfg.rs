//! `domains.cfg`, the file that a cluster keeps its realms in.
//!
//! Knows the server's form of it: sections of `type: name` and indented options. Does not know which options a type has;
//! their secrets stand in other files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::Realm;
use super::user_cfg::{decode, encode, is_blank};
use crate::pve::{NameError, RealmId};

/// The realms that are always there, each its own type, with the comment that it has until it is given another.
const BUILTIN: [(&str, &str); 2] =
    [("pam", "Linux PAM standard authentication"), ("pve", "Proxmox VE authentication server")];

/// The types that a section can have; others are passed over.
const TYPES: [&str; 5] = ["ad", "ldap", "openid", "pam", "pve"];

/// Options that are on if they stand there without a value; any other is as good as not there then.
const SWITCHES: [&str; 8] = [
    "autocreate",
    "case-sensitive",
    "default",
    "groups-autocreate",
    "groups-overwrite",
    "query-userinfo",
    "secure",
    "verify",
];

/// What stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Sections {
    /// The realms in the order of the file, of several with one name the last.
    pub realms: Vec<(RealmId, Realm)>,
    /// The lines that are passed over though they say something, counted from 1.
    pub ignored: Vec<usize>,
}

/// Reads a file as the server does: what it cannot use is passed over, and only the first `default` counts.
#[must_use]
pub fn read(bytes: &[u8]) -> BTreeMap<RealmId, Realm> {
    let mut realms: BTreeMap<RealmId, Realm> = sections(bytes).realms.into_iter().collect();
    keep_first_default(&mut realms);
    for (name, comment) in BUILTIN {
        // Both names are valid, as the tests show.
        let Ok(id) = name.parse() else { continue };
        let realm = realms.entry(id).or_insert_with(|| Realm { r#type: String::new(), options: BTreeMap::new() });
        name.clone_into(&mut realm.r#type);
        let kept = realm.options.entry("comment".to_owned()).or_default();
        if is_nothing(kept) {
            comment.clone_into(kept);
        }
    }
    realms
}

/// Divides a file into its sections. One begins with a line that is not indented and ends with an empty one, and a blank
/// is not empty; the first value of an option counts (pve-common, `SectionConfig::parse_config`).
pub fn sections(bytes: &[u8]) -> Sections {
    enum Within {
        Nothing,
        Section(RealmId, Realm),
        Skipped,
    }
    let text = String::from_utf8_lossy(bytes);
    let mut found = Sections::default();
    let mut within = Within::Nothing;
    let mut keep = |within: Within| {
        if let Within::Section(id, realm) = within {
            found.realms.push((id, realm));
        }
    };
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.trim_start_matches(is_blank).starts_with('#') {
            continue;
        }
        let is_end = is_nothing(line);
        let is_used = match &mut within {
            Within::Nothing if is_end => true,
            Within::Nothing => {
                within = match header(line) {
                    Some((r#type, Ok(id))) if TYPES.contains(&r#type.as_str()) => {
                        Within::Section(id, Realm { r#type, options: BTreeMap::new() })
                    }
                    Some(_) => Within::Skipped,
                    None => Within::Nothing,
                };
                matches!(within, Within::Section(..))
            }
            Within::Section(..) | Within::Skipped if is_end => {
                keep(std::mem::replace(&mut within, Within::Nothing));
                true
            }
            Within::Section(_, realm) => match option(line) {
                Some((key, value)) if !realm.options.contains_key(key) => {
                    realm.options.insert(key.to_owned(), value);
                    true
                }
                Some(_) | None => false,
            },
            Within::Skipped => false,
        };
        if !is_used && !line.trim_matches(is_blank).is_empty() {
            found.ignored.push(number);
        }
    }
    keep(within);
    let mut later = BTreeSet::new();
    found.realms.reverse();
    found.realms.retain(|(id, _)| later.insert(id.clone()));
    found.realms.reverse();
    found
}

/// The file that the server writes, but sorted: the order of its own is that in which the realms were made.
#[must_use]
pub fn write(realms: &BTreeMap<RealmId, Realm>) -> String {
    let mut file = String::new();
    for (id, Realm { r#type, options }) in realms {
        // Writing to a String cannot fail.
        let _ = writeln!(file, "{type}: {id}");
        if let Some(comment) = options.get("comment").filter(|comment| !is_nothing(comment)) {
            let _ = writeln!(file, "\tcomment {}", encode(comment));
        }
        for (key, value) in options.iter().filter(|(key, _)| *key != "comment") {
            let _ = writeln!(file, "\t{key} {value}");
        }
        file.push('\n');
    }
    file
}

/// A type, in lower case, and the name of a realm, which may be none.
fn header(line: &str) -> Option<(String, Result<RealmId, NameError>)> {
    let line = line.trim_end_matches(is_blank);
    let (r#type, name) = match line.split_once(is_blank) {
        Some((r#type, name)) => (r#type.strip_suffix(':')?, name.trim_start_matches(is_blank)),
        None => line.rsplit_once(':')?,
    };
    let sound = !r#type.is_empty() && !name.is_empty() && !name.contains(is_blank);
    sound.then(|| (r#type.to_ascii_lowercase(), name.parse()))
}

/// An indented option with its value.
fn option(line: &str) -> Option<(&str, String)> {
    let inner = line.trim_start_matches(is_blank);
    let is_indented = inner.len() < line.len();
    let inner = inner.trim_end_matches(is_blank);
    if !is_indented || inner.is_empty() {
        return None;
    }
    match inner.split_once(is_blank) {
        Some((key, value)) => {
            let value = value.trim_start_matches(is_blank);
            let value = if key == "comment" { decode(value) } else { value.into() };
            Some((key, value.into_owned()))
        }
        None => SWITCHES.contains(&inner).then(|| (inner, "1".to_owned())),
    }
}

/// Whether Perl takes a text for nothing.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "0")
}

fn keep_first_default(realms: &mut BTreeMap<RealmId, Realm>) {
    let mut marked = false;
    for realm in realms.values_mut() {
        let default = realm.options.get("default").is_some_and(|value| !is_nothing(value));
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
        let file =
            b"# ours\nnonsense\n\tserver1 lost\n\nad: 1x\n\tdomain lost\n\nad: corp\n\tdomain  kept \n\nnis: x1\n";
        let found = sections(file);
        assert_eq!(found.realms, [("corp".parse().unwrap(), realm("ad", &[("domain", "kept")]))]);
        assert_eq!(found.ignored, [2, 3, 5, 6, 11]);
    }

    /// Each with what pve-common's `SectionConfig::parse_config` makes of it.
    #[test]
    fn sections_are_as_loose_as_the_servers() {
        let corp = |options: &[(&str, &str)]| vec![("corp".parse::<RealmId>().unwrap(), realm("ad", options))];
        for (file, found) in [
            ("AD:corp\n\tdomain a", corp(&[("domain", "a")])),
            ("ad:   corp  \n domain\ta b", corp(&[("domain", "a b")])),
            ("ad: corp\n\tdomain a\n\tdomain b", corp(&[("domain", "a")])),
            ("ad: corp\n\tdomain a\n \n\tserver1 b", corp(&[("domain", "a"), ("server1", "b")])),
            ("ad: corp\n\tdomain a\n\n\tserver1 b", corp(&[("domain", "a")])),
            ("ad: corp\n\tdomain a\nserver1 b\nad: other", corp(&[("domain", "a")])),
            ("ad: corp\n  # ours\n\tdefault\n\tserver1", corp(&[("default", "1")])),
            ("ad: corp\n\tdomain a\n\nad: corp\n\tdomain b", corp(&[("domain", "b")])),
            ("ad: corp more", vec![]),
            (" ad: corp", vec![]),
            ("ad:", vec![]),
        ] {
            assert_eq!(sections(file.as_bytes()).realms, found, "{file:?}");
        }
        let twice = sections(b"ad: a1\n\nad: b1\n\nad: a1\n\tdomain x\n");
        let names: Vec<&str> = twice.realms.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(names, ["b1", "a1"], "the last of one name, where it stands");
    }

    #[test]
    fn one_default_is_enough() {
        let read = read(b"ad: aa\n\tdefault 1\n\nad: bb\n\tdefault 1\n");
        let defaults: Vec<&str> =
            read.iter().filter(|(_, realm)| realm.options.contains_key("default")).map(|(id, _)| id.as_str()).collect();
        assert_eq!(defaults, ["aa"]);
    }
}
