//! What all users and tokens hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Privileges;
use super::drawing::Drawing;
use super::evaluator::Evaluator;
use super::outline::Outline;
use super::standing::Standing;
use crate::pve::{Principal, Privilege};

/// The outlines of all users and tokens of a state.
///
/// Those who are granted the same at the same paths, and whose groups are, share one; equal sets of privileges are one
/// allocation. Making it costs time in proportion to users, tokens and grants, and to the entries that cannot be shared:
/// as many as its groups' grants below a user's own, as a user's entries below a token's, and as the members of pools
/// that somebody is granted something at in person.
pub struct Everyone<'e> {
    outlines: Vec<Outline<'e>>,
    of: BTreeMap<Principal, usize>,
    nothing: Arc<Privileges>,
}

impl<'e> Everyone<'e> {
    pub(super) fn new(evaluator: &'e Evaluator<'_>) -> Everyone<'e> {
        let state = evaluator.state;
        let users = state.users.keys().cloned().map(Principal::User);
        let everybody = users.chain(state.tokens.keys().cloned().map(Principal::Token));

        let alike = evaluator.index.alike(&evaluator.tree);
        let mut drawing = Drawing::new(evaluator);
        let mut outlines: Vec<Outline<'e>> = Vec::new();
        let mut known: BTreeMap<Standing<'_>, usize> = BTreeMap::new();
        let of = everybody.map(|who| {
            let standing = evaluator.index.standing(state, &who).among(&alike);
            let at = *known.entry(standing).or_insert_with_key(|standing| {
                outlines.push(drawing.outline(standing));
                outlines.len() - 1
            });
            (who, at)
        });
        let of = of.collect();
        Everyone { outlines, of, nothing: Arc::default() }
    }

    /// Everybody with its outline: users, then tokens, each sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&Principal, &Outline<'e>)> {
        self.of.iter().map(|(who, &at)| (who, &self.outlines[at]))
    }

    /// Every outline with those who share it, sorted by the first of them.
    pub fn sharing(&self) -> impl Iterator<Item = (Vec<&Principal>, &Outline<'e>)> {
        let mut sharing: Vec<Vec<&Principal>> = vec![Vec::new(); self.outlines.len()];
        self.of.iter().for_each(|(who, &at)| sharing[at].push(who));
        sharing.into_iter().zip(&self.outlines)
    }

    /// The outline of one, if there is such a user or token.
    #[must_use]
    pub fn outline(&self, who: &Principal) -> Option<&Outline<'e>> {
        self.of.get(who).map(|&at| &self.outlines[at])
    }

    /// The number of the outline of one; those who share one have the same.
    pub(super) fn number(&self, who: &Principal) -> Option<usize> {
        self.of.get(who).copied()
    }

    /// What `who` holds at a path that is written as the server lists it.
    #[must_use]
    pub fn at(&self, who: &Principal, path: &str) -> &Arc<Privileges> {
        self.outline(who).map_or(&self.nothing, |outline| outline.at(path))
    }

    /// Those who hold `privilege` at such a path, in order.
    pub fn holding<'o>(
        &'o self,
        privilege: &Privilege,
        path: &str,
    ) -> impl Iterator<Item = &'o Principal> + use<'o, 'e> {
        let holding: Vec<bool> = self.outlines.iter().map(|outline| outline.at(path).contains_key(privilege)).collect();
        self.of.iter().filter(move |&(_, &at)| holding[at]).map(|(who, _)| who)
    }
}
