//! What became of one thing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of one thing, with both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delta<T> {
    /// It was not there before.
    Added(T),
    /// It is not there any more.
    Removed(T),
    /// It is another.
    Changed {
        /// What it was.
        before: T,
        /// What it is.
        after: T,
    },
}

impl<T> Delta<T> {
    /// What it was, if it was there.
    pub fn before(&self) -> Option<&T> {
        match self {
            Delta::Added(_) => None,
            Delta::Removed(before) | Delta::Changed { before, .. } => Some(before),
        }
    }

    /// What it is, if it is there.
    pub fn after(&self) -> Option<&T> {
        match self {
            Delta::Removed(_) => None,
            Delta::Added(after) | Delta::Changed { after, .. } => Some(after),
        }
    }
}

/// The delta of every key whose value is not the same on both sides.
pub(super) fn deltas<K: Ord + Clone, V: PartialEq + Clone>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> BTreeMap<K, Delta<V>> {
    let gone_or_changed = before.iter().filter_map(|(key, was)| {
        let delta = match after.get(key) {
            None => Delta::Removed(was.clone()),
            Some(is) if is != was => Delta::Changed { before: was.clone(), after: is.clone() },
            Some(_) => return None,
        };
        Some((key.clone(), delta))
    });
    let added = after
        .iter()
        .filter(|(key, _)| !before.contains_key(key))
        .map(|(key, is)| (key.clone(), Delta::Added(is.clone())));
    gone_or_changed.chain(added).collect()
}

/// `values` with every delta made to them.
pub(super) fn patched<K: Ord + Clone, V: Clone>(
    values: &BTreeMap<K, V>,
    deltas: &BTreeMap<K, Delta<V>>,
) -> BTreeMap<K, V> {
    let mut values = values.clone();
    for (key, delta) in deltas {
        match delta {
            Delta::Added(after) | Delta::Changed { before: _, after } => values.insert(key.clone(), after.clone()),
            Delta::Removed(_) => values.remove(key),
        };
    }
    values
}

/// Each delta with its sides swapped.
pub(super) fn inverted<K: Ord + Clone, V: Clone>(deltas: &BTreeMap<K, Delta<V>>) -> BTreeMap<K, Delta<V>> {
    let invert = |delta: &Delta<V>| match delta.clone() {
        Delta::Added(value) => Delta::Removed(value),
        Delta::Removed(value) => Delta::Added(value),
        Delta::Changed { before, after } => Delta::Changed { before: after, after: before },
    };
    deltas.iter().map(|(key, delta)| (key.clone(), invert(delta))).collect()
}
