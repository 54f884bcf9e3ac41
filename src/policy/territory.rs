//! The paths that a policy is about.
//!
//! There is no end of them: `/vms/*` is every guest that there could be. But what somebody holds changes only at the
//! entries of an outline, and is the same at all paths between them. So it is enough to ask, for each entry, whether a
//! path that the policy is about lies there; and that, an automaton answers exactly.

use std::collections::{BTreeMap, BTreeSet};

use super::violation::{Extent, Place};
use crate::model::{Around, Pattern, Patterns, Search, Sense};
use crate::permissions::{Outline, Privileges};
use crate::pve::{AclPath, Privilege};

/// The paths that match a policy's `on`: all that Proxmox VE could have, and those at which anything is granted,
/// whatever they look like.
pub struct Territory<'p> {
    on: &'p Patterns,
    /// Those that are written out.
    literal: BTreeSet<String>,
    /// For the others, if there are any.
    search: Option<Search>,
    /// What was found, by where it was looked for.
    known: BTreeMap<(String, Around), Option<String>>,
}

impl<'p> Territory<'p> {
    /// What `on` matches.
    pub fn new(on: &'p Patterns) -> Territory<'p> {
        let included = || on.iter().filter(|pattern| pattern.sense() == Sense::Include);
        let literal = included().filter_map(Pattern::literal).filter(|path| on.select(path));
        let is_open = included().any(|pattern| pattern.literal().is_none());
        Territory {
            on,
            literal: literal.map(str::to_owned).collect(),
            // Patterns that are too intricate were refused with the file.
            search: is_open.then(|| Search::new(AclPath::REGEX, on).ok()).flatten(),
            known: BTreeMap::new(),
        }
    }

    /// Where in it anything is `wrong` with what is held, by what that is.
    pub fn places(
        &mut self,
        outline: &Outline<'_>,
        wrong: impl Fn(&Privileges) -> BTreeSet<Privilege>,
    ) -> BTreeMap<BTreeSet<Privilege>, Vec<Place>> {
        let mut places: BTreeMap<BTreeSet<Privilege>, Vec<Place>> = BTreeMap::new();
        let mut add = |privileges: BTreeSet<Privilege>, path: &str, extent: Extent| {
            if !privileges.is_empty() {
                places.entry(privileges).or_default().push(Place { path: path.to_owned(), extent });
            }
        };
        for path in &self.literal {
            add(wrong(outline.at(path)), path, Extent::Here);
        }
        if self.search.is_none() {
            return places;
        }
        let changes: Vec<(String, BTreeSet<Privilege>, BTreeSet<Privilege>)> =
            outline.entries().map(|entry| (entry.path, wrong(entry.here), wrong(entry.below))).collect();
        // Above the first entry, nothing is held.
        let top = changes.first().is_none_or(|(path, _, _)| path != "/").then(|| {
            let wrong = wrong(&Privileges::new());
            ("/".to_owned(), wrong.clone(), wrong)
        });
        let changes: Vec<_> = top.into_iter().chain(changes).collect();
        for (at, (path, here, below)) in changes.iter().enumerate() {
            let is_meant = !self.literal.contains(path) && self.on.select(path);
            let here = if is_meant { here.clone() } else { BTreeSet::new() };
            let later = changes[at + 1..].iter().map(|(path, _, _)| path);
            let example = if below.is_empty() { None } else { self.below(path, later) };
            match example {
                Some(_) if *below == here => add(here, path, Extent::Both),
                Some(example) => {
                    add(here, path, Extent::Here);
                    add(below.clone(), path, Extent::Below { example });
                }
                None => add(here, path, Extent::Here),
            }
        }
        places
    }

    /// A path below `path` and not at or below any of `later`, which begin with those below it.
    fn below<'c>(&mut self, path: &str, later: impl Iterator<Item = &'c String>) -> Option<String> {
        let start = format!("{}/", path.trim_end_matches('/'));
        let trees = later.take_while(|later| later.starts_with(&start)).cloned().collect();
        let around = Around { trees, exactly: self.literal.clone() };
        let search = self.search.as_mut()?;
        let known = self.known.entry((start, around));
        let found = known.or_insert_with_key(|(start, around)| search.find(start, around));
        found.clone()
    }
}
