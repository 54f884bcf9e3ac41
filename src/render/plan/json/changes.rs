//! What becomes of each object, with both sides.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::object::Named;
use crate::desired::{Destination, Format, PasswordSource, Sink};
use crate::diff::Delta;
use crate::model::{AccessState, Expire, Propagate, Text, Token, User};
use crate::plan::{Account, Op, Plan, Step};
use crate::pve::{Privilege, UserId};

/// What becomes of one object.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    /// Whether it comes, becomes another, or goes.
    change: Becomes,
    /// The object.
    object: Named,
    /// The number of the step that does it.
    step: usize,
    /// What it is; null if it is not there.
    before: Option<Attributes>,
    /// What it shall be; null if it goes.
    after: Option<Attributes>,
    /// Where a new secret goes; null if apply prints it. Only tokens that get one have this key: new ones, and those whose
    /// secret is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Option<Place>>,
    /// Where the password comes from that is set. Only users whose password is set have this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Origin>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Becomes {
    Create,
    Change,
    Delete,
}

/// What an object is like. Which of these it is follows from the kind of the object.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Attributes {
    /// A role.
    Role {
        /// What it holds.
        privileges: Vec<String>,
    },
    /// A user.
    User {
        /// Whether it can log in.
        enable: bool,
        /// Until when, in seconds since 1970; 0 means without end.
        expire: u64,
        /// First name.
        firstname: String,
        /// Last name.
        lastname: String,
        /// Mail address.
        email: String,
        /// What it is for.
        comment: String,
        /// The groups that it is in.
        groups: Vec<String>,
    },
    /// A token.
    Token {
        /// Whether its rights are its own.
        privsep: bool,
        /// Until when it is accepted, in seconds since 1970; 0 means without end.
        expire: u64,
        /// What it is for.
        comment: String,
    },
    /// A group.
    Group {
        /// What it is for.
        comment: String,
    },
    /// A grant.
    Grant {
        /// Whether it reaches below its path.
        propagate: bool,
    },
}

/// Where a secret goes: to a file or a command.
#[derive(Serialize, JsonSchema)]
pub(super) struct Place {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// The program and its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    /// How it is written there: `value`, `token`, `env` or `json`.
    format: &'static str,
    /// The variable, of `env`.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Where a password comes from.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Origin {
    /// A variable of the environment.
    Env(String),
    /// A file.
    File(String),
    /// A program and its arguments.
    Command(Vec<String>),
}

/// Each change of each step.
pub(super) fn changes(plan: &Plan) -> Vec<Change> {
    (1..).zip(&plan.steps).flat_map(|(number, step)| of_step(number, step, plan)).collect()
}

fn of_step(step: usize, Step { op, grants, revived: _, along: _ }: &Step, plan: &Plan) -> Vec<Change> {
    let live = &plan.aim.live.state;
    let change = |object, before, after| {
        let change = match (&before, &after) {
            (None, _) => Becomes::Create,
            (Some(_), Some(_)) => Becomes::Change,
            (Some(_), None) => Becomes::Delete,
        };
        Change { change, object, step, before, after, secret: None, password: None }
    };
    // What a step deletes has been live from the beginning, or an earlier step has made it anew.
    let gone = |object, before: Option<Attributes>| Change { change: Becomes::Delete, ..change(object, before, None) };
    let password = |user: &UserId| plan.aim.passwords.get(user).map(origin);
    match op {
        Op::CreateRole { role, privs } => vec![change(Named::role(role), None, Some(of_role(privs)))],
        Op::CreateGroup { group, comment } => vec![change(Named::group(group), None, Some(of_group(comment)))],
        Op::CreateUser { user, account } => {
            let made = change(Named::user(user), None, Some(of_user(account)));
            vec![Change { password: password(user), ..made }]
        }
        Op::CreateToken { token, attributes } => {
            let made = change(Named::token(token), None, Some(of_token(attributes)));
            vec![Change { secret: Some(plan.aim.sinks.get(token).map(place)), ..made }]
        }
        Op::SetRole { role, before, after } => {
            vec![change(Named::role(role), Some(of_role(before)), Some(of_role(after)))]
        }
        Op::SetGroup { group, before, after } => {
            vec![change(Named::group(group), Some(of_group(before)), Some(of_group(after)))]
        }
        Op::SetUser { user, before, after } => {
            vec![change(Named::user(user), Some(of_user(before)), Some(of_user(after)))]
        }
        Op::SetPassword { user } => {
            let is = || account(user, &plan.aim.target).as_ref().map(of_user);
            vec![Change { password: password(user), ..change(Named::user(user), is(), is()) }]
        }
        Op::SetToken { token, before, after } => {
            vec![change(Named::token(token), Some(of_token(before)), Some(of_token(after)))]
        }
        Op::RotateToken { token, before, after } => {
            let renewed = change(Named::token(token), Some(of_token(before)), Some(of_token(after)));
            vec![Change { secret: Some(plan.aim.sinks.get(token).map(place)), ..renewed }]
        }
        Op::Grant { batch: _, propagate: _ } | Op::Revoke { batch: _ } => {
            let of = |propagate: &Propagate| Attributes::Grant { propagate: propagate.is_yes() };
            let delta = |delta: &Delta<Propagate>| (delta.before().map(of), delta.after().map(of));
            let each = |(grant, is): &(_, Delta<Propagate>)| {
                let (before, after) = delta(is);
                change(Named::grant(grant), before, after)
            };
            grants.iter().map(each).collect()
        }
        Op::DeleteToken { token } => vec![gone(Named::token(token), live.tokens.get(token).map(of_token))],
        Op::DeleteUser { user } => vec![gone(Named::user(user), account(user, live).as_ref().map(of_user))],
        Op::DeleteGroup { group } => {
            vec![gone(Named::group(group), live.groups.get(group).map(|group| of_group(&group.comment)))]
        }
        Op::DeleteRole { role } => {
            vec![gone(Named::role(role), live.roles.get(role).map(|role| of_role(&role.privs)))]
        }
    }
}

fn account(user: &UserId, live: &AccessState) -> Option<Account> {
    let attributes = live.users.get(user)?.clone();
    Some(Account { user: attributes, groups: live.groups_of(user).clone() })
}

fn of_role(privs: &BTreeSet<Privilege>) -> Attributes {
    Attributes::Role { privileges: privs.iter().map(ToString::to_string).collect() }
}

fn of_group(comment: &Text) -> Attributes {
    Attributes::Group { comment: comment.to_string() }
}

fn of_user(Account { user, groups }: &Account) -> Attributes {
    // The marks of second factors are never written.
    let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
    Attributes::User {
        enable: enable.is_yes(),
        expire: ends(*expire),
        firstname: firstname.to_string(),
        lastname: lastname.to_string(),
        email: email.to_string(),
        comment: comment.to_string(),
        groups: groups.iter().map(ToString::to_string).collect(),
    }
}

fn of_token(Token { comment, expire, privsep }: &Token) -> Attributes {
    Attributes::Token { privsep: privsep.is_yes(), expire: ends(*expire), comment: comment.to_string() }
}

fn ends(expire: Expire) -> u64 {
    expire.into()
}

fn origin(source: &PasswordSource) -> Origin {
    match source {
        PasswordSource::Env(name) => Origin::Env(name.clone()),
        PasswordSource::File(path) => Origin::File(path.display().to_string()),
        PasswordSource::Command(words) => Origin::Command(words.clone()),
    }
}

/// Where a secret goes.
pub(super) fn place(Sink { to, format }: &Sink) -> Place {
    let (file, command) = match to {
        Destination::File(path) => (Some(path.display().to_string()), None),
        Destination::Command(command) => (None, Some(command.clone())),
    };
    let (format, name) = match format {
        Format::Value => ("value", None),
        Format::Token => ("token", None),
        Format::Env { name } => ("env", Some(name.clone())),
        Format::Json => ("json", None),
    };
    Place { file, command, format, name }
}
