//! Looking for a text that patterns select, among all that there could be.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::pattern::Patterns;

/// Finds texts of a language that patterns select.
///
/// Runs language and patterns as one automaton, so that the answer is exact: if there is such a text, it is found.
pub struct Search {
    patterns: Patterns,
    dfa: DFA,
    cache: Cache,
    start: LazyStateID,
    /// A byte of each kind that the automaton tells apart.
    kinds: Vec<u8>,
}

/// Where not to look.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Around {
    /// Texts that do not count, and what goes on after a slash below them.
    pub trees: BTreeSet<String>,
    /// Texts that do not count.
    pub exactly: BTreeSet<String>,
}

/// The patterns together are more than can be searched to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these patterns are too intricate")]
pub struct Intricate;

/// Which of the texts to keep away from the search is still following.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Track {
    /// None any more: whatever comes next, it is none of them.
    Off,
    /// The one at this place of the trie.
    On(usize),
}

/// How far a search is: what the automaton makes of the text, and which of the others it follows.
type Stage = (LazyStateID, Track);

/// A place in the texts to keep away from.
#[derive(Default)]
struct Branch {
    children: BTreeMap<u8, usize>,
    ends: Option<Ends>,
}

/// What ends at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Tree,
    Exactly,
}

impl Search {
    /// How many states are looked at in all; what people write comes to some dozens.
    const MOST: usize = 20_000;

    /// For texts that match `language`, a regular expression over bytes for the whole text.
    ///
    /// # Errors
    /// If the patterns come to too many states.
    pub fn new(language: &str, patterns: &Patterns) -> Result<Search, Intricate> {
        let whole = format!("^(?:{language})$");
        let regexes: Vec<&str> = std::iter::once(whole.as_str()).chain(patterns.iter().map(|p| p.regex())).collect();
        let dfa = DFA::builder()
            .configure(DFA::config().match_kind(MatchKind::All).cache_capacity(1 << 28))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build_many(&regexes)
            .map_err(|_| Intricate)?;
        let mut cache = dfa.create_cache();
        let start = dfa.start_state_forward(&mut cache, &Input::new("").anchored(Anchored::Yes));
        let start = start.map_err(|_| Intricate)?;
        let mut known: BTreeSet<u8> = BTreeSet::new();
        let kinds = bytes().filter(|&byte| known.insert(dfa.byte_classes().get(byte))).collect();
        let mut search = Search { patterns: patterns.clone(), dfa, cache, start, kinds };
        search.explore()?;
        Ok(search)
    }

    /// Goes everywhere once: later, nothing takes longer than this.
    fn explore(&mut self) -> Result<(), Intricate> {
        let mut seen = BTreeSet::from([self.start]);
        let mut open = vec![self.start];
        while let Some(state) = open.pop() {
            for at in 0..self.kinds.len() {
                let next = self.next(state, self.kinds[at]).ok_or(Intricate)?;
                if !next.is_dead() && seen.insert(next) {
                    open.push(next);
                }
            }
            if seen.len() > Search::MOST {
                return Err(Intricate);
            }
        }
        Ok(())
    }

    /// The shortest selected text that begins with `start` and is longer, but is none of those to keep away from.
    pub fn find(&mut self, start: &str, around: &Around) -> Option<String> {
        let trie = trie(start, around);
        let state = start.bytes().try_fold(self.start, |state, byte| self.next(state, byte))?;
        let first = (state, Track::On(0));
        let mut from: BTreeMap<Stage, Option<(Stage, u8)>> = BTreeMap::from([(first, None)]);
        let mut open = VecDeque::from([first]);
        while let Some(at) = open.pop_front() {
            let (state, track) = at;
            let every: Vec<u8> = match track {
                Track::Off => self.kinds.clone(),
                Track::On(_) => bytes().collect(),
            };
            for byte in every {
                let Some(track) = follow(&trie, track, byte) else { continue };
                let Some(next) = self.next(state, byte).filter(|next| !next.is_dead()) else { continue };
                let next = (next, track);
                if from.contains_key(&next) {
                    continue;
                }
                from.insert(next, Some((at, byte)));
                let kept_away = matches!(track, Track::On(place) if trie[place].ends.is_some());
                if !kept_away && self.is_selected(next.0) {
                    return Some(format!("{start}{}", spelt(&from, next)));
                }
                open.push_back(next);
            }
        }
        None
    }

    fn next(&mut self, state: LazyStateID, byte: u8) -> Option<LazyStateID> {
        self.dfa.next_state(&mut self.cache, state, byte).ok()
    }

    fn is_selected(&mut self, state: LazyStateID) -> bool {
        let Ok(end) = self.dfa.next_eoi_state(&mut self.cache, state) else { return false };
        if !end.is_match() {
            return false;
        }
        let matching: BTreeSet<usize> = (0..self.dfa.match_len(&self.cache, end))
            .map(|at| self.dfa.match_pattern(&self.cache, end, at).as_usize())
            .collect();
        matching.contains(&0) && self.patterns.decide(|at| matching.contains(&(at + 1)))
    }
}

/// All bytes, the most readable first, so that what is found is readable.
fn bytes() -> impl Iterator<Item = u8> {
    let letters = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z');
    letters.chain((0..=u8::MAX).filter(|byte| !byte.is_ascii_alphanumeric()))
}

/// What of the texts to keep away from goes on after `start`.
fn trie(start: &str, around: &Around) -> Vec<Branch> {
    let mut trie = vec![Branch::default()];
    let trees = around.trees.iter().map(|text| (text, Ends::Tree));
    for (text, ends) in around.exactly.iter().map(|text| (text, Ends::Exactly)).chain(trees) {
        let Some(rest) = text.strip_prefix(start) else { continue };
        let mut at = 0;
        for byte in rest.bytes() {
            let new = trie.len();
            at = *trie[at].children.entry(byte).or_insert(new);
            if at == new {
                trie.push(Branch::default());
            }
        }
        trie[at].ends = Some(ends);
    }
    trie
}

/// Where `byte` leads; nowhere, if it goes on below a tree to keep away from.
fn follow(trie: &[Branch], track: Track, byte: u8) -> Option<Track> {
    let Track::On(at) = track else { return Some(Track::Off) };
    if trie[at].ends == Some(Ends::Tree) && byte == b'/' {
        return None;
    }
    Some(trie[at].children.get(&byte).map_or(Track::Off, |&child| Track::On(child)))
}

/// The bytes that led to `end`.
fn spelt(from: &BTreeMap<Stage, Option<(Stage, u8)>>, end: Stage) -> String {
    let mut bytes = Vec::new();
    let mut at = end;
    while let Some(Some((before, byte))) = from.get(&at) {
        bytes.push(*byte);
        at = *before;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Against;
    use crate::pve::AclPath;

    fn find(patterns: &[&str], start: &str, trees: &[&str], exactly: &[&str]) -> Option<String> {
        let patterns = Patterns::new(patterns.iter().copied(), Against::Paths).unwrap();
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let around = Around { trees: set(trees), exactly: set(exactly) };
        Search::new(AclPath::REGEX, &patterns).unwrap().find(start, &around)
    }

    #[test]
    fn finds_the_shortest() {
        for (patterns, start, found) in [
            (&["/**"][..], "/", Some("/sdn")),
            (&["/vms/*"], "/", Some("/vms/100")),
            (&["/vms/*"], "/vms/", Some("/vms/100")),
            (&["/vms/*", "!/vms/1*"], "/vms/", Some("/vms/200")),
            (&["/vms/*", "!/vms/???"], "/vms/", Some("/vms/1000")),
            (&["/vms/[!2]*"], "/vms/", Some("/vms/100")),
            (&["/vms/0*"], "/vms/", None),
            (&["/vms/*/*"], "/", None),
            (&["/vms"], "/vms/", None),
            (&["/{vms,storage}/1*"], "/storage/", Some("/storage/1")),
            (&["/pool/*/**"], "/pool/a/", Some("/pool/a/a")),
            (&["/pool/x?/**"], "/pool/", Some("/pool/xa")),
            (&["/**", "!/pool/**"], "/pool/", None),
        ] {
            assert_eq!(find(patterns, start, &[], &[]).as_deref(), found, "{patterns:?} from {start}");
        }
    }

    #[test]
    fn keeps_away() {
        assert_eq!(find(&["/pool/**"], "/pool/", &["/pool/a"], &[]).as_deref(), Some("/pool/b"));
        assert_eq!(find(&["/pool/a/**"], "/pool/", &["/pool/a"], &[]), None);
        assert_eq!(find(&["/pool/a/**"], "/pool/", &[], &["/pool/a"]).as_deref(), Some("/pool/a/a"));
        assert_eq!(find(&["/pool/a*"], "/pool/", &["/pool/a"], &[]).as_deref(), Some("/pool/aa"));
        assert_eq!(find(&["/vms/10[01]"], "/vms/", &["/vms/100"], &["/vms/101"]), None);
        assert_eq!(find(&["/vms/10[012]"], "/", &["/vms/100"], &["/vms/101"]).as_deref(), Some("/vms/102"));
    }

    #[test]
    fn what_cannot_be_searched_to_the_end_says_so() {
        let pattern = format!("/storage/*a{}", "?".repeat(20));
        let patterns = Patterns::new([pattern.as_str()], Against::Paths).unwrap();
        assert!(Search::new(AclPath::REGEX, &patterns).is_err());
    }
}
