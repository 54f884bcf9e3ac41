//! What the node says of itself.

use serde_json::{Value, json};

use super::super::answer::Outcome;
use super::super::check::Needs;
use super::super::endpoint::{Endpoint, Verb};
use super::super::schema::Checked;
use super::Scene;

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/", &[], Needs::Credential, index),
    Endpoint::new(Verb::Get, "/version", &[], Needs::Credential, version),
    Endpoint::new(Verb::Get, "/nodes", &[], Needs::Credential, nodes),
    Endpoint::new(Verb::Get, "/access", &[], Needs::Credential, access),
];

fn version(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let release = scene.release();
    Ok(json!({ "release": release.to_string(), "repoid": "0123456789abcdef", "version": format!("{release}.11") }))
}

fn nodes(_: &Scene<'_>, _: &Checked) -> Outcome {
    Ok(json!([{ "id": "node/pve", "node": "pve", "status": "online", "type": "node" }]))
}

fn index(_: &Scene<'_>, _: &Checked) -> Outcome {
    Ok(below(&["version", "cluster", "nodes", "storage", "access", "pools"]))
}

fn access(_: &Scene<'_>, _: &Checked) -> Outcome {
    Ok(below(&["users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket", "password"]))
}

fn below(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "subdir": name })).collect()
}
