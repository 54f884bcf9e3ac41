//! Tickets and passwords.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::caller::{Caller, may_log_in};
use super::super::check::{Check, GroupsParam, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::folder::{Accounts, Locked};
use super::super::format::Format;
use super::super::schema::{Checked, Property};
use super::users::same_user;
use super::{Scene, check_user_exists, nothing, user_id};
use crate::model::AccessState;
use crate::pve::{Principal, RealmId, UserId};

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/ticket", &[], Needs::Nothing, |_, _| Ok(nothing())),
    Endpoint::new(
        Verb::Post,
        "/access/ticket",
        &[
            Property::text("username").required().at_most_long(64),
            Property::text("password").required(),
            Property::text("realm").format(Format::Realm).at_most_long(32),
            Property::text("otp"),
            Property::text("path").at_most_long(64).requires("privs"),
            Property::text("privs").format(Format::Privileges).at_most_long(64).requires("path"),
            Property::boolean("new-format"),
            Property::text("tfa-challenge"),
        ],
        Needs::Nothing,
        log_in,
    )
    .without_tokens(),
    Endpoint::new(
        Verb::Put,
        "/access/password",
        &[
            Property::text("userid").required().format(Format::User).at_most_long(64),
            Property::text("password").required().at_least_long(8).at_most_long(64),
            Property::text("confirmation-password").at_least_long(5).at_most_long(64),
        ],
        Needs::Check(Check::Or(&[
            Check::IsSelf,
            Check::And(&[Check::AllocatesUser, Check::ManagesUser(&["User.Modify"], GroupsParam::None)]),
        ])),
        change_password,
    )
    .without_tokens(),
];

/// Whose passwords a realm keeps itself.
fn accounts(realm: &str) -> Option<Accounts> {
    match realm {
        "pve" => Some(Accounts::Pve),
        "pam" => Some(Accounts::Pam),
        _ => None,
    }
}

fn log_in(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let name = params.required("username");
    let full = params.text("realm").map_or_else(|| name.to_owned(), |realm| format!("{name}@{realm}"));
    let asked: UserId = full.parse().map_err(|_| Failure::LoginRefused)?;
    let user = same_user(scene.state, &asked).unwrap_or(asked);
    let password = params.secret("password").ok_or(Failure::LoginRefused)?;
    if !may_log_in(scene.state, &user, scene.now()) || !proves(scene, &user, &password)? {
        return Err(Failure::LoginRefused);
    }
    let signer = scene.folder().signer()?;
    Ok(json!({
        "username": user.as_str(),
        "ticket": signer.ticket(&user, scene.now()).expose_secret(),
        "CSRFPreventionToken": signer.csrf_token(&user, scene.now()).expose_secret(),
        "cap": capabilities(scene, user),
    }))
}

/// Whether `password` is the user's, or a ticket of the user or of `root@pam`, which logs in as anybody.
fn proves(scene: &Scene<'_>, user: &UserId, password: &SecretString) -> Result<bool, Failure> {
    if let Some(known) = scene.folder().signer()?.verify_ticket(password, scene.now()) {
        return Ok(known == *user || known.is_root());
    }
    Ok(match accounts(user.realm()) {
        Some(accounts) => scene.folder().shadow(accounts)?.accepts(user.name(), password),
        None => false,
    })
}

/// What the web interface shows to whom: for each part of it the privileges that are held anywhere there.
fn capabilities(scene: &Scene<'_>, user: UserId) -> Value {
    const PARTS: [(&str, &[&str]); 7] = [
        ("access", &["User.", "Group.", "Permissions.Modify"]),
        ("dc", &["Sys.Audit", "Sys.Modify", "SDN."]),
        ("mapping", &["Mapping.", "Permissions.Modify"]),
        ("nodes", &["Sys.", "Permissions.Modify"]),
        ("sdn", &["SDN.", "Permissions.Modify"]),
        ("storage", &["Datastore.", "Permissions.Modify"]),
        ("vms", &["VM.", "Permissions.Modify"]),
    ];
    let mut parts = json!({});
    for (part, _) in PARTS {
        parts[part] = json!({});
    }
    let who = Principal::User(user);
    let always = ["/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping"];
    let paths = always.into_iter().chain(scene.state.acl.keys().map(|grant| grant.path.as_str()));
    for path in paths.collect::<std::collections::BTreeSet<_>>() {
        let top = path.split('/').nth(1).filter(|top| !top.is_empty()).unwrap_or("dc");
        // Pools hold guests and storages, and show up as those.
        let shown_as: &[&str] = if top == "pool" { &["storage", "vms"] } else { &[top] };
        for privilege in scene.rights.of(&who, path).keys() {
            for (part, starts) in PARTS.iter().filter(|(part, _)| shown_as.contains(part)) {
                if starts.iter().any(|start| privilege.as_str().starts_with(start)) {
                    parts[part][privilege.as_str()] = json!(1);
                }
            }
        }
    }
    parts
}

/// Sets a password where the realm keeps it itself; a user of pam must exist in the system, where `root` alone does.
pub(super) fn set_password(
    locked: &Locked<'_>,
    state: &AccessState,
    user: &UserId,
    password: &SecretString,
) -> Result<(), Failure> {
    let realm = user.realm();
    let known = realm.parse::<RealmId>().ok().and_then(|realm| state.realms.get(&realm));
    let Some(known) = known else { return Err(Failure::died(format!("auth domain '{realm}' does not exist"))) };
    let Some(accounts) = accounts(realm) else {
        return Err(Failure::died(format!("can't set password on auth type '{}'", known.r#type)));
    };
    let mut is_known = true;
    locked.edit_shadow(accounts, |shadow| {
        is_known = accounts == Accounts::Pve || shadow.has(user.name());
        if is_known {
            shadow.set(user.name(), password);
        }
    })?;
    if is_known {
        Ok(())
    } else {
        Err(Failure::died(format!("change password failed: user '{}' does not exist", user.name())))
    }
}

fn change_password(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    if !scene.caller.is_root() {
        if user.is_root() {
            return Err(Failure::Denied(None));
        }
        let Some(own) = params.secret("confirmation-password") else {
            return Err(Failure::parameter("confirmation-password", "password is required to modify user"));
        };
        let Caller::Known(Principal::User(caller)) = scene.caller else { return Err(Failure::Denied(None)) };
        if !proves(scene, caller, &own)? {
            return Err(Failure::died("invalid credentials"));
        }
        if *caller != user && user.realm() == "pam" {
            return Err(Failure::Denied(None));
        }
    }
    let password = params.secret("password").unwrap_or_default();
    set_password(&scene.folder().lock()?, scene.state, &user, &password)?;
    Ok(nothing())
}
