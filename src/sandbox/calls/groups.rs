//! Groups.

use serde_json::{Map, Value, json};

use super::super::answer::{Failure, Outcome};
use super::super::check::{Check, Needs};
use super::super::endpoint::{Endpoint, Verb};
use super::super::format::Format;
use super::super::schema::{Checked, Property};
use super::{Scene, name, nothing};
use crate::model::{AccessState, Group, Text};
use crate::pve::GroupId;

const GROUPID: Property = Property::text("groupid").required().format(Format::Group);
const COMMENT: Property = Property::text("comment");

const ALLOCATE: Needs = Needs::Check(Check::Holds("/access/groups", &["Group.Allocate"]));

const ONE: &str = "/access/groups/{groupid}";

pub(super) const CALLS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/access/groups", &[], Needs::Credential, list),
    Endpoint::new(Verb::Post, "/access/groups", &[GROUPID, COMMENT], ALLOCATE, create),
    Endpoint::new(
        Verb::Get,
        ONE,
        &[GROUPID],
        Needs::Check(Check::Holds("/access/groups", &["Sys.Audit", "Group.Allocate"])),
        read,
    ),
    Endpoint::new(Verb::Put, ONE, &[GROUPID, COMMENT], ALLOCATE, update),
    Endpoint::new(Verb::Delete, ONE, &[GROUPID], ALLOCATE, delete),
];

fn list(scene: &Scene<'_>, _: &Checked) -> Outcome {
    let seen = scene.rights.groups(&["User.Modify", "Sys.Audit", "Group.Allocate"]);
    let members = scene.state.members();
    let entry = |(id, group): (&GroupId, &Group)| {
        let users: Vec<&str> = members.get(id).into_iter().flatten().map(|user| user.as_str()).collect();
        let mut entry = fields(group);
        entry.insert("groupid".to_owned(), json!(id.as_str()));
        entry.insert("users".to_owned(), json!(users.join(",")));
        Value::Object(entry)
    };
    Ok(scene.state.groups.iter().filter(|(id, _)| seen.contains(id)).map(entry).collect())
}

fn read(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: GroupId = name(params.required("groupid"))?;
    let mut entry = fields(existing(scene.state, &id)?);
    let members = scene.state.members();
    let users: Vec<&str> = members.get(&id).into_iter().flatten().map(|user| user.as_str()).collect();
    entry.insert("members".to_owned(), json!(users));
    Ok(Value::Object(entry))
}

fn fields(group: &Group) -> Map<String, Value> {
    let Group { comment } = group;
    let comment = (!comment.is_empty()).then(|| ("comment".to_owned(), json!(comment.as_str())));
    comment.into_iter().collect()
}

fn existing<'a>(state: &'a AccessState, id: &GroupId) -> Result<&'a Group, Failure> {
    state.groups.get(id).ok_or_else(|| Failure::died(format!("group '{id}' does not exist")))
}

fn create(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: GroupId = name(params.required("groupid"))?;
    scene.folder().edit_access("create group failed", |_, state| {
        if state.groups.contains_key(&id) {
            return Err(Failure::died(format!("group '{id}' already exists")));
        }
        let comment = params.text("comment").map(Text::unread).unwrap_or_default();
        state.groups.insert(id, Group { comment });
        Ok(nothing())
    })
}

fn update(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: GroupId = name(params.required("groupid"))?;
    scene.folder().edit_access("update group failed", |_, state| {
        existing(state, &id)?;
        if let Some(comment) = params.text("comment").map(Text::unread) {
            state.groups.insert(id, Group { comment });
        }
        Ok(nothing())
    })
}

fn delete(scene: &Scene<'_>, params: &Checked) -> Outcome {
    let id: GroupId = name(params.required("groupid"))?;
    scene.folder().edit_access("delete group failed", |_, state| {
        existing(state, &id)?;
        state.remove_group(&id);
        Ok(nothing())
    })
}
