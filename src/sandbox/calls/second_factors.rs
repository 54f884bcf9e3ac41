//! Second factors: authenticator apps and recovery keys.
//!
//! Knows who may see, add and remove whose. Does not know keys that only a browser or their maker can ask, and does not
//! count wrong codes.

use serde_json::json;

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, GroupsParam, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::Format;
use super::super::schema::{Checked, Property};
use super::login::authenticate_again;
use super::{Scene, check_user_exists, nothing, user_id};
use crate::pve::UserId;

const USERID: Property = Property::text("userid").required().format(Format::User).at_most_long(64);
const ID: Property = Property::text("id").required();
const DESCRIPTION: Property = Property::text("description").at_most_long(255);
const PASSWORD: Property = Property::text("password").at_least_long(5).at_most_long(64);

const SEE: Needs =
    Needs::Check(Check::Or(&[Check::IsSelf, Check::ManagesUser(&["User.Modify", "Sys.Audit"], GroupsParam::None)]));
const MODIFY: Needs =
    Needs::Check(Check::Or(&[Check::IsSelf, Check::ManagesUser(&["User.Modify"], GroupsParam::None)]));

const OF_USER: &str = "/access/tfa/{userid}";
const ONE: &str = "/access/tfa/{userid}/{id}";

/// No recording has these, but for who may not call them (api-facts.md, Authentication: "Never with a token"); the rest
/// is pve-access-control's `PVE::API2::TFA`.
pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/tfa", &[], Needs::Credential, list),
    Endpoint::new(Verb::Get, OF_USER, &[USERID], SEE, of_user),
    Endpoint::new(
        Verb::Post,
        OF_USER,
        &[
            USERID,
            DESCRIPTION,
            PASSWORD,
            Property::text("type").required().one_of(&["totp", "u2f", "webauthn", "recovery", "yubico"]),
            Property::text("totp"),
            Property::text("value"),
            Property::text("challenge"),
        ],
        MODIFY,
        add,
    )
    .without_tokens(),
    Endpoint::new(Verb::Get, ONE, &[USERID, ID], SEE, one),
    Endpoint::new(Verb::Put, ONE, &[USERID, ID, DESCRIPTION, PASSWORD, Property::boolean("enable")], MODIFY, update)
        .without_tokens(),
    Endpoint::new(Verb::Delete, ONE, &[USERID, ID, PASSWORD], MODIFY, delete).without_tokens(),
    Endpoint::new(
        Verb::Put,
        "/access/users/{userid}/unlock-tfa",
        &[USERID],
        Needs::Check(Check::ManagesUser(&["User.Modify"], GroupsParam::None)),
        // Whether it was locked.
        |_, _| Ok(json!(0)),
    ),
];

/// Of oneself, and with a privilege on all groups of everybody.
fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let sees_all = scene.rights.require_any("/access/groups", &["User.Modify", "Sys.Audit"]).is_ok();
    let factors = scene.folder().factors()?;
    let own = |user: &str| user.parse::<UserId>().is_ok_and(|user| scene.caller.is_user(&user));
    let seen = factors.users().filter(|(user, _)| sees_all || own(user));
    Ok(seen.map(|(user, entries)| json!({ "userid": user, "entries": entries })).collect())
}

fn of_user(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    Ok(json!(scene.folder().factors()?.of(&user)))
}

fn one(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    let id = params.required("id");
    let found = scene.folder().factors()?.of(&user).into_iter().find(|listed| listed.id() == id);
    found.map(|listed| json!(listed)).ok_or_else(|| missing(id))
}

/// The only call that is answered with 404 (api-facts.md, HTTP layer).
fn missing(id: &str) -> Failure {
    Failure::NotFound(format!("No such tfa entry '{id}'"))
}

fn add(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    authenticate_again(scene, &user, params, "password")?;
    let (now, locked) = (scene.now(), scene.folder().lock()?);
    let answer = match params.required("type") {
        "totp" => {
            let text = |name: &str| params.text(name).unwrap_or_default();
            let (description, uri, value) = (text("description"), text("totp"), text("value"));
            let added = locked.edit_factors(|factors| factors.add_app(&user, description, uri, value, now))?;
            json!({ "id": added.map_err(Failure::died)? })
        }
        "recovery" => {
            let keys = locked.edit_factors(|factors| factors.add_recovery(&user, now))?;
            json!({ "id": "recovery", "recovery": keys.map_err(Failure::died)? })
        }
        other => return Err(Failure::died(format!("the sandbox keeps no second factors of type '{other}'"))),
    };
    drop(locked);
    mark(scene, &user, "x")?;
    Ok(answer)
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let (user, id) = (user_id(params.required("userid"))?, params.required("id"));
    authenticate_again(scene, &user, params, "password")?;
    let enable = params.flag("enable");
    let locked = scene.folder().lock()?;
    let is_there = locked.edit_factors(|factors| factors.update(&user, id, params.text("description"), enable))?;
    if is_there { Ok(nothing()) } else { Err(missing(id)) }
}

fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let (user, id) = (user_id(params.required("userid"))?, params.required("id"));
    authenticate_again(scene, &user, params, "password")?;
    if !scene.folder().lock()?.edit_factors(|factors| factors.remove(&user, id))? {
        return Err(missing(id));
    }
    if scene.folder().factors()?.of(&user).is_empty() {
        mark(scene, &user, "")?;
    }
    Ok(nothing())
}

/// user.cfg says of each user whether it has any (pve-access-control, `set_user_tfa_enabled`).
fn mark(scene: &Scene<'_>, user: &UserId, keys: &str) -> Result<(), Failure> {
    scene.folder().edit_access("enabling TFA for the user failed", |_, state| {
        if let Some(user) = state.users.get_mut(user) {
            user.keys = keys.to_owned().into();
        }
        Ok(())
    })
}
