//! Realms, as far as everybody sees them.

use serde_json::{Map, Value, json};

use super::super::answer::Outcome;
use super::super::check::Needs;
use super::super::endpoint::{Endpoint, Verb};
use super::super::schema::Checked;
use super::Scene;
use crate::model::Realm;
use crate::pve::RealmId;

pub(super) const CALLS: &[Endpoint] = &[Endpoint::new(Verb::Get, "/access/domains", &[], Needs::Nothing, list)];

fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let entry = |(id, realm): (&RealmId, &Realm)| {
        let mut entry = Map::new();
        entry.insert("realm".to_owned(), json!(id.as_str()));
        entry.insert("type".to_owned(), json!(realm.r#type));
        if let Some(comment) = realm.options.get("comment") {
            entry.insert("comment".to_owned(), json!(comment));
        }
        if realm.options.get("default").is_some_and(|default| default == "1") {
            entry.insert("default".to_owned(), json!(1));
        }
        Value::Object(entry)
    };
    Ok(scene.state.realms.iter().map(entry).collect())
}
