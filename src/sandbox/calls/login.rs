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
    if !may_log_in(scene.state, &user, scene.now()) {
        return Err(Failure::LoginRefused);
    }
    let proof = proof(scene, &user, params)?.ok_or(Failure::LoginRefused)?;
    if is_question(params) {
        if proof != Proof::Own || !holds_what_is_asked(scene, &user, params) {
            return Err(Failure::LoginRefused);
        }
        return Ok(json!({ "username": user.as_str(), "cap": capabilities(scene, &user) }));
    }
    let signer = scene.folder().signer()?;
    let mut answer = json!({ "username": user.as_str() });
    answer["CSRFPreventionToken"] = json!(signer.csrf_token(&user, scene.now()).expose_secret());
    match proof {
        Proof::Own | Proof::OfRoot => {
            answer["cap"] = capabilities(scene, &user);
            answer["ticket"] = json!(signer.ticket(&user, scene.now()).expose_secret());
        }
        Proof::Half(challenge) => {
            answer["NeedTFA"] = json!(1);
            answer["ticket"] = json!(signer.half_ticket(&user, &challenge, scene.now()).expose_secret());
        }
    }
    Ok(answer)
}

/// Whether a login only asks what the user may do; it makes no ticket then (pve-access-control, `verify_auth`).
fn is_question(params: &Checked) -> bool {
    ["path", "privs"].iter().all(|name| params.text(name).is_some_and(|text| !is_nothing(text)))
}

fn holds_what_is_asked(scene: &Scene<'_>, user: &UserId, params: &Checked) -> bool {
    let Some(path) = normalise(params.required("path")) else { return false };
    let held = scene.rights.of(&Principal::User(user.clone()), &path);
    let mut wanted = params.list("privs").peekable();
    wanted.peek().is_some() && wanted.all(|wanted| held.keys().any(|privilege| privilege.as_str() == wanted))
}

/// What proves a login.
#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// The user's own password, with a second factor if it has one, or its ticket.
    Own,
    /// A ticket of `root@pam`, which logs in as anybody.
    OfRoot,
    /// The user's own password, where this is asked for, too.
    Half(String),
}

/// A password proves a login; of a user who has a second factor, together with a code or in two requests
/// (pve-access-control, `create_ticket_do`, `authenticate_2nd_new_do`).
fn proof(scene: &Scene<'_>, user: &UserId, params: &Checked) -> Result<Option<Proof>, Failure> {
    let Some(password) = params.secret("password") else { return Ok(None) };
    let (signer, now, code) = (scene.folder().signer()?, scene.now(), params.text("otp"));
    if let Some(half) = params.text("tfa-challenge") {
        let is_answered = code.is_none()
            && signer.verify_half_ticket(half, user, now)
            && accepts_code(scene, user, password.expose_secret())?;
        return Ok(is_answered.then_some(Proof::Own));
    }
    if let Some(known) = signer.verify_ticket(&password, now) {
        let proof = if known == *user { Proof::Own } else { Proof::OfRoot };
        return Ok((known == *user || known.is_root()).then_some(proof));
    }
    if !accepts(scene, user, &password)? {
        return Ok(None);
    }
    Ok(match (scene.folder().factors()?.challenge(user), code) {
        (Some(_), Some(code)) => accepts_code(scene, user, code)?.then_some(Proof::Own),
        (Some(challenge), None) => Some(Proof::Half(json!(challenge).to_string())),
        (None, Some(_)) => None,
        (None, None) => (!wants_second_factor(scene.state, user)).then_some(Proof::Own),
    })
}

/// A code is used up by this.
fn accepts_code(scene: &Scene<'_>, user: &UserId, response: &str) -> Result<bool, Failure> {
    let now = scene.now();
    Ok(scene.folder().lock()?.edit_factors(|factors| factors.accept(user, response, now))?)
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

/// Whoever changes how `user` logs in gives the own password again, but for `root@pam` (pve-access-control,
/// `reauth_user_for_user_modification`).
pub(super) fn authenticate_again(
    scene: &Scene<'_>,
    user: &UserId,
    params: &Checked,
    parameter: &str,
) -> Result<(), Failure> {
    if scene.caller.is_root() {
        return Ok(());
    }
    if user.is_root() {
        return Err(Failure::Denied(None));
    }
    let Some(own) = params.secret(parameter) else {
        return Err(Failure::parameter(parameter, "password is required to modify user"));
    };
    let Caller::Known(Principal::User(caller)) = scene.caller else { return Err(Failure::Denied(None)) };
    if accepts(scene, caller, &own)? { Ok(()) } else { Err(Failure::died("invalid credentials")) }
}

fn change_password(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    authenticate_again(scene, &user, params, "confirmation-password")?;
    if !scene.caller.is_root() && !scene.caller.is_user(&user) && user.realm() == "pam" {
        return Err(Failure::Denied(None));
    }
    let password = params.secret("password").unwrap_or_default();
    set_password(&scene.folder().lock()?, scene.state, &user, &password)?;
    Ok(nothing())
}
