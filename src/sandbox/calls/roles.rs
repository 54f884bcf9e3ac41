//! Roles.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::Format;
use super::super::schema::{Checked, Property};
use super::{Scene, name, nothing};
use crate::model::{AccessState, Origin, Role};
use crate::pve::{Privilege, RoleId};

const ROLEID: Property = Property::text("roleid").required().format(Format::Role);
const PRIVS: Property = Property::text("privs").format(Format::Privileges);

const MODIFY: Needs = Needs::Check(Check::Holds("/access", &["Sys.Modify"]));

const ONE: &str = "/access/roles/{roleid}";

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/roles", &[], Needs::Credential, list),
    Endpoint::new(Verb::Post, "/access/roles", &[ROLEID, PRIVS], MODIFY, create),
    Endpoint::new(Verb::Get, ONE, &[ROLEID], Needs::Credential, read),
    Endpoint::new(Verb::Put, ONE, &[ROLEID, PRIVS, Property::boolean("append").requires("privs")], MODIFY, update),
    Endpoint::new(Verb::Delete, ONE, &[ROLEID], MODIFY, delete),
];

fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let entry = |(id, role): (&RoleId, &Role)| {
        let privs: Vec<&str> = role.privs.iter().map(Privilege::as_str).collect();
        let special = u8::from(role.origin == Origin::Builtin);
        json!({ "roleid": id.as_str(), "privs": privs.join(","), "special": special })
    };
    Ok(scene.state.roles.iter().map(entry).collect())
}

fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let role = existing(scene.state, &name(params.required("roleid"))?)?;
    Ok(Value::Object(role.privs.iter().map(|held| (held.to_string(), json!(1))).collect::<Map<_, _>>()))
}

fn existing<'a>(state: &'a AccessState, id: &RoleId) -> Result<&'a Role, Failure> {
    state.roles.get(id).ok_or_else(|| Failure::died(format!("role '{id}' does not exist")))
}

fn privs(params: &Checked) -> Result<BTreeSet<Privilege>, Failure> {
    params.list("privs").map(name).collect()
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RoleId = name(params.required("roleid"))?;
    if id.is_reserved() {
        let text = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace";
        return Err(Failure::parameter("roleid", text));
    }
    scene.folder().edit_access("create role failed", |_, state| {
        if state.roles.contains_key(&id) {
            return Err(Failure::died(format!("role '{id}' already exists")));
        }
        state.roles.insert(id, Role { privs: privs(params)?, origin: Origin::Custom });
        Ok(nothing())
    })
}

/// Sets the privileges: none given means none left (api-facts.md, Groups, roles).
fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RoleId = name(params.required("roleid"))?;
    refuse_builtin(scene.state, &id, "modified")?;
    scene.folder().edit_access("update role failed", |_, state| {
        let before = existing(state, &id)?.privs.clone();
        let mut privs = privs(params)?;
        if params.is_on("append") {
            privs.extend(before);
        }
        state.roles.insert(id, Role { privs, origin: Origin::Custom });
        Ok(nothing())
    })
}

/// Removes a role. Its grants stay in the file until the next write, where nobody sees them (transcript `roles`).
fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: RoleId = name(params.required("roleid"))?;
    refuse_builtin(scene.state, &id, "deleted")?;
    scene.folder().edit_access("delete role failed", |_, state| {
        existing(state, &id)?;
        state.roles.remove(&id);
        Ok(nothing())
    })
}

fn refuse_builtin(state: &AccessState, id: &RoleId, what: &str) -> Result<(), Failure> {
    match state.roles.get(id) {
        Some(Role { origin: Origin::Builtin, .. }) => {
            Err(Failure::died(format!("auto-generated role '{id}' cannot be {what}")))
        }
        Some(Role { origin: Origin::Custom, .. }) | None => Ok(()),
    }
}
