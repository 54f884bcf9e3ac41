//! Where the files speak of what a finding is about.

use super::finding::Object;
use crate::desired::{Declared, Desired, Presence, UserWish, Wish};
use crate::diagnostic::Span;

/// The place of the first object that the files declare.
#[must_use]
pub fn place(objects: &[Object], desired: &Desired) -> Option<Span> {
    objects.iter().find_map(|object| declared(object, desired))
}

fn declared(object: &Object, desired: &Desired) -> Option<Span> {
    match object {
        Object::Realm(_) => None,
        Object::Role(role) => present(desired.roles.get(role)),
        Object::Group(group) => present(desired.groups.get(group)),
        Object::User(user) => present(desired.users.get(user)),
        Object::Token(token) => present(desired.tokens.get(token)),
        Object::Membership(user, group) => match &desired.users.get(user)?.wish {
            Presence::Present(UserWish { groups: Wish::Set(groups), .. }) => groups.get(group).copied(),
            Presence::Present(_) | Presence::Absent => None,
        },
        Object::Grant(grant) => match desired.acl.get(grant)? {
            (Presence::Present(_), origin) => Some(origin.subject),
            (Presence::Absent, _) => None,
        },
    }
}

fn present<T>(declared: Option<&Declared<T>>) -> Option<Span> {
    let Declared { wish, span } = declared?;
    match wish {
        Presence::Present(_) => Some(*span),
        Presence::Absent => None,
    }
}
