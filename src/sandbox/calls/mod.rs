//! What each call does, one file for each kind of object.

mod acl;
mod groups;
mod login;
mod node;
mod permissions;
mod pools;
mod realms;
mod roles;
mod second_factors;
mod tokens;
mod users;

use serde_json::{Value, json};

use super::Node;
use super::answer::Failure;
use super::caller::Caller;
use super::endpoint::Endpoint;
use super::folder::Folder;
use super::format::verify_user;
use super::rights::Rights;
use crate::model::{AccessState, Expire};
use crate::pve::{Release, UserId};

/// Every call there is.
pub(super) const CALLS: &[&[Endpoint]] = &[
    node::CALLS,
    login::CALLS,
    users::CALLS,
    tokens::CALLS,
    groups::CALLS,
    roles::CALLS,
    acl::CALLS,
    permissions::CALLS,
    realms::CALLS,
    pools::CALLS,
    second_factors::CALLS,
];

/// What a call acts in: who asks, and the state when it was asked.
pub(super) struct Scene<'a> {
    node: &'a Node,
    caller: &'a Caller,
    pub(super) state: &'a AccessState,
    pub(super) rights: Rights<'a>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(node: &'a Node, caller: &'a Caller, state: &'a AccessState) -> Scene<'a> {
        Scene { node, caller, state, rights: Rights::new(state, caller) }
    }

    fn folder(&self) -> &'a Folder {
        &self.node.folder
    }

    fn release(&self) -> Release {
        self.node.options.release.unwrap_or(Release::MEASURED)
    }

    fn now(&self) -> u64 {
        self.node.options.clock.now()
    }
}

/// The user that a checked parameter names.
fn user_id(text: &str) -> Result<UserId, Failure> {
    verify_user(text).map_err(Failure::died)
}

/// A name that a schema has accepted; the server and this program agree on names, so it cannot be refused.
fn name<T: std::str::FromStr>(text: &str) -> Result<T, Failure>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(Failure::died)
}

/// Refuses a user that does not exist.
fn check_user_exists(state: &AccessState, user: &UserId) -> Result<(), Failure> {
    if state.users.contains_key(user) { Ok(()) } else { Err(Failure::died(format!("no such user ('{user}')"))) }
}

/// The answer of a call that has nothing to say.
fn nothing() -> Value {
    Value::Null
}

/// An end as GET answers it: a number, or a text where a signed number cannot hold it.
fn expire_value(expire: Expire) -> Value {
    let seconds = u64::from(expire);
    if i64::try_from(seconds).is_ok() { json!(seconds) } else { json!(seconds.to_string()) }
}

/// An end as it is written; `None` is one that destroys what it is written to: the server keeps it in a form that
/// it cannot read again (api-facts.md, Users: "expire > 18446744073709551615 destroys the user"). A minus stands before
/// nothing but `0`, as the schema has seen to.
fn parse_expire(text: &str) -> Option<Expire> {
    text.trim_start_matches(['+', '-']).parse::<u64>().ok().map(Expire::from)
}
