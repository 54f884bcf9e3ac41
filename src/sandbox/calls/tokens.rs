//! API tokens of a user.

use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, GroupsParam, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::{Format, is_nothing, is_token_name};
use super::super::schema::{Checked, Property};
use super::{Scene, check_user_exists, expire_value, nothing, parse_expire, user_id};
use crate::model::{AccessState, Privsep, Text, Token};
use crate::pve::TokenId;

const USERID: Property = Property::text("userid").required().format(Format::User).at_most_long(64);
const TOKENID: Property = Property::text("tokenid").required().pattern(is_token_name);
const COMMENT: Property = Property::text("comment");
const EXPIRE: Property = Property::integer("expire").at_least(0);
const PRIVSEP: Property = Property::boolean("privsep");

/// The user itself, by ticket, or who may modify users.
const OWN: Needs = Needs::Check(Check::Or(&[Check::IsSelf, Check::ManagesUser(&["User.Modify"], GroupsParam::None)]));

const ONE: &str = "/access/users/{userid}/token/{tokenid}";

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/users/{userid}/token", &[USERID], OWN, list),
    Endpoint::new(Verb::Get, ONE, &[USERID, TOKENID], OWN, read),
    Endpoint::new(Verb::Post, ONE, &[USERID, TOKENID, COMMENT, EXPIRE, PRIVSEP], OWN, create),
    Endpoint::new(
        Verb::Put,
        ONE,
        &[
            USERID,
            TOKENID,
            COMMENT,
            EXPIRE,
            PRIVSEP,
            Property::text("delete").format(Format::Options),
            Property::boolean("regenerate"),
        ],
        OWN,
        update,
    ),
    Endpoint::new(Verb::Delete, ONE, &[USERID, TOKENID], OWN, delete),
];

/// What a token consists of, as GET answers it.
pub(super) fn token_fields(token: &Token) -> Map<String, Value> {
    let Token { comment, expire, privsep } = token;
    let mut fields = Map::new();
    fields.insert("expire".to_owned(), expire_value(*expire));
    fields.insert("privsep".to_owned(), json!(u8::from(privsep.is_yes())));
    if !comment.is_empty() {
        fields.insert("comment".to_owned(), json!(comment.as_str()));
    }
    fields
}

/// A token as an item of a list.
pub(super) fn token_entry(id: &TokenId, token: &Token) -> Value {
    let mut fields = token_fields(token);
    fields.insert("tokenid".to_owned(), json!(id.name()));
    Value::Object(fields)
}

fn token_id(params: &Checked) -> Result<TokenId, Failure> {
    let user = user_id(params.required("userid"))?;
    TokenId::new(user, params.required("tokenid")).map_err(Failure::died)
}

/// The token, or the server's words for its absence.
pub(super) fn existing<'a>(state: &'a AccessState, id: &TokenId) -> Result<&'a Token, Failure> {
    check_user_exists(state, id.user())?;
    let missing = || Failure::died(format!("no such token '{}' for user '{}'", id.name(), id.user()));
    state.tokens.get(id).ok_or_else(missing)
}

fn list(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let user = user_id(params.required("userid"))?;
    check_user_exists(scene.state, &user)?;
    Ok(scene.state.tokens_of(&user).map(|(id, token)| token_entry(id, token)).collect())
}

fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    existing(scene.state, &token_id(params)?).map(|token| Value::Object(token_fields(token)))
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    const EXISTS: &str = "Token already exists.";
    let id = token_id(params)?;
    check_user_exists(scene.state, id.user())?;
    if scene.state.tokens.contains_key(&id) {
        return Err(Failure::parameter("tokenid", EXISTS));
    }
    scene.folder().edit_access("generating token failed", |locked, state| {
        check_user_exists(state, id.user())?;
        if state.tokens.contains_key(&id) {
            return Err(Failure::died(EXISTS));
        }
        let mut info = Map::new();
        info.insert("privsep".to_owned(), params.text("privsep").map_or(json!(1), |given| json!(given)));
        if let Some(expire) = params.text("expire") {
            info.insert("expire".to_owned(), json!(expire));
        }
        if let Some(comment) = params.text("comment").filter(|comment| !is_nothing(comment)) {
            info.insert("comment".to_owned(), json!(comment));
        }
        state.tokens.insert(id.clone(), Token::default());
        change(state, &id, params);
        let secret = locked.renew_secret(&id)?;
        Ok(json!({ "full-tokenid": id.to_string(), "info": info, "value": secret.expose_secret() }))
    })
}

/// Sets what was given. The answer holds the token as it is now, what was given as the texts that came
/// (api-facts.md, HTTP layer).
fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id = token_id(params)?;
    existing(scene.state, &id)?;
    if params.text("regenerate").is_some() && !scene.release().renews_in_place() {
        let unknown = "property is not defined in schema and the schema does not allow additional properties";
        return Err(Failure::parameter("regenerate", unknown));
    }
    scene.folder().edit_access("updating token info failed", |locked, state| {
        let mut info = token_fields(existing(state, &id)?);
        for name in ["privsep", "expire", "comment"] {
            if let Some(text) = params.text(name) {
                info.insert(name.to_owned(), json!(text));
            }
        }
        if params.text("comment") == Some("") {
            info.remove("comment");
        }
        change(state, &id, params);
        for option in params.list("delete") {
            if option != "comment" {
                return Err(Failure::parameter("delete", format!("unknown option '{option}'")));
            }
            info.remove("comment");
            if let Some(token) = state.tokens.get_mut(&id) {
                token.comment = Text::EMPTY;
            }
        }
        if params.is_on("regenerate") {
            let secret = locked.renew_secret(&id)?;
            info.insert("full-tokenid".to_owned(), json!(id.to_string()));
            info.insert("value".to_owned(), json!(secret.expose_secret()));
        }
        Ok(Value::Object(info))
    })
}

fn change(state: &mut AccessState, id: &TokenId, params: &Checked) {
    let Some(token) = state.tokens.get_mut(id) else { return };
    if let Some(privsep) = params.flag("privsep") {
        token.privsep = Privsep::from(privsep);
    }
    if let Some(comment) = params.text("comment") {
        token.comment = Text::unread(comment);
    }
    match params.text("expire").map(parse_expire) {
        None => {}
        Some(Some(expire)) => token.expire = expire,
        Some(None) => drop(state.tokens.remove(id)),
    }
}

/// Removes a token and its secret. Its grants stay in the file until the next write, where nobody sees them
/// (transcript `tokens`).
fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id = token_id(params)?;
    existing(scene.state, &id)?;
    scene.folder().edit_access("deleting token failed", |locked, state| {
        existing(state, &id)?;
        locked.drop_secret(&id)?;
        state.tokens.remove(&id);
        Ok(nothing())
    })
}
