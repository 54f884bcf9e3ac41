//! Second factors: nobody has one here.
//!
//! Knows who may ask for whose, and that there is none. Does not keep any: what would add one is refused.

use serde_json::{Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, GroupsParam, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::Format;
use super::super::schema::{Checked, Property};
use super::{Scene, check_user_exists, user_id};

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
    Endpoint::new(Verb::Get, "/access/tfa", &[], Needs::Credential, |_, _| Ok(json!([]))),
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
        refuse,
    )
    .without_tokens(),
    Endpoint::new(Verb::Get, ONE, &[USERID, ID], SEE, one),
    Endpoint::new(Verb::Put, ONE, &[USERID, ID, DESCRIPTION, PASSWORD, Property::boolean("enable")], MODIFY, one)
        .without_tokens(),
    Endpoint::new(Verb::Delete, ONE, &[USERID, ID, PASSWORD], MODIFY, one).without_tokens(),
    Endpoint::new(
        Verb::Put,
        "/access/users/{userid}/unlock-tfa",
        &[USERID],
        Needs::Check(Check::ManagesUser(&["User.Modify"], GroupsParam::None)),
        // Whether it was locked.
        |_, _| Ok(json!(0)),
    ),
];

fn of_user(scene: &Scene<'_>, params: &Checked) -> Outcome {
    check_user_exists(scene.state, &user_id(params.required("userid"))?)?;
    Ok(Value::Array(Vec::new()))
}

/// The only call that is answered with 404 (api-facts.md, HTTP layer).
fn one(scene: &Scene<'_>, params: &Checked) -> Outcome {
    of_user(scene, params)?;
    Err(Failure::NotFound(format!("No such tfa entry '{}'", params.required("id"))))
}

fn refuse(_: &Scene<'_>, _: &Checked) -> Outcome {
    Err(Failure::died("the sandbox keeps no second factors"))
}
