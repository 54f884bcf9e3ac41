//! Permissions as text.

use std::collections::BTreeMap;

use super::super::document::{Document, Line, Style};
use super::super::sight::{heading, is_whole};
use super::super::words::{count, visible};
use super::door::{door, opening};
use super::reasons::{Lost, explained};
use super::{Held, Rights, advice};
use crate::model::{AccessState, Origin, Propagate};
use crate::permissions::{Entry, Privileges};
use crate::pve::{AclPath, Principal, Privilege};

/// Everything that `rights` holds, for people.
pub fn permissions(rights: &Rights<'_>) -> Document {
    let Rights { snapshot, who, held, reasons, unexplained, now } = rights;
    let mut document = Document::default();
    document.push(heading(&format!("{} on", visible(who)), snapshot));
    document.extend(door(who, &snapshot.state, *now));
    if !reasons.is_empty() {
        document.extend(opening(who, &snapshot.state, *now));
    }
    document.gap();
    let state = &snapshot.state;
    let is_told = matches!(held, Held::Listed(_));
    let nothing = if is_told || is_whole(snapshot) { "nothing" } else { "nothing that can be seen" };
    let words = &Words { state, nothing };
    match held {
        Held::At(path, privileges) => document.extend(places(here(path.as_str(), privileges), words)),
        Held::Everywhere(stretches) if stretches.is_empty() => {
            document.push(Line::plain(format!("  Holds {nothing}, anywhere.")));
        }
        Held::Everywhere(stretches) => {
            let nearest =
                |at: usize, path: &str| stretches[..at].iter().rev().find(|above| is_below(path, &above.path));
            let all = stretches.iter().enumerate().flat_map(|(at, each)| stretch(each, nearest(at, &each.path)));
            document.extend(places(all, words));
        }
        Held::Listed(listed) if listed.is_empty() => {
            document.push(Line::plain("  Holds nothing, anywhere."));
            document.extend(mostly(who));
        }
        Held::Listed(listed) => {
            let is_new = |(path, privileges): &(&String, &Privileges)| {
                let above =
                    listed.iter().filter(|(above, _)| is_below(path, above)).max_by_key(|(above, _)| above.len());
                above.is_none_or(|(_, above)| !reaches_as(above, privileges))
            };
            let all = listed.iter().filter(is_new).flat_map(|(path, privileges)| here(path, privileges));
            document.extend(places(all, words));
        }
    }
    let amount = if matches!(held, Held::At(..)) { Lost::All } else { Lost::Few };
    let advice = advice::advice(rights);
    let more = (*unexplained > 0).then(|| {
        let mut more = Document::default();
        more.push(Line::plain(format!("Why at {}: ask for one with --path.", count(*unexplained, "more path"))));
        more
    });
    for part in
        advice.into_iter().chain(reasons.iter().map(|explanation| explained(explanation, snapshot, amount))).chain(more)
    {
        document.gap();
        document.extend(part);
    }
    document
}

/// Whether what is held above, as far as it reaches on, is the same.
fn reaches_as(above: &Privileges, privileges: &Privileges) -> bool {
    above.iter().filter(|(_, reach)| reach.is_yes()).eq(privileges.iter())
}

/// What is mostly the matter with somebody of whom no more is known than that it holds nothing.
fn mostly(who: &Principal) -> Document {
    let mut document = Document::default();
    if let Principal::Token(token) = who {
        let user = visible(token.user());
        document.push(Line::plain(
            "  A token like that mostly has privilege separation, Proxmox VE's default, and no grants: it may do only what",
        ));
        document.push(Line::plain(format!(
            "  its user {user} may do AND what is granted to the token itself. A dashboard shows zeros with it."
        )));
    }
    document
}

/// What the wording of what is held depends on.
struct Words<'a> {
    state: &'a AccessState,
    /// How it is said that there is nothing.
    nothing: &'static str,
}

/// A place in words, and what is held there.
type Place<'a> = (String, Vec<&'a Privilege>);

/// What is held at one path, the part that reaches below apart from the part that does not.
fn here<'a>(path: &str, privileges: &'a Privileges) -> Vec<Place<'a>> {
    let of = |wanted: Propagate| -> Vec<&Privilege> {
        privileges.iter().filter(|(_, reach)| **reach == wanted).map(|(privilege, _)| privilege).collect()
    };
    if is_leaf(path) || privileges.is_empty() {
        return vec![(path.to_owned(), privileges.keys().collect())];
    }
    let parts = [(format!("{path} and below"), of(Propagate::Yes)), (format!("{path} alone"), of(Propagate::No))];
    parts.into_iter().filter(|(_, privileges)| !privileges.is_empty()).collect()
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// `above` is the nearest stretch that reaches this one.
fn stretch<'a>(Entry { path, here, below }: &'a Entry<'_>, above: Option<&Entry<'_>>) -> Vec<Place<'a>> {
    let (at, on): (Vec<&Privilege>, Vec<&Privilege>) = (here.keys().collect(), below.keys().collect());
    if is_leaf(path) {
        return vec![(path.clone(), at)];
    }
    if at == on {
        return vec![(format!("{path} and below"), at)];
    }
    let mut places = vec![(format!("{path} alone"), at)];
    if !on.is_empty() || above.is_some_and(|above| !above.below.is_empty()) {
        places.push((format!("below {path}"), on));
    }
    places
}

fn is_leaf(path: &str) -> bool {
    path.parse().is_ok_and(|path: AclPath| path.is_leaf())
}

/// Places and the privileges there, under the name of the role that is made of them if there is one. Neighbours with the
/// same share a heading, and what has been listed is not listed again.
fn places<'a>(places: impl IntoIterator<Item = Place<'a>>, words: &Words<'_>) -> Document {
    let mut blocks: Vec<(Vec<String>, Vec<&Privilege>)> = Vec::new();
    for (place, privileges) in places {
        match blocks.last_mut() {
            Some((places, same)) if *same == privileges => places.push(visible(place)),
            _ => blocks.push((vec![visible(place)], privileges)),
        }
    }
    let mut document = Document::default();
    let mut listed: BTreeMap<&[&Privilege], &str> = BTreeMap::new();
    for (places, privileges) in &blocks {
        let mut headings = wrapped(places.iter().map(String::as_str));
        let last = Line::plain("  ").with(Style::Strong, headings.pop().unwrap_or_default());
        headings.iter().for_each(|heading| document.push(Line::plain("  ").with(Style::Strong, heading)));
        if privileges.is_empty() {
            document.push(last.with(Style::Plain, format!(": {}", words.nothing)));
            continue;
        }
        let role = role_of(privileges, words.state).map(|role| format!(" all of {role}")).unwrap_or_default();
        if let Some(first) = listed.get(privileges.as_slice()) {
            let same = if role.is_empty() { format!(" the same as {first}") } else { role };
            document.push(last.with(Style::Plain, format!(":{same}")));
            continue;
        }
        document.push(last.with(Style::Plain, format!(":{role}")));
        listed.insert(privileges, &places[0]);
        for text in wrapped(privileges.iter().map(|privilege| privilege.as_str())) {
            document.push(Line::plain(format!("      {text}")));
        }
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
pub(super) fn wrapped<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
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
    fn long_lists_go_on_in_the_next_line() {
        let words = ["a".repeat(60), "b".repeat(30), "c".repeat(60)];
        let lines = wrapped(words.iter().map(String::as_str));
        assert_eq!(lines, [format!("{}, {},", words[0], words[1]), words[2].clone()]);
    }
}
