//! What things are called in JSON: by their exact names.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Grant;
use crate::pve::{GroupId, RoleId, TokenId, UserId};
use crate::resolve::Kept;

/// One object, by what tells it from others.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Named {
    /// A role.
    Role {
        /// Its name.
        role: String,
    },
    /// A group.
    Group {
        /// Its name.
        group: String,
    },
    /// A user.
    User {
        /// `name@realm`
        user: String,
    },
    /// A token.
    Token {
        /// `name@realm!token`
        token: String,
    },
    /// Somebody in a group.
    Membership {
        /// `name@realm`
        user: String,
        /// The group's name.
        group: String,
    },
    /// A role to somebody at a path.
    Grant {
        /// Where.
        path: String,
        /// What.
        role: String,
        /// To whom: `name@realm`, `name@realm!token`, or `@group`.
        subject: String,
    },
}

impl Named {
    pub(super) fn role(role: &RoleId) -> Named {
        Named::Role { role: role.to_string() }
    }

    pub(super) fn group(group: &GroupId) -> Named {
        Named::Group { group: group.to_string() }
    }

    pub(super) fn user(user: &UserId) -> Named {
        Named::User { user: user.to_string() }
    }

    pub(super) fn token(token: &TokenId) -> Named {
        Named::Token { token: token.to_string() }
    }

    pub(super) fn membership(user: &UserId, group: &GroupId) -> Named {
        Named::Membership { user: user.to_string(), group: group.to_string() }
    }

    pub(super) fn grant(Grant { path, subject, role }: &Grant) -> Named {
        Named::Grant { path: path.to_string(), role: role.to_string(), subject: subject.to_string() }
    }

    pub(super) fn kept(kept: &Kept) -> Named {
        match kept {
            Kept::Role(role) => Named::role(role),
            Kept::Group(group) => Named::group(group),
            Kept::User(user) => Named::user(user),
            Kept::Token(token) => Named::token(token),
            Kept::Membership(user, group) => Named::membership(user, group),
            Kept::Grant(grant) => Named::grant(grant),
        }
    }
}

pub(super) fn granted<'a>(grants: impl IntoIterator<Item = &'a Grant>) -> Vec<Named> {
    grants.into_iter().map(Named::grant).collect()
}
