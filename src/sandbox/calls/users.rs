//! Users.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, GroupsParam, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::folder::Accounts;
use super::super::format::{Format, is_keys, is_nothing};
use super::super::schema::{Checked, Property};
use super::login::set_password;
use super::tokens::{token_entry, token_fields};
use super::{Scene, check_user_exists, expire_value, nothing, parse_expire, user_id};
use crate::model::{AccessState, Enable, Text, User};
use crate::pve::{GroupId, RealmId, Subject, UserId};

const USERID: Property = Property::text("userid").required().format(Format::User).at_most_long(64);
const COMMENT: Property = Property::text("comment").at_most_long(2048);
const EMAIL: Property = Property::text("email").format(Format::Email).at_most_long(254);
const ENABLE: Property = Property::boolean("enable");
const EXPIRE: Property = Property::integer("expire").at_least(0);
const FIRSTNAME: Property = Property::text("firstname").at_most_long(1024);
const LASTNAME: Property = Property::text("lastname").at_most_long(1024);
const GROUPS: Property = Property::text("groups").format(Format::Groups);
const KEYS: Property = Property::text("keys").pattern(is_keys);

const MODIFY: &[&str] = &["User.Modify"];
const SEE: &[&str] = &["User.Modify", "Sys.Audit"];

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Get,
        "/access/users",
        &[Property::boolean("enabled"), Property::boolean("full")],
        Needs::Credential,
        list,
    ),
    Endpoint::new(
        Verb::Post,
        "/access/users",
        &[
            USERID,
            COMMENT,
            EMAIL,
            ENABLE,
            EXPIRE,
            FIRSTNAME,
            LASTNAME,
            GROUPS,
            KEYS,
            Property::text("password").at_least_long(8).at_most_long(64),
        ],
        Needs::Check(Check::And(&[Check::AllocatesUser, Check::ManagesUser(MODIFY, GroupsParam::Create)])),
        create,
    ),
    Endpoint::new(
        Verb::Get,
        "/access/users/{userid}",
        &[USERID],
        Needs::Check(Check::ManagesUser(SEE, GroupsParam::None)),
        read,
    ),
    Endpoint::new(
        Verb::Put,
        "/access/users/{userid}",
        &[
            USERID,
            COMMENT,
            EMAIL,
            ENABLE,
            EXPIRE,
            FIRSTNAME,
            LASTNAME,
            GROUPS,
            KEYS,
            Property::boolean("append").requires("groups"),
        ],
        Needs::Check(Check::ManagesUser(MODIFY, GroupsParam::Update)),
        update,
    ),
    Endpoint::new(
        Verb::Delete,
        "/access/users/{userid}",
        &[USERID],
        Needs::Check(Check::And(&[Check::AllocatesUser, Check::ManagesUser(MODIFY, GroupsParam::None)])),
        delete,
    ),
];

fn list(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let sees_all = scene.rights.holds_any("/access/groups", SEE);
    let seen = if sees_all { BTreeSet::new() } else { scene.rights.members(&scene.rights.groups(SEE)) };
    let mut tokens: BTreeMap<&UserId, Vec<Value>> = BTreeMap::new();
    for (id, token) in &scene.state.tokens {
        tokens.entry(id.user()).or_default().push(token_entry(id, token));
    }
    let root_has_line = scene.folder().has_line_of_root()?;
    let with_email = scene.folder().users_with_email()?;
    let entry = |(id, user): (&UserId, &User)| {
        let is_wanted = params.flag("enabled").is_none_or(|enabled| enabled == user.enable.is_yes());
        let is_seen = sees_all || scene.caller.is_user(id) || seen.contains(id);
        let mut entry = fields(user, with_email.contains(id.as_str()));
        if id.is_root() && !root_has_line {
            entry.remove("expire");
        }
        entry.insert("userid".to_owned(), json!(id.as_str()));
        let realm = id.realm().parse::<RealmId>().ok().and_then(|realm| scene.state.realms.get(&realm));
        if let Some(realm) = realm {
            entry.insert("realm-type".to_owned(), json!(realm.r#type));
        }
        if params.is_on("full") {
            let groups: Vec<&str> = scene.state.groups_of(id).iter().map(GroupId::as_str).collect();
            entry.insert("groups".to_owned(), json!(groups.join(",")));
            entry.insert("tokens".to_owned(), tokens.remove(id).map_or(Value::Null, Value::Array));
        }
        (is_wanted && is_seen).then_some(Value::Object(entry))
    };
    Ok(scene.state.users.iter().filter_map(entry).collect())
}

fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &id)?;
    let has_email = scene.folder().users_with_email()?.contains(id.as_str());
    let mut entry = scene.state.users.get(&id).map(|user| fields(user, has_email)).unwrap_or_default();
    if id.is_root() && !scene.folder().has_line_of_root()? {
        entry.remove("expire");
    }
    let groups: Vec<&str> = scene.state.groups_of(&id).iter().map(GroupId::as_str).collect();
    entry.insert("groups".to_owned(), json!(groups));
    let tokens: Map<String, Value> = scene
        .state
        .tokens_of(&id)
        .map(|(token, data)| (token.name().to_owned(), Value::Object(token_fields(data))))
        .collect();
    entry.insert("tokens".to_owned(), if tokens.is_empty() { Value::Null } else { Value::Object(tokens) });
    Ok(Value::Object(entry))
}

/// What a user itself consists of. `email` is empty instead of absent where something follows it in the file
/// (api-facts.md, Users), which is what `has_email` says.
fn fields(user: &User, has_email: bool) -> Map<String, Value> {
    let User { enable, expire, firstname, lastname, email, comment, keys } = user;
    let mut fields = Map::new();
    fields.insert("enable".to_owned(), json!(u8::from(enable.is_yes())));
    fields.insert("expire".to_owned(), expire_value(*expire));
    for (name, text) in [("firstname", firstname), ("lastname", lastname), ("comment", comment), ("keys", keys)] {
        if !text.is_empty() {
            fields.insert(name.to_owned(), json!(text.as_str()));
        }
    }
    if has_email {
        fields.insert("email".to_owned(), json!(email.as_str()));
    }
    fields
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let asked = user_id(params.required("userid"))?;
    scene.folder().edit_access("create user failed", |locked, state| {
        let id = same_user(state, &asked).unwrap_or_else(|| asked.clone());
        if state.users.contains_key(&id) {
            return Err(Failure::died(format!("user '{id}' already exists")));
        }
        // The password stays even where the groups below are refused (api-facts.md, Users).
        if let Some(password) = params.secret("password") {
            set_password(locked, state, &id, &password)?;
        }
        state.users.insert(id.clone(), User::default());
        // What a vanished namesake was in and was granted is the new user's (api-facts.md, ACL).
        change(state, &id, params, Groups::Add)
    })
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id = user_id(params.required("userid"))?;
    scene.folder().edit_access("update user failed", |_, state| {
        check_user_exists(state, &id)?;
        change(state, &id, params, if params.is_on("append") { Groups::Add } else { Groups::Replace })
    })
}

/// What the groups that are given do to those that a user is in.
enum Groups {
    Add,
    Replace,
}

/// Sets what was given, and nothing else.
fn change(state: &mut AccessState, id: &UserId, params: &Checked, handling: Groups) -> Outcome {
    if let Some(groups) = given_groups(state, params)? {
        let mut of_user = match handling {
            Groups::Add => state.groups_of(id).clone(),
            Groups::Replace => BTreeSet::new(),
        };
        of_user.extend(groups);
        state.set_groups_of(id, of_user);
    }
    let Some(user) = state.users.get_mut(id) else { return Ok(nothing()) };
    if let Some(enable) = params.flag("enable") {
        user.enable = Enable::from(enable);
    }
    for (name, field) in [
        ("firstname", &mut user.firstname),
        ("lastname", &mut user.lastname),
        ("email", &mut user.email),
        ("comment", &mut user.comment),
        ("keys", &mut user.keys),
    ] {
        if let Some(text) = params.text(name) {
            *field = Text::unread(text);
        }
    }
    match params.text("expire").map(parse_expire) {
        None => {}
        Some(Some(expire)) => user.expire = expire,
        Some(None) => {
            state.users.remove(id);
            state.tokens.retain(|token, _| token.user() != id);
        }
    }
    Ok(nothing())
}

/// The groups that were given, all of which must exist; `0` alone is no group to Perl.
fn given_groups(state: &AccessState, params: &Checked) -> Result<Option<Vec<GroupId>>, Failure> {
    match params.text("groups") {
        None => return Ok(None),
        Some(text) if is_nothing(text) => return Ok(Some(Vec::new())),
        Some(_) => {}
    }
    let existing = |name: &str| {
        let group = name.parse::<GroupId>().ok().filter(|group| state.groups.contains_key(group));
        group.ok_or_else(|| Failure::died(format!("no such group '{name}'")))
    };
    params.list("groups").map(existing).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The user that is there already under another spelling, in a realm that does not tell case apart.
pub(super) fn same_user(state: &AccessState, id: &UserId) -> Option<UserId> {
    let realm = id.realm().parse::<RealmId>().ok().and_then(|realm| state.realms.get(&realm))?;
    if realm.options.get("case-sensitive").is_none_or(|sensitive| sensitive != "0") {
        return None;
    }
    let is_same =
        |other: &&UserId| other.realm() == id.realm() && other.name().to_lowercase() == id.name().to_lowercase();
    state.users.keys().find(is_same).cloned()
}

/// Removes a user with what belongs to it. The grants of its tokens stay in the file until the next write, where
/// nobody sees them; so do its tokens' secrets, for ever (api-facts.md, Users). `root@pam` comes back by itself.
fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id = user_id(params.required("userid"))?;
    scene.folder().edit_access("delete user failed", |locked, state| {
        state.users.remove(&id);
        state.memberships.remove(&id);
        state.tokens.retain(|token, _| token.user() != &id);
        state.acl.retain(|grant, _| grant.subject != Subject::User(id.clone()));
        if id.realm() == "pve" {
            locked.edit_shadow(Accounts::Pve, |shadow| shadow.remove(id.name()))?;
        }
        locked.edit_factors(|factors| factors.remove_user(&id))?;
        Ok(nothing())
    })
}
