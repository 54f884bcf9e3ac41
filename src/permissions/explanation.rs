//! An answer at one path with its reasons.

use super::Privileges;
use super::decision::both;
use super::reason::Side;
use crate::model::Grant;
use crate::pve::{Principal, Privilege};

/// Why somebody holds at a path what it holds, and not more; as data, not in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// Who.
    pub who: Principal,
    /// At which path, as it was asked for.
    pub path: String,
    /// On what the answer rests.
    pub basis: Basis<'a>,
    /// The grants on the way to `who` itself that are stored and not looked at: those to a token that is not separated, to
    /// root@pam's such tokens, or to a user that is missing. Groups' are not among them.
    pub ignored: Vec<&'a Grant>,
}

/// On what an answer rests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis<'a> {
    /// There is no such user, or none that the token could belong to.
    NoUser,
    /// The user has no such token.
    NoToken,
    /// root@pam, or a token of root@pam that is not separated: holds this everywhere, whatever is granted.
    Everything(Privileges),
    /// A user, or a token that is not separated and holds what its user holds.
    User(Side<'a>),
    /// A separated token of root@pam: holds what is granted to it.
    Token(Side<'a>),
    /// A separated token: holds what both are granted.
    Both {
        /// The token.
        token: Side<'a>,
        /// The user whose token it is.
        user: Side<'a>,
    },
}

impl<'a> Explanation<'a> {
    /// What `who` holds there; the same as [`Evaluator::at`](super::Evaluator::at) says.
    #[must_use]
    pub fn privileges(&self) -> Privileges {
        match &self.basis {
            Basis::NoUser | Basis::NoToken => Privileges::new(),
            Basis::Everything(all) => all.clone(),
            Basis::User(side) | Basis::Token(side) => side.privileges(),
            Basis::Both { token, user } => both(token.privileges(), &user.privileges()),
        }
    }

    /// The sides that the answer has, the token's first; none of them where grants make no difference.
    pub fn sides(&self) -> impl Iterator<Item = &Side<'a>> {
        let (first, second) = match &self.basis {
            Basis::NoUser | Basis::NoToken | Basis::Everything(_) => (None, None),
            Basis::User(side) | Basis::Token(side) => (Some(side), None),
            Basis::Both { token, user } => (Some(token), Some(user)),
        };
        first.into_iter().chain(second)
    }

    /// Whether `who` holds `privilege` there.
    #[must_use]
    pub fn holds(&self, privilege: &Privilege) -> bool {
        match &self.basis {
            Basis::NoUser | Basis::NoToken => false,
            Basis::Everything(all) => all.contains_key(privilege),
            Basis::User(_) | Basis::Token(_) | Basis::Both { .. } => self.lacking(privilege).next().is_none(),
        }
    }

    /// The sides that lack `privilege`; if there is one, `who` does not hold it.
    pub fn lacking(&self, privilege: &Privilege) -> impl Iterator<Item = &Side<'a>> {
        self.sides().filter(move |side| !side.holds(privilege))
    }
}
