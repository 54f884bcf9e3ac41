//! Pools, as far as they can be listed.

use serde_json::{Map, Value, json};

use super::super::answer::Outcome;
use super::super::check::Needs;
use super::super::endpoint::{Endpoint, Verb};
use super::super::schema::Checked;
use super::Scene;
use crate::model::Pool;
use crate::pve::PoolId;

pub(super) const CALLS: &[Endpoint] = &[Endpoint::new(Verb::Get, "/pools", &[], Needs::Credential, list)];

const SEE: &[&str] = &["Pool.Audit", "Pool.Allocate"];

fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let entry = |(id, pool): (&PoolId, &Pool)| {
        let mut entry = Map::new();
        entry.insert("poolid".to_owned(), json!(id.as_str()));
        if !pool.comment.is_empty() {
            entry.insert("comment".to_owned(), json!(pool.comment.as_str()));
        }
        scene.rights.holds_any(&format!("/pool/{id}"), SEE).then_some(Value::Object(entry))
    };
    Ok(scene.state.pools.iter().filter_map(entry).collect())
}
