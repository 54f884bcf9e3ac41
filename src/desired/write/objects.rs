//! Live objects as entries of a file, before anybody has asked whether they can be said.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::expire;
use super::super::node::{Entry, Node, Scalar, Style, Value};
use crate::diagnostic::Span;
use crate::model::{Enable, Expire, Group, Privsep, Role, Text, Token, User};
use crate::pve::GroupId;

/// Makes nodes for a text that is still to be written: they all stand nowhere.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub nowhere: Span,
}

impl Draft {
    pub fn entry<'a>(self, key: impl Into<Cow<'a, str>>, value: Node<'a>) -> Entry<'a> {
        Entry { key: key.into(), span: self.nowhere, value }
    }

    pub fn mapping<'a>(self, entries: Vec<Entry<'a>>) -> Node<'a> {
        Node { span: self.nowhere, value: Value::Mapping(entries) }
    }

    /// A text or a name.
    pub fn text<'a>(self, text: impl Into<Cow<'a, str>>) -> Node<'a> {
        self.scalar(text.into(), Style::Quoted)
    }

    pub fn names<'a>(self, names: impl IntoIterator<Item = impl Display>) -> Node<'a> {
        let names = names.into_iter().map(|name| self.text(name.to_string())).collect();
        Node { span: self.nowhere, value: Value::List(names) }
    }

    /// A name, or several in a list.
    pub fn name_or_names<'a>(self, names: &[impl Display]) -> Node<'a> {
        match names {
            [only] => self.text(only.to_string()),
            names => self.names(names),
        }
    }

    pub fn boolean<'a>(self, yes: bool) -> Node<'a> {
        self.scalar(if yes { "true" } else { "false" }.into(), Style::Plain)
    }

    fn scalar(self, text: Cow<'_, str>, style: Style) -> Node<'_> {
        Node { span: self.nowhere, value: Value::Scalar(Scalar { text, style }) }
    }

    pub fn role<'a>(self, id: &'a str, role: &Role) -> Entry<'a> {
        let Role { privs, origin: _ } = role;
        self.entry(id, self.mapping(vec![self.entry("privs", self.names(privs))]))
    }

    pub fn group<'a>(self, id: &'a str, group: &'a Group) -> Entry<'a> {
        let Group { comment } = group;
        self.entry(id, self.mapping(self.texts([("comment", comment)])))
    }

    pub fn user<'a>(self, id: &'a str, user: &'a User, groups: &BTreeSet<GroupId>) -> Entry<'a> {
        // A second factor is nobody's to declare.
        let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
        let mut attributes = vec![self.entry("enable", self.boolean(*enable == Enable::Yes))];
        attributes.extend(self.end(*expire));
        attributes.push(self.entry("groups", self.names(groups)));
        attributes.extend(self.texts([
            ("firstname", firstname),
            ("lastname", lastname),
            ("email", email),
            ("comment", comment),
        ]));
        self.entry(id, self.mapping(attributes))
    }

    /// Somebody who is in groups and does not exist.
    pub fn vanished<'a>(self, id: &'a str, groups: &BTreeSet<GroupId>) -> Entry<'a> {
        self.entry(id, self.mapping(vec![self.entry("groups", self.names(groups))]))
    }

    pub fn token<'a>(self, id: String, token: &'a Token) -> Entry<'a> {
        let Token { comment, expire, privsep } = token;
        let mut attributes = vec![self.entry("privsep", self.boolean(*privsep == Privsep::Yes))];
        attributes.extend(self.end(*expire));
        attributes.extend(self.texts([("comment", comment)]));
        self.entry(id, self.mapping(attributes))
    }

    /// Those that are not empty, which is what they would be anyway.
    fn texts<'a, const N: usize>(self, texts: [(&'static str, &'a Text); N]) -> Vec<Entry<'a>> {
        let said = texts.into_iter().filter(|(_, text)| !text.is_empty());
        said.map(|(key, text)| self.entry(key, self.text(text.as_str()))).collect()
    }

    fn end<'a>(self, expire: Expire) -> Option<Entry<'a>> {
        let Expire::At(seconds) = expire else { return None };
        let time = expire::day_or_time(expire).unwrap_or_else(|| seconds.to_string());
        Some(self.entry("expire", self.scalar(time.into(), Style::Plain)))
    }
}
