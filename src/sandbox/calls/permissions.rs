//! Effective permissions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::answer::Outcome;
use super::super::check::Needs;
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::{is_nothing, is_principal};
use super::super::schema::{Checked, Property};
use super::Scene;
use crate::model::Propagate;
use crate::pve::{Principal, Privilege};

pub(super) const CALLS: &[Endpoint] = &[Endpoint::new(
    Verb::Get,
    "/access/permissions",
    &[Property::text("path"), Property::text("userid").pattern(is_principal)],
    Needs::Credential,
    read,
)];

/// One's own, one's tokens', or with Sys.Audit anybody's; a token's owner is somebody else
/// (api-facts.md, Authentication).
fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let whose = match params.text("userid") {
        None => scene.caller.principal().cloned(),
        Some(text) => {
            let whose = text.parse::<Principal>().ok();
            let is_own = whose.is_some() && whose.as_ref() == scene.caller.principal();
            let is_own_token = matches!(&whose, Some(Principal::Token(token)) if scene.caller.is_user(token.user()));
            if !is_own && !is_own_token {
                scene.rights.require_any("/access", &["Sys.Audit"])?;
            }
            whose
        }
    };
    let whose = whose.filter(|whose| exists(scene, whose));
    Ok(match params.text("path").filter(|path| !is_nothing(path)) {
        // The path is taken as it is written (api-facts.md, ACL).
        Some(path) => {
            let held = whose.map(|whose| scene.rights.of(&whose, path)).unwrap_or_default();
            json!({ path: privileges(held) })
        }
        None => {
            let effective = whose.map(|whose| scene.rights.effective(&whose)).unwrap_or_default();
            Value::Object(effective.into_iter().map(|(path, held)| (path, privileges(held))).collect())
        }
    })
}

fn exists(scene: &Scene<'_>, whose: &Principal) -> bool {
    match whose {
        Principal::User(user) => scene.state.users.contains_key(user),
        Principal::Token(token) => scene.state.tokens.contains_key(token),
    }
}

fn privileges(held: BTreeMap<Privilege, Propagate>) -> Value {
    let entry =
        |(privilege, propagate): (Privilege, Propagate)| (privilege.to_string(), json!(u8::from(propagate.is_yes())));
    Value::Object(held.into_iter().map(entry).collect::<Map<_, _>>())
}
