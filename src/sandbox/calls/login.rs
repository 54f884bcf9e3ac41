//! Tickets and passwords.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::caller::{Caller, may_log_in};
use super::super::check::{Check, GroupsParam, Needs, normalise};
use super::super::endpoint::{Endpoint, Verb};
use super::super::folder::{Accounts, Locked};
use super::super::format::{Format, is_nothing};
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
    let realm = params.text("realm").filter(|realm| !is_nothing(realm));
    let full = realm.map_or_else(|| name.to_owned(), |realm| format!("{name}@{realm}"));
    let asked: UserId = full.parse().map_err(|_| Failure::LoginRefused)?;
    let user = same_user(scene.state, &asked).unwrap_or(asked);
    if !may_log_in(scene.state, &user, scene.now()) || !proves(scene, &user, params)? {
        return Err(Failure::LoginRefused);
    }
    let mut answer = json!({ "username": user.as_str(), "cap": capabilities(scene, &user) });
    if asked_about(params).is_none() {
        let signer = scene.folder().signer()?;
        answer["ticket"] = json!(signer.ticket(&user, scene.now()).expose_secret());
        answer["CSRFPreventionToken"] = json!(signer.csrf_token(&user, scene.now()).expose_secret());
    }
    Ok(answer)
}

/// The path and the privileges that a login only asks about: it makes no ticket, and is refused where any is missing.
fn asked_about(params: &Checked) -> Option<(&str, Vec<&str>)> {
    let path = params.text("path").filter(|path| !is_nothing(path))?;
    params.text("privs").filter(|privs| !is_nothing(privs))?;
    Some((path, params.list("privs").collect()))
}

/// Whether the password is the user's, or a ticket of the user or of `root@pam`, which logs in as anybody; and whether
/// the user holds what is asked about, for which nobody else's ticket will do.
///
/// Nobody here has a second factor: a password together with one, or in a realm that wants one, is refused.
fn proves(scene: &Scene<'_>, user: &UserId, params: &Checked) -> Result<bool, Failure> {
    let Some(password) = params.secret("password") else { return Ok(false) };
    let asked = asked_about(params);
    let held = |(path, privs): &(&str, Vec<&str>)| {
        let path = normalise(path).unwrap_or_default();
        let held = scene.rights.of(&Principal::User(user.clone()), &path);
        !privs.is_empty() && privs.iter().all(|wanted| held.keys().any(|privilege| privilege.as_str() == *wanted))
    };
    if !asked.as_ref().is_none_or(held) {
        return Ok(false);
    }
    let is_answer = params.text("tfa-challenge").is_some();
    match scene.folder().signer()?.verify_ticket(&password, scene.now()).filter(|_| !is_answer) {
        Some(known) => Ok(known == *user || (known.is_root() && asked.is_none())),
        None if is_answer || params.text("otp").is_some() || wants_second_factor(scene.state, user) => Ok(false),
        None => accepts(scene, user, &password),
    }
}

fn wants_second_factor(state: &AccessState, user: &UserId) -> bool {
    let realm = user.realm().parse::<RealmId>().ok().and_then(|realm| state.realms.get(&realm));
    realm.is_some_and(|realm| realm.options.contains_key("tfa"))
}

/// Whether `password` is the user's own, in a realm that keeps passwords itself.
fn accepts(scene: &Scene<'_>, user: &UserId, password: &SecretString) -> Result<bool, Failure> {
    Ok(match accounts(user.realm()) {
        Some(accounts) => scene.folder().shadow(accounts)?.accepts(user.name(), password),
        None => false,
    })
}

/// What the web interface shows to whom: for each part of it the privileges that are held anywhere there.
fn capabilities(scene: &Scene<'_>, user: &UserId) -> Value {
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
    let who = Principal::User(user.clone());
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
        if !accepts(scene, caller, &own)? {
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
