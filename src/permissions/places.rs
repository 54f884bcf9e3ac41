//! Where somebody's answer is worth a reason.

use std::collections::BTreeSet;

use super::evaluator::Evaluator;
use crate::model::Privsep;
use crate::pve::{AclPath, Principal, Subject};

impl Evaluator<'_> {
    /// The paths at which what `who` holds changes, and those of grants that never count because the token is not
    /// separated. Of somebody who holds nothing, those at which anything is granted to it, its user or the user's groups;
    /// if there are none, the top.
    #[must_use]
    pub fn places(&self, who: &Principal) -> Vec<String> {
        let mut places: Vec<String> = self.outline(who).entries().map(|entry| entry.path).collect();
        if places.is_empty() {
            let granted = self.granted_at(|subject| self.concerns(who, subject));
            return if granted.is_empty() { vec!["/".to_owned()] } else { granted };
        }
        if let Principal::Token(token) = who
            && self.state.tokens.get(token).is_some_and(|token| token.privsep == Privsep::No)
        {
            let unlooked_at = self.granted_at(|subject| matches!(subject, Subject::Token(named) if named == token));
            let known: BTreeSet<String> = places.iter().cloned().collect();
            places.extend(unlooked_at.into_iter().filter(|path| !known.contains(path)));
        }
        places
    }

    /// Whether `subject` is `who`, its user, or a group that the user is in.
    fn concerns(&self, who: &Principal, subject: &Subject) -> bool {
        match subject {
            Subject::User(user) => user == who.user(),
            Subject::Group(group) => self.state.groups_of(who.user()).contains(group),
            Subject::Token(token) => matches!(who, Principal::Token(named) if named == token),
        }
    }

    fn granted_at(&self, is_meant: impl Fn(&Subject) -> bool) -> Vec<String> {
        let grants = self.state.acl.keys().filter(|grant| is_meant(&grant.subject));
        let paths: BTreeSet<&AclPath> = grants.map(|grant| &grant.path).collect();
        paths.into_iter().map(ToString::to_string).collect()
    }
}
