//! Permissions as text.

use std::collections::BTreeMap;

use super::super::document::{Document, Line, Style};
use super::super::sight::heading;
use super::super::words::visible;
use super::door::door;
use super::reasons::explained;
use super::{Held, Rights, Stretch, advice};
use crate::model::{AccessState, Origin, Propagate};
use crate::permissions::Privileges;
use crate::pve::{AclPath, Privilege};

/// Everything that `rights` holds, for people.
pub fn permissions(rights: &Rights<'_>) -> Document {
    let Rights { snapshot, who, held, reasons, now } = rights;
    let mut document = Document::default();
    document.push(heading(&format!("{} on", visible(who)), snapshot));
    document.extend(door(who, &snapshot.state, *now));
    document.gap();
    let state = &snapshot.state;
    let is_told = matches!(held, Held::Listed(_));
    let is_whole = snapshot.sight.hidden().iter().all(|kind| kind.needs().is_none());
    let nothing = if is_told || is_whole { "nothing" } else { "nothing that can be seen" };
    let words = &Words { state, nothing };
    match held {
        Held::At(path, privileges) => document.extend(here(path.as_str(), privileges, words)),
        Held::Everywhere(stretches) if stretches.is_empty() => {
            document.push(Line::plain(format!("  Holds {nothing}, anywhere.")));
        }
        Held::Everywhere(stretches) => {
            for (at, each) in stretches.iter().enumerate() {
                let above = stretches[..at].iter().rev().find(|above| is_below(&each.path, &above.path));
                document.extend(stretch(each, above, words));
            }
        }
        Held::Listed(listed) if listed.is_empty() => document.push(Line::plain("  Holds nothing, anywhere.")),
        Held::Listed(listed) => {
            for (path, privileges) in listed {
                document.extend(here(path, privileges, words));
            }
        }
    }
    let advice = advice::advice(rights);
    for part in advice.into_iter().chain(reasons.iter().map(|explanation| explained(explanation, state))) {
        document.gap();
        document.extend(part);
    }
    document
}

/// What the wording of what is held depends on.
struct Words<'a> {
    state: &'a AccessState,
    /// How it is said that there is nothing.
    nothing: &'static str,
}

/// What is held at one path, the part that reaches below apart from the part that does not.
fn here(path: &str, privileges: &Privileges, words: &Words<'_>) -> Document {
    let of = |wanted: Propagate| -> Vec<&Privilege> {
        privileges.iter().filter(|(_, reach)| **reach == wanted).map(|(privilege, _)| privilege).collect()
    };
    let (alone, reaching) = (of(Propagate::No), of(Propagate::Yes));
    let mut document = Document::default();
    if is_leaf(path) || privileges.is_empty() {
        document.extend(block(path, &privileges.keys().collect::<Vec<_>>(), words));
        return document;
    }
    if !reaching.is_empty() {
        document.extend(block(&format!("{path} and below"), &reaching, words));
    }
    if !alone.is_empty() {
        document.extend(block(&format!("{path} alone"), &alone, words));
    }
    document
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// `above` is the nearest stretch that reaches this one.
fn stretch(Stretch { path, here, below }: &Stretch, above: Option<&Stretch>, words: &Words<'_>) -> Document {
    let (at, on): (Vec<&Privilege>, Vec<&Privilege>) = (here.keys().collect(), below.keys().collect());
    if is_leaf(path) {
        return block(path, &at, words);
    }
    if at == on {
        return block(&format!("{path} and below"), &at, words);
    }
    let mut document = block(&format!("{path} alone"), &at, words);
    if !on.is_empty() || above.is_some_and(|above| !above.below.is_empty()) {
        document.extend(block(&format!("below {path}"), &on, words));
    }
    document
}

/// Whether the access tree ends at a path, so that nothing can be below it.
fn is_leaf(path: &str) -> bool {
    path.parse::<AclPath>().is_ok_and(|path| path.check_shape().is_ok())
        && format!("{}/x", path.trim_end_matches('/'))
            .parse::<AclPath>()
            .is_ok_and(|below| below.check_shape().is_err())
        && !matches!(path, "/" | "/access" | "/sdn" | "/vms")
}

/// A place and the privileges there, under the name of the role that is made of them if there is one.
fn block(place: &str, privileges: &[&Privilege], words: &Words<'_>) -> Document {
    let mut document = Document::default();
    let line = Line::plain("  ").with(Style::Strong, visible(place));
    if privileges.is_empty() {
        document.push(line.with(Style::Plain, format!(": {}", words.nothing)));
        return document;
    }
    document.push(match role_of(privileges, words.state) {
        Some(role) => line.with(Style::Plain, format!(": all of {role}")),
        None => line.with(Style::Plain, ":"),
    });
    for text in wrapped(privileges.iter().map(|privilege| privilege.as_str())) {
        document.push(Line::plain(format!("      {text}")));
    }
    document
}

/// The role that holds exactly these; of several, a builtin one.
fn role_of(privileges: &[&Privilege], state: &AccessState) -> Option<String> {
    let mut same: BTreeMap<(bool, &str), ()> = BTreeMap::new();
    for (id, role) in &state.roles {
        if role.privs.iter().eq(privileges.iter().copied()) {
            same.insert((role.origin == Origin::Custom, id.as_str()), ());
        }
    }
    same.into_keys().next().map(|(_, id)| visible(id))
}

/// Words with commas between them, in lines of a readable length.
fn wrapped<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    const WIDTH: usize = 104;
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 2 + word.len() <= WIDTH => {
                line.push_str(", ");
                line.push_str(word);
            }
            last => {
                if let Some(line) = last {
                    line.push(',');
                }
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_ends_where_it_does() {
        for path in ["/vms/100", "/storage/local", "/nodes/n1", "/access/groups/g", "/pool/a/b/c", "/mapping/pci/gpu"] {
            assert!(is_leaf(path), "{path}");
        }
        for path in ["/", "/vms", "/access", "/access/groups", "/pool/a", "/sdn", "/sdn/zones", "/odd/path", "/mapping"]
        {
            assert!(!is_leaf(path), "{path}");
        }
    }

    #[test]
    fn long_lists_go_on_in_the_next_line() {
        let words = ["a".repeat(60), "b".repeat(30), "c".repeat(60)];
        let lines = wrapped(words.iter().map(String::as_str));
        assert_eq!(lines, [format!("{}, {},", words[0], words[1]), words[2].clone()]);
    }
}
