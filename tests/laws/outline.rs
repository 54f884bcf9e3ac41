//! An exported file as somebody else's program reads it.

use std::collections::{BTreeMap, BTreeSet};

use pve_access::desired::{Kind, Selection, day_or_time};
use pve_access::model::{
    AccessState, Enable, Expire, Grant, Group, Origin, Privsep, Propagate, Role, Text, Token, User,
};
use pve_access::pve::Subject;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline {
    version: u8,
    #[serde(default)]
    roles: Option<BTreeMap<String, RoleOutline>>,
    #[serde(default)]
    groups: Option<BTreeMap<String, GroupOutline>>,
    #[serde(default)]
    users: Option<BTreeMap<String, UserOutline>>,
    #[serde(default)]
    tokens: Option<BTreeMap<String, TokenOutline>>,
    #[serde(default)]
    acl: Option<Vec<EntryOutline>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleOutline {
    privs: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupOutline {
    #[serde(default)]
    comment: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserOutline {
    enable: Option<bool>,
    expire: Option<String>,
    groups: Vec<String>,
    #[serde(default)]
    firstname: String,
    #[serde(default)]
    lastname: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOutline {
    privsep: bool,
    expire: Option<String>,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Default for Names {
    fn default() -> Names {
        Names::Several(Vec::new())
    }
}

impl Names {
    fn all(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Several(names) => names,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryOutline {
    path: Names,
    roles: Names,
    #[serde(default)]
    users: Names,
    #[serde(default)]
    groups: Names,
    #[serde(default)]
    tokens: Names,
    propagate: Option<bool>,
}

/// Text as it may be shown: a secret that somebody has put into a comment may not.
fn shown(text: &Text) -> String {
    text.as_str().replace("=12345678-abcd-ef01-2345-6789abcdef01", "=************************************")
}

fn end(expire: Expire) -> Option<String> {
    match expire {
        Expire::Never => None,
        Expire::At(seconds) => Some(day_or_time(expire).unwrap_or_else(|| seconds.to_string())),
    }
}

/// Holds what `whole` says against what `only` selects of `live`.
pub fn check_complete(whole: &str, live: &AccessState, only: &str) -> Result<(), String> {
    let outline: Outline = serde_saphyr::from_str(whole).map_err(|error| format!("{error}\n{whole}"))?;
    assert_eq!(outline.version, 1);
    let selection = Selection::of([only]).unwrap();
    let names = |names: &BTreeSet<_>| names.iter().map(ToString::to_string).collect::<Vec<_>>();

    let is_custom = |role: &Role| role.origin == Origin::Custom;
    let roles = live.roles.iter().filter(|(id, role)| is_custom(role) && selection.selects(Kind::Roles, id.as_str()));
    let roles: BTreeMap<String, RoleOutline> = roles
        .map(|(id, Role { privs, origin: _ })| {
            (id.to_string(), RoleOutline { privs: privs.iter().map(ToString::to_string).collect() })
        })
        .collect();
    same("roles", &outline.roles.unwrap_or_default(), &roles)?;

    let groups = live.groups.iter().filter(|(id, _)| selection.selects(Kind::Groups, id.as_str()));
    let groups =
        groups.map(|(id, Group { comment })| (id.to_string(), GroupOutline { comment: shown(comment) })).collect();
    same("groups", &outline.groups.unwrap_or_default(), &groups)?;

    let user = |(id, user): (&_, &User)| {
        let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
        let outline = UserOutline {
            enable: Some(*enable == Enable::Yes),
            expire: end(*expire),
            groups: names(live.groups_of(id)),
            firstname: shown(firstname),
            lastname: shown(lastname),
            email: email.to_string(),
            comment: shown(comment),
        };
        (id.to_string(), outline)
    };
    let vanished = |id: &_| UserOutline { enable: None, expire: None, ..user((id, &User::default())).1 };
    let mut users: BTreeMap<String, UserOutline> = live.users.iter().map(user).collect();
    for id in live.memberships.keys().filter(|id| !live.users.contains_key(id)) {
        users.insert(id.to_string(), vanished(id));
    }
    users.retain(|id, _| selection.selects(Kind::Users, id));
    same("users", &outline.users.unwrap_or_default(), &users)?;

    let tokens = live.tokens.iter().map(|(id, Token { comment, expire, privsep })| {
        let privsep = *privsep == Privsep::Yes;
        (id.to_string(), TokenOutline { privsep, expire: end(*expire), comment: shown(comment) })
    });
    let tokens = tokens.filter(|(id, _)| selection.selects(Kind::Tokens, id)).collect();
    same("tokens", &outline.tokens.unwrap_or_default(), &tokens)?;

    let mut found = BTreeMap::new();
    let mut count = 0;
    for EntryOutline { path, roles, users, groups, tokens, propagate } in outline.acl.unwrap_or_default() {
        let users = users.all().iter().map(|name| Subject::User(name.parse().unwrap()));
        let groups = groups.all().iter().map(|name| Subject::Group(name.parse().unwrap()));
        let tokens = tokens.all().iter().map(|name| Subject::Token(name.parse().unwrap()));
        let subjects: Vec<Subject> = users.chain(groups).chain(tokens).collect();
        for path in path.all() {
            for role in roles.all() {
                for subject in &subjects {
                    let (path, role) = (path.parse().unwrap(), role.parse().unwrap());
                    let grant = Grant { path, subject: subject.clone(), role };
                    found.insert(grant, Propagate::from(propagate.unwrap_or(true)));
                    count += 1;
                }
            }
        }
    }
    let mut acl = live.acl.clone();
    acl.retain(|grant, _| selection.selects(Kind::Acl, grant.path.as_str()));
    same("acl", &found, &acl)?;
    if count == acl.len() { Ok(()) } else { Err(format!("{count} grants are written for {}", acl.len())) }
}

fn same<K: std::fmt::Debug + Ord, V: std::fmt::Debug + PartialEq>(
    kind: &str,
    found: &BTreeMap<K, V>,
    live: &BTreeMap<K, V>,
) -> Result<(), String> {
    if found == live { Ok(()) } else { Err(format!("{kind}: found {found:#?}\nlive {live:#?}")) }
}
