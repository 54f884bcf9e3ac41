//! Pools.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::Format;
use super::super::rights::Rights;
use super::super::schema::{Checked, Property};
use super::{Scene, name, nothing};
use crate::model::{AccessState, Pool, Text};
use crate::pve::{AclPath, PoolId, StorageId, VmId};

const POOLID: Property = Property::text("poolid").required().format(Format::Pool);
const COMMENT: Property = Property::text("comment");
const TYPE: Property = Property::text("type").one_of(&["qemu", "lxc", "storage"]).requires("poolid");

const TO_UPDATE: &[Property] = &[
    POOLID,
    COMMENT,
    Property::text("vms").format(Format::Guests),
    Property::text("storage").format(Format::Storages),
    Property::boolean("delete"),
    Property::boolean("allow-move"),
];

const ALLOCATE: Needs = Needs::Check(Check::Holds("/pool/{poolid}", &["Pool.Allocate"]));
const AUDIT: Needs = Needs::Check(Check::Holds("/pool/{poolid}", &["Pool.Audit"]));

/// Of before pools could be nested; the pool's name is one word there.
const ONE: &str = "/pools/{poolid}";

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/pools", &[Property::text("poolid").format(Format::Pool), TYPE], Needs::Credential, list),
    Endpoint::new(Verb::Post, "/pools", &[POOLID, COMMENT], ALLOCATE, create),
    Endpoint::new(Verb::Put, "/pools", TO_UPDATE, ALLOCATE, update),
    Endpoint::new(Verb::Delete, "/pools", &[POOLID], ALLOCATE, delete),
    Endpoint::new(Verb::Get, ONE, &[POOLID, TYPE], AUDIT, read),
    Endpoint::new(Verb::Put, ONE, TO_UPDATE, ALLOCATE, update),
    Endpoint::new(Verb::Delete, ONE, &[POOLID], ALLOCATE, delete),
];

/// The storages of a fresh node, with what each is good for.
const STORAGES: [(&str, &str, &str); 2] =
    [("local", "dir", "backup,iso,vztmpl"), ("local-lvm", "lvmthin", "images,rootdir")];

/// All pools that the caller may see, or one with its members, which everybody may (api-facts.md, Pools, realms).
fn list(scene: &Scene<'_>, params: &Checked) -> Outcome {
    if params.text("poolid").is_some() {
        return Ok(json!([read(scene, params)?]));
    }
    let entry = |(id, pool): (&PoolId, &Pool)| {
        let is_seen = scene.rights.holds_any(&format!("/pool/{id}"), &["Pool.Audit"]);
        is_seen.then(|| Value::Object(fields(id, pool)))
    };
    Ok(scene.state.pools.iter().filter_map(entry).collect())
}

fn fields(id: &PoolId, pool: &Pool) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("poolid".to_owned(), json!(id.as_str()));
    if !pool.comment.is_empty() {
        fields.insert("comment".to_owned(), json!(pool.comment.as_str()));
    }
    fields
}

/// A pool with those members that exist: no guest does, and of storages those of a fresh node.
fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: PoolId = name(params.required("poolid"))?;
    let pool = existing(scene.state, &id)?;
    let is_wanted = params.text("type").is_none_or(|kind| kind == "storage");
    let members: Vec<Value> = STORAGES
        .iter()
        .filter(|(storage, ..)| is_wanted && pool.storage.iter().any(|member| member.as_str() == *storage))
        .map(|(storage, plugin, content)| {
            json!({
                "id": format!("storage/pve/{storage}"),
                "type": "storage",
                "storage": storage,
                "node": "pve",
                "status": "unknown",
                "plugintype": plugin,
                "content": content,
                "shared": 0,
            })
        })
        .collect();
    let mut entry = fields(&id, pool);
    entry.insert("members".to_owned(), json!(members));
    Ok(Value::Object(entry))
}

fn existing<'a>(state: &'a AccessState, id: &PoolId) -> Result<&'a Pool, Failure> {
    state.pools.get(id).ok_or_else(|| Failure::died(format!("pool '{id}' does not exist")))
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: PoolId = name(params.required("poolid"))?;
    scene.folder().edit_access("create pool failed", |_, state| {
        if state.pools.contains_key(&id) {
            return Err(Failure::died(format!("pool '{id}' already exists")));
        }
        if id.as_str().split('/').any(|level| !level.starts_with(|first: char| first.is_ascii_alphabetic())) {
            return Err(Failure::died(format!("pool name '{id}' does not start with a letter")));
        }
        if let Some((parent, _)) = id.as_str().rsplit_once('/')
            && !state.pools.keys().any(|pool| pool.as_str() == parent)
        {
            return Err(Failure::died(format!("parent '{parent}' of pool '{id}' does not exist")));
        }
        let comment = params.text("comment").map(Text::unread).unwrap_or_default();
        state.pools.insert(id, Pool { comment, ..Pool::default() });
        Ok(nothing())
    })
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: PoolId = name(params.required("poolid"))?;
    let may_modify = |path: String| scene.rights.require_any(&path, Rights::to_modify_grants(&path));
    scene.folder().edit_access("update pools failed", |_, state| {
        let mut pool = existing(state, &id)?.clone();
        if let Some(comment) = params.text("comment") {
            pool.comment = Text::unread(comment);
        }
        for guest in params.list("vms") {
            let vm: VmId = name(guest)?;
            may_modify(format!("/vms/{vm}"))?;
            let elsewhere = state.pools.iter().find(|(other, held)| **other != id && held.vms.contains(&vm));
            match (params.is_on("delete"), elsewhere.map(|(other, _)| other.clone())) {
                (true, _) if !pool.vms.remove(&vm) => {
                    return Err(Failure::died(format!("VM {vm} is not a pool member")));
                }
                (true, _) => {}
                (false, Some(other)) if !params.is_on("allow-move") => {
                    let text = format!("VM {vm} belongs already to pool '{other}' and allow-move is not set");
                    return Err(Failure::died(text));
                }
                (false, other) => {
                    if !pool.vms.insert(vm) {
                        return Err(Failure::died(format!("VM {vm} is already a pool member")));
                    }
                    if let Some(other) = other {
                        scene.rights.require_any(&format!("/pool/{other}"), &["Pool.Allocate"])?;
                        state.pools.entry(other).or_default().vms.remove(&vm);
                    }
                }
            }
        }
        for storage in params.list("storage") {
            let storage: StorageId = name(storage)?;
            may_modify(format!("/storage/{storage}"))?;
            if params.is_on("delete") {
                if !pool.storage.remove(&storage) {
                    return Err(Failure::died(format!("Storage '{storage}' is not a pool member")));
                }
            } else if !pool.storage.insert(storage.clone()) {
                return Err(Failure::died(format!("Storage '{storage}' is already a pool member")));
            }
        }
        state.pools.insert(id.clone(), pool);
        Ok(nothing())
    })
}

/// Removes a pool without members that exist. The grants of a nested one stay (api-facts.md, Pools, realms).
fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: PoolId = name(params.required("poolid"))?;
    scene.folder().edit_access("delete pool failed", |_, state| {
        let pool = existing(state, &id)?;
        let below = format!("{id}/");
        let is_full = |what: String| Err(Failure::died(format!("pool '{id}' is not empty (contains {what})")));
        if let Some(nested) = state.pools.keys().find(|pool| pool.as_str().starts_with(&below)) {
            return is_full(format!("pool '{nested}'"));
        }
        let known: BTreeSet<&str> = STORAGES.iter().map(|(storage, ..)| *storage).collect();
        if let Some(storage) = pool.storage.iter().find(|storage| known.contains(storage.as_str())) {
            return is_full(format!("storage '{storage}'"));
        }
        state.pools.remove(&id);
        if !id.as_str().contains('/') {
            let is_of_pool = |path: &AclPath| {
                let mut words = path.words();
                words.next() == Some("pool") && words.next() == Some(id.as_str())
            };
            state.acl.retain(|grant, _| !is_of_pool(&grant.path));
        }
        Ok(nothing())
    })
}
