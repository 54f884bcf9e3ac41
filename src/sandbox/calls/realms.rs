//! Realms.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::folder::Locked;
use super::super::format::is_nothing;
use super::super::property_string::{SECOND_FACTOR, SYNC_OPTIONS, is_removal, sync_options_as_kept};
use super::super::realm_file::{RealmFile, digest_of};
use super::super::realm_type::{REALM, RealmType, TO_CREATE, TO_UPDATE, is_number};
use super::super::schema::{Checked, Property};
use super::{Scene, name, nothing};
use crate::model::Realm;
use crate::pve::RealmId;

const ALLOCATE: Needs = Needs::Check(Check::Holds("/access/realm", &["Realm.Allocate"]));

const ONE: &str = "/access/domains/{realm}";

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/domains", &[], Needs::Nothing, list),
    Endpoint::new(Verb::Post, "/access/domains", TO_CREATE, ALLOCATE, create),
    Endpoint::new(
        Verb::Get,
        ONE,
        &[REALM],
        Needs::Check(Check::Holds("/access/realm", &["Realm.Allocate", "Sys.Audit"])),
        read,
    ),
    Endpoint::new(Verb::Put, ONE, TO_UPDATE, ALLOCATE, update),
    Endpoint::new(Verb::Delete, ONE, &[REALM], ALLOCATE, delete),
    Endpoint::new(
        Verb::Post,
        "/access/domains/{realm}/sync",
        &[
            REALM,
            Property::boolean("dry-run"),
            Property::boolean("enable-new"),
            Property::boolean("full"),
            Property::boolean("purge"),
            Property::text("remove-vanished").pattern(is_removal),
            Property::text("scope").one_of(&["users", "groups", "both"]),
        ],
        Needs::Check(Check::And(&[
            Check::Holds("/access/realm/{realm}", &["Realm.AllocateUser"]),
            Check::Holds("/access/groups", &["User.Modify"]),
        ])),
        synchronise,
    ),
];

/// Parameters that are no options of a realm.
const NOT_OPTIONS: [&str; 6] = ["realm", "type", "password", "check-connection", "delete", "digest"];

fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let entry = |(id, realm): (&RealmId, &Realm)| {
        let Realm { r#type, options } = realm;
        let mut entry = Map::new();
        entry.insert("realm".to_owned(), json!(id.as_str()));
        entry.insert("type".to_owned(), json!(r#type));
        if let Some(comment) = options.get("comment") {
            entry.insert("comment".to_owned(), json!(comment));
        }
        if options.get("default").is_some_and(|default| default == "1") {
            entry.insert("default".to_owned(), json!(1));
        }
        if let Some(tfa) = options.get("tfa").and_then(|tfa| SECOND_FACTOR.parse(tfa).ok()) {
            entry.insert("tfa".to_owned(), json!(tfa.get("type")));
        }
        Value::Object(entry)
    };
    Ok(scene.state.realms.iter().map(entry).collect())
}

fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RealmId = name(params.required("realm"))?;
    let Some(Realm { r#type, options }) = scene.state.realms.get(&id) else {
        return Err(Failure::died(format!("domain '{id}' does not exist")));
    };
    let value = |(name, value): (&String, &String)| {
        let number = value.parse::<u64>().ok().filter(|_| is_number(name));
        (name.clone(), number.map_or_else(|| json!(value), |number| json!(number)))
    };
    let mut entry: Map<String, Value> = options.iter().map(value).collect();
    entry.insert("type".to_owned(), json!(r#type));
    entry.insert("digest".to_owned(), json!(digest_of(&scene.folder().domains_cfg()?)));
    if r#type == "pam" {
        entry.insert("plugin".to_owned(), json!("PVE::Auth::PAM"));
    }
    Ok(Value::Object(entry))
}

/// Changes domains.cfg under the lock; what is refused is answered as a failure of `action`.
fn edit(
    scene: &Scene<'_>,
    action: &str,
    change: impl FnOnce(&Locked<'_>, &mut RealmFile, &str) -> Result<(), Failure>,
) -> Outcome {
    let edit = || {
        let locked = scene.folder().lock()?;
        let before = scene.folder().domains_cfg()?;
        let mut file = RealmFile::read(&before);
        change(&locked, &mut file, &digest_of(&before))?;
        locked.write_domains_cfg(&file.write().map_err(Failure::died)?)?;
        Ok(nothing())
    };
    edit().map_err(|failure: Failure| failure.inside(action))
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RealmId = name(params.required("realm"))?;
    edit(scene, "add auth server failed", |locked, file, _| {
        if file.realms.contains_key(&id) {
            return Err(Failure::died(format!("domain '{id}' already exists")));
        }
        let r#type = params.required("type");
        let known = RealmType::find(r#type).filter(|known| !matches!(known.name, "pam" | "pve"));
        let known = known.ok_or_else(|| Failure::died(format!("unable to create builtin type '{type}'")))?;
        check_may_connect(Some(known), params)?;
        let mut realm = Realm { r#type: r#type.to_owned(), options: [].into() };
        set_options(known, &mut realm, params)?;
        if let Some(missing) = known.required.iter().find(|name| !realm.options.contains_key(**name)) {
            return Err(Failure::died(format!("missing value for required option '{missing}'")));
        }
        move_default(file, &realm);
        file.realms.insert(id.clone(), realm);
        connect(params)?;
        keep_password(locked, known, &id, params.secret("password").as_ref())
    })
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RealmId = name(params.required("realm"))?;
    edit(scene, "update auth server failed", |locked, file, digest| {
        if params.text("digest").is_some_and(|given| given != digest) {
            let text = "detected modified configuration - file changed by other user? Try again.";
            return Err(Failure::died(text));
        }
        let known = file.realms.get(&id).and_then(|realm| RealmType::find(&realm.r#type));
        check_may_connect(known, params)?;
        let has_options = params.given().any(|(name, _)| !NOT_OPTIONS.contains(&name));
        if !has_options && params.secret("password").is_none() && params.list("delete").next().is_none() {
            return Err(Failure::died("no options specified"));
        }
        let (Some(mut realm), Some(known)) = (file.realms.get(&id).cloned(), known) else {
            let text = "cannot lookup undefined type! at /usr/share/perl5/PVE/SectionConfig.pm line 261.";
            return Err(Failure::died(text));
        };
        for option in params.list("delete") {
            realm.options.remove(option);
        }
        set_options(known, &mut realm, params)?;
        if params.is_on("default") {
            move_default(file, &realm);
        }
        file.realms.insert(id.clone(), realm);
        connect(params)?;
        if params.secret("password").is_some() || params.list("delete").any(|option| option == "password") {
            keep_password(locked, known, &id, params.secret("password").as_ref())?;
        }
        Ok(())
    })
}

fn set_options(known: &RealmType, realm: &mut Realm, params: &Checked) -> Result<(), Failure> {
    for (name, value) in params.given().filter(|(name, _)| !NOT_OPTIONS.contains(name)) {
        if !known.takes(name) {
            return Err(Failure::died(format!("unexpected property '{name}'")));
        }
        if value.contains(['\n', '\r']) {
            return Err(Failure::died("property contains a line feed"));
        }
        realm.options.insert(name.to_owned(), as_kept(name, value));
    }
    Ok(())
}

/// An option's value as the server keeps it: numbers without sign and leading noughts, lists in an order of its own,
/// and a comment `0`, which is nothing to Perl, as none.
fn as_kept(name: &str, value: &str) -> String {
    match name {
        "sync-defaults-options" => sync_options_as_kept(value),
        "comment" if is_nothing(value) => String::new(),
        _ if is_number(name) => value.parse::<i64>().map_or_else(|_| value.to_owned(), |number| number.to_string()),
        _ => value.to_owned(),
    }
}

/// There is one default at most: making one takes the mark from the others.
fn move_default(file: &mut RealmFile, to: &Realm) {
    if to.options.get("default").is_some_and(|default| default == "1") {
        for realm in file.realms.values_mut() {
            realm.options.remove("default");
        }
    }
}

/// Refuses to be asked for a connection where there is no directory.
fn check_may_connect(known: Option<&RealmType>, params: &Checked) -> Result<(), Failure> {
    if params.flag("check-connection").is_some() && !known.is_some_and(RealmType::is_directory) {
        let text = "'check-connection' parameter can only be set for realms of type 'ldap' or 'ad'";
        return Err(Failure::died(text));
    }
    Ok(())
}

/// There is no directory to connect to, so asking for a connection fails, as it would with a server that is down; only
/// once everything else is in order.
fn connect(params: &Checked) -> Result<(), Failure> {
    if params.is_on("check-connection") {
        return Err(Failure::died("unable to connect to any LDAP server"));
    }
    Ok(())
}

/// A directory's password stands in a file of its own and is never given back; other types have none.
fn keep_password(
    locked: &Locked<'_>,
    known: &RealmType,
    id: &RealmId,
    password: Option<&SecretString>,
) -> Result<(), Failure> {
    Ok(locked.set_realm_password(id, password.filter(|_| known.is_directory()))?)
}

/// Removes a realm; its users stay. The builtin ones come back by themselves.
fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RealmId = name(params.required("realm"))?;
    edit(scene, "delete auth server failed", |locked, file, _| {
        if file.realms.remove(&id).is_none() {
            return Err(Failure::died(format!("authentication domain '{id}' does not exist")));
        }
        Ok(locked.set_realm_password(&id, None)?)
    })
}

/// Answers with the id of a task, as the server does before it has asked the directory anything (api-facts.md, Pools,
/// realms: "sync returns a UPID string"; pve-access-control, `PVE::API2::Domains`). There is no directory: nothing
/// comes of the task.
fn synchronise(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RealmId = name(params.required("realm"))?;
    let Some(realm) = scene.state.realms.get(&id) else {
        return Err(Failure::parameter("realm", "Realm does not exist."));
    };
    let r#type = &realm.r#type;
    if !RealmType::find(r#type).is_some_and(RealmType::is_directory) {
        let text = format!("Cannot sync realm type '{type}'! Only LDAP/AD realms can be synced.");
        return Err(Failure::died(text));
    }
    let defaults = realm.options.get("sync-defaults-options").and_then(|text| SYNC_OPTIONS.parse(text).ok());
    if params.text("scope").is_none() && !defaults.is_some_and(|defaults| defaults.contains_key("scope")) {
        let text = "Not passed as parameter and not defined in realm default sync options.";
        return Err(Failure::parameter("scope", text));
    }
    let worker = if params.is_on("dry-run") { "auth-realm-sync-test" } else { "auth-realm-sync" };
    let started = scene.now();
    let who = scene.caller.principal().map(ToString::to_string).unwrap_or_default();
    let process = std::process::id();
    Ok(json!(format!("UPID:pve:{process:08X}:{:08X}:{started:08X}:{worker}:{id}:{who}:", started % 0x1_0000_0000)))
}
