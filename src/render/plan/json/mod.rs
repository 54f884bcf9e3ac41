//! A plan as JSON: data for programs, under names that stay.

mod changes;
mod object;
mod secret;

use std::collections::BTreeSet;

use changes::{Change, changes};
use object::{Named, granted};
use schemars::JsonSchema;
use secret::Secret;
use serde::Serialize;
use serde_json::Value;

use super::rows::rows;
use super::said;
use crate::apply::Stored;
use crate::model::Along;
use crate::plan::{self, Op, Plan, Waiver};
use crate::pve::Principal;
use crate::render::document::Document;
use crate::render::effect::EffectJson;
use crate::render::json::{self, not_visible, schema_of};
use crate::render::refused::{Refusal, refusal};

/// The form; what is taken away or changed in it is another one.
const SCHEMA: &str = "pve-access.plan.v1";

/// What `pve-access plan --format json` prints.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "pve-access.plan.v1")]
struct Answer {
    /// The form of this document. Keys may be added to it; what is taken away or changed makes another form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The cluster, as it is called in print: its address, or where its files were read.
    cluster: String,
    /// Its release of Proxmox VE.
    release: String,
    /// The user or token that was reading; null where files were read.
    reader: Option<String>,
    /// What the reader cannot see all of: `accounts`, `grants`, `pools`.
    not_visible: Vec<&'static str>,
    /// How much is to be done.
    summary: Summary,
    /// The requests, in the order in which they are sent.
    steps: Vec<Step>,
    /// What becomes of each object, in the same order; what goes along with a deletion stands with its step alone.
    changes: Vec<Change>,
    /// What that means for what everybody may do.
    effect: EffectJson,
    /// What is live, not declared, and left alone.
    kept: Vec<Named>,
    /// The secrets of the tokens that are declared with a `secret` and exist.
    secrets: Vec<Secret>,
    /// What speaks against the plan. Unless each is waived, nothing is applied.
    objections: Vec<Objection>,
}

/// How much is to be done.
#[derive(Serialize, JsonSchema)]
struct Summary {
    /// Objects and grants that are made.
    create: usize,
    /// Objects and grants that are changed.
    change: usize,
    /// Objects and grants that are deleted.
    delete: usize,
    /// What goes along with those.
    along: usize,
    /// Requests that it takes.
    requests: usize,
}

/// One request.
#[derive(Serialize, JsonSchema)]
struct Step {
    /// Its place in the order, from 1 on.
    number: usize,
    /// What it does.
    op: Verb,
    /// What it does it to: one object, or one and more grants.
    objects: Vec<Named>,
    /// What goes along without having been asked for.
    along: Vec<Named>,
    /// Grants that count again, because somebody of that name is there again.
    revived: Vec<Named>,
}

/// What a request does.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Verb {
    CreateRole,
    CreateGroup,
    CreateUser,
    CreateToken,
    Grant,
    SetRole,
    SetGroup,
    SetUser,
    SetPassword,
    SetToken,
    RotateToken,
    Revoke,
    DeleteToken,
    DeleteUser,
    DeleteGroup,
    DeleteRole,
}

/// Something that speaks against the plan.
#[derive(Serialize, JsonSchema)]
struct Objection {
    /// The guard that objects.
    guard: String,
    /// What is wrong.
    message: String,
    /// What there is to know about it.
    details: Vec<String>,
    /// Commands that mend it.
    commands: Vec<String>,
    /// The name that waives it, for `--allow`; null where nothing does.
    allow: Option<String>,
    /// Whether it is waived.
    waived: bool,
}

/// The whole as one object.
pub(super) fn json(plan: &Plan, waived: &BTreeSet<Waiver>, stored: &[Stored]) -> Document {
    let live = &plan.aim.live;
    let reader = live.reader.as_ref();
    json::json(&Answer {
        schema: SCHEMA,
        cluster: live.cluster.clone(),
        release: live.state.release.to_string(),
        reader: reader.map(ToString::to_string),
        not_visible: not_visible(live.sight.hidden()),
        summary: summary(plan),
        steps: (1..).zip(&plan.steps).map(|(number, step)| self::step(number, step)).collect(),
        changes: changes(plan),
        effect: EffectJson::from(&plan.effect),
        kept: plan.aim.kept.iter().map(Named::kept).collect(),
        secrets: stored.iter().map(Secret::of).collect(),
        objections: plan.objections.iter().map(|objection| self::objection(objection, reader, waived)).collect(),
    })
}

/// The JSON Schema of what `plan --format json` prints.
#[must_use]
pub fn plan_schema() -> Value {
    schema_of::<Answer>()
}

fn summary(plan: &Plan) -> Summary {
    let rows: Vec<_> = plan.steps.iter().flat_map(|step| rows(step, plan)).collect();
    let said::Summary { create, change, delete, along, requests, rest: _ } = said::Summary::of(plan, &rows);
    Summary { create, change, delete, along, requests }
}

fn step(number: usize, plan::Step { op, grants, revived, along }: &plan::Step) -> Step {
    let one = |object| vec![object];
    let (verb, objects) = match op {
        Op::CreateRole { role, privs: _ } => (Verb::CreateRole, one(Named::role(role))),
        Op::CreateGroup { group, comment: _ } => (Verb::CreateGroup, one(Named::group(group))),
        Op::CreateUser { user, account: _ } => (Verb::CreateUser, one(Named::user(user))),
        Op::CreateToken { token, attributes: _ } => (Verb::CreateToken, one(Named::token(token))),
        Op::Grant { batch: _, propagate: _ } => (Verb::Grant, granted(grants.iter().map(|(grant, _)| grant))),
        Op::SetRole { role, before: _, after: _ } => (Verb::SetRole, one(Named::role(role))),
        Op::SetGroup { group, before: _, after: _ } => (Verb::SetGroup, one(Named::group(group))),
        Op::SetUser { user, before: _, after: _ } => (Verb::SetUser, one(Named::user(user))),
        Op::SetPassword { user } => (Verb::SetPassword, one(Named::user(user))),
        Op::SetToken { token, before: _, after: _ } => (Verb::SetToken, one(Named::token(token))),
        Op::RotateToken { token, before: _, after: _ } => (Verb::RotateToken, one(Named::token(token))),
        Op::Revoke { batch: _ } => (Verb::Revoke, granted(grants.iter().map(|(grant, _)| grant))),
        Op::DeleteToken { token } => (Verb::DeleteToken, one(Named::token(token))),
        Op::DeleteUser { user } => (Verb::DeleteUser, one(Named::user(user))),
        Op::DeleteGroup { group } => (Verb::DeleteGroup, one(Named::group(group))),
        Op::DeleteRole { role } => (Verb::DeleteRole, one(Named::role(role))),
    };
    let Along { tokens, memberships, grants: gone } = along;
    let mut along: Vec<Named> = tokens.iter().map(Named::token).collect();
    along.extend(memberships.iter().map(|(user, group)| Named::membership(user, group)));
    along.extend(granted(gone));
    Step { number, op: verb, objects, along, revived: granted(revived) }
}

fn objection(objection: &plan::Objection, reader: Option<&Principal>, waived: &BTreeSet<Waiver>) -> Objection {
    let Refusal { fault, facts, commands, allow } = refusal(objection, reader);
    Objection {
        guard: objection.guard().to_owned(),
        message: fault,
        details: facts,
        commands,
        waived: objection.is_waived(waived),
        allow: allow.map(|waiver| waiver.to_string()),
    }
}
