//! The plan relies on what its reader cannot see.

use std::collections::BTreeSet;

use crate::live::Blind;

/// What the files speak of and the reader does not see all of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blindness {
    /// What cannot be seen; never empty.
    pub hidden: BTreeSet<Blind>,
}

/// The reader cannot see all of `unseen`, which the files speak of.
pub(super) fn blind(unseen: &BTreeSet<Blind>) -> Option<Blindness> {
    (!unseen.is_empty()).then(|| Blindness { hidden: unseen.clone() })
}
