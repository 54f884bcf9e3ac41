//! One fault, as data.

use std::fmt;

use crate::model::{Grant, Propagate};
use crate::pve::{GroupId, RealmId, RoleId, TokenId, UserId};

/// Something that is at fault, once however many are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, the most telling first; never empty.
    pub objects: Vec<Object>,
    /// The fault; names stand in it as they are.
    pub message: String,
    /// What mends it, to be done in this order; nothing where that takes a decision.
    pub cures: Vec<Cure>,
    /// Whether the cure changes what anybody may do.
    pub effect: Effect,
}

/// Whether a cure changes what anybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It may.
    Some,
    /// It changes nothing for anybody: what goes has no effect now.
    None,
}

/// Something that a state consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A realm, there or not.
    Realm(RealmId),
    /// A role.
    Role(RoleId),
    /// A group, there or not.
    Group(GroupId),
    /// A user, there or not.
    User(UserId),
    /// A token.
    Token(TokenId),
    /// Somebody in a group.
    Membership(UserId, GroupId),
    /// A grant.
    Grant(Grant),
}

/// Something that is done about a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Makes a grant.
    Grant(Grant, Propagate),
    /// Takes one back.
    Revoke(Grant),
    /// Makes a user who cannot log in, for its name alone.
    AddUser(UserId),
    /// Makes a group without members, for its name alone.
    AddGroup(GroupId),
    /// Deletes a token.
    DeleteToken(TokenId),
    /// Deletes a user.
    DeleteUser(UserId),
    /// Deletes a group.
    DeleteGroup(GroupId),
    /// Deletes a role.
    DeleteRole(RoleId),
}

impl Finding {
    /// A fault that nothing is offered for.
    pub(super) fn new(objects: Vec<Object>, message: impl Into<String>) -> Finding {
        Finding { objects, message: message.into(), cures: Vec::new(), effect: Effect::Some }
    }

    /// The same with what mends it.
    pub(super) fn cured(self, effect: Effect, cures: Vec<Cure>) -> Finding {
        Finding { cures, effect, ..self }
    }
}

impl Object {
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Object::Realm(_) => "realm",
            Object::Role(_) => "role",
            Object::Group(_) => "group",
            Object::User(_) => "user",
            Object::Token(_) => "token",
            Object::Membership(..) => "membership",
            Object::Grant(_) => "grant",
        }
    }
}

impl fmt::Display for Object {
    /// Its name; of a grant, `ROLE on PATH to SUBJECT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::Realm(realm) => realm.fmt(f),
            Object::Role(role) => role.fmt(f),
            Object::Group(group) => group.fmt(f),
            Object::User(user) => user.fmt(f),
            Object::Token(token) => token.fmt(f),
            Object::Membership(user, group) => write!(f, "{user} in {group}"),
            Object::Grant(Grant { path, subject, role }) => write!(f, "{role} on {path} to {subject}"),
        }
    }
}
