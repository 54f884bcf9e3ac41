//! The document as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::policy::Asserted;
use crate::diagnostic::Span;
use crate::model::{Enable, Expire, Grant, Privsep, Propagate, Text};
use crate::pve::{GroupId, Privilege, RoleId, TokenId, UserId};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

/// What the files say of one attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wish<T> {
    /// Nothing: it stays as it is, or becomes the server's default on creation.
    #[default]
    Leave,
    /// It shall be this, which may be empty.
    Set(T),
}

impl<T> Wish<T> {
    /// The value asked for, if one is.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Wish::Leave => None,
            Wish::Set(value) => Some(value),
        }
    }
}

/// Whether an object shall be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence<T> {
    /// It shall, and like this.
    Present(T),
    /// It shall not: `state: absent`.
    Absent,
}

/// An object that the files speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared<T> {
    /// What they say of it.
    pub wish: Presence<T>,
    /// Its key in the file.
    pub span: Span,
}

/// `roles: NAME:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleWish {
    /// The exact privileges, each with its place.
    pub privs: Wish<BTreeMap<Privilege, Span>>,
}

/// `groups: NAME:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupWish {
    /// What it is for.
    pub comment: Wish<Text>,
}

/// `users: NAME@REALM:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserWish {
    /// Whether it can log in.
    pub enable: Wish<Enable>,
    /// Until when.
    pub expire: Wish<Expire>,
    /// First name.
    pub firstname: Wish<Text>,
    /// Last name.
    pub lastname: Wish<Text>,
    /// Mail address.
    pub email: Wish<Text>,
    /// What it is for.
    pub comment: Wish<Text>,
    /// The exact groups, each with its place.
    pub groups: Wish<BTreeMap<GroupId, Span>>,
    /// Where its password comes from when the user is made.
    pub password: Option<PasswordSource>,
}

/// `tokens: NAME@REALM!TOKEN:`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenWish {
    /// What it is for.
    pub comment: Wish<Text>,
    /// Until when it is accepted.
    pub expire: Wish<Expire>,
    /// Whether its rights are its own.
    pub privsep: Wish<Privsep>,
    /// Where the secret goes when the token is made or its secret renewed.
    pub secret: Option<Sink>,
    /// How often the secret is renewed; then nothing else says when the token ends.
    pub rotate: Option<Rotation>,
}

/// How often a secret is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long a secret is accepted, in seconds.
    pub every: u64,
    /// How many seconds before its end it is renewed; fewer than `every`.
    pub before: u64,
}

/// Where a secret goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sink {
    /// The place.
    #[serde(flatten)]
    pub to: Destination,
    /// What is written there.
    pub format: Format,
}

/// Where a password comes from, which never stands in a file of this language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordSource {
    /// A variable of the environment.
    Env(String),
    /// A file; a relative path in the desired-state file is relative to that file, and is resolved here already.
    File(PathBuf),
    /// A program and its arguments; what it prints is the password. Never empty.
    Command(Vec<String>),
}

/// A place that takes a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// A file; a relative path in the desired-state file is relative to that file, and is resolved here already.
    File(PathBuf),
    /// A program and its arguments, run with the secret on its standard input. A program whose name has a `/` is a path
    /// like that of a file, another one is in PATH.
    Command(Vec<String>),
}

impl Destination {
    /// The file, if it is one.
    #[must_use]
    pub fn as_file(&self) -> Option<&Path> {
        match self {
            Destination::File(file) => Some(file),
            Destination::Command(_) => None,
        }
    }

    /// Whether a secret in this format leaves no room for another one there: it takes the whole file, or does not say
    /// whose it is to a program that is told the same way of each.
    #[must_use]
    pub fn is_filled_by(&self, format: &Format) -> bool {
        match (self, format) {
            (_, Format::Env { name: _ }) => false,
            (Destination::File(_), Format::Value | Format::Token | Format::Json) => true,
            (Destination::Command(_), Format::Value) => true,
            (Destination::Command(_), Format::Token | Format::Json) => false,
        }
    }
}

/// How a secret is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The bare secret.
    Value,
    /// `user@realm!name=secret`, as an Authorization header wants it.
    Token,
    /// A line `NAME=secret`; the other lines of the file stay.
    Env {
        /// The variable.
        name: String,
    },
    /// An object with the id, the secret and the expiry.
    Json,
}

/// Where each part of a grant was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantOrigin {
    /// The path.
    pub path: Span,
    /// The role.
    pub role: Span,
    /// The user, group or token.
    pub subject: Span,
}

/// `cluster:`, what the command line and the environment win over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The API's addresses, as written: any of them will do, and the first one names the cluster. None if nothing is said.
    pub endpoint: Vec<Located<String>>,
    /// A file of certificates to trust, relative to the desired-state file and resolved already.
    pub ca_file: Option<Located<PathBuf>>,
    /// The SHA-256 fingerprint of the server's certificate, as written.
    pub fingerprint: Option<Located<String>>,
}

/// `lint:`, what `pve-access lint` lets pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lint {
    /// Names of rules, each with its place; whether there are such rules is `lint`'s question.
    pub allow: Vec<Located<String>>,
}

/// All files together: what they say, normalised, and where they say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Desired {
    /// Which cluster.
    pub cluster: Cluster,
    /// What is let pass.
    pub lint: Lint,
    /// The roles spoken of.
    pub roles: BTreeMap<RoleId, Declared<RoleWish>>,
    /// The groups spoken of.
    pub groups: BTreeMap<GroupId, Declared<GroupWish>>,
    /// The users spoken of.
    pub users: BTreeMap<UserId, Declared<UserWish>>,
    /// The tokens spoken of.
    pub tokens: BTreeMap<TokenId, Declared<TokenWish>>,
    /// The grants spoken of, an entry of the file multiplied out.
    pub acl: BTreeMap<Grant, (Presence<Propagate>, GrantOrigin)>,
    /// What must hold, in the order of writing.
    pub policies: Vec<Asserted>,
}

impl Desired {
    /// The tokens whose secrets are renewed before they end.
    #[must_use]
    pub fn rotating(&self) -> BTreeSet<TokenId> {
        let rotating = self.tokens.iter().filter(|(_, declared)| match &declared.wish {
            Presence::Present(wish) => wish.rotate.is_some(),
            Presence::Absent => false,
        });
        rotating.map(|(token, _)| token.clone()).collect()
    }
}
