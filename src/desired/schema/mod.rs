//! The language as a JSON Schema, for editors.
//!
//! These types are never made: they stand for what may be written, and their comments are what an editor shows. The
//! rules of names are those of `pve`; the tests hold the keys against the vocabularies, and the schema against every
//! case of the language. What one file alone cannot tell, and what needs more than its shape, a schema does not know.

#![expect(dead_code, reason = "the types stand for what may be written, and nobody makes them")]

mod assertions;
mod names;
mod objects;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use assertions::{Entry, Lint, Policy};
use names::{OwnGroup, OwnRole, Token, User};
use objects::{Cluster, GroupObject, RoleObject, TokenObject, UserObject};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use values::{Bare, Version};

/// What access control on a Proxmox VE cluster should be. What is not mentioned is left as it is.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Desired state for pve-access", transform = versioned)]
struct Document {
    /// The version of this language. Required in one of the files.
    #[schemars(extend("default" = 1))]
    version: Option<Version>,
    /// Which cluster the files are about. The command line and the environment come first. No credentials here.
    cluster: Option<Cluster>,
    /// Roles: sets of privileges, by name. Builtin roles can be granted, not declared.
    roles: Option<BTreeMap<OwnRole, Bare<RoleObject>>>,
    /// Groups, by name. Who is in a group is said with the users.
    groups: Option<BTreeMap<OwnGroup, Bare<GroupObject>>>,
    /// Users, by id: the name, an @ and the realm, such as `ann@pve`.
    users: Option<BTreeMap<User, Bare<UserObject>>>,
    /// API tokens, by full id: the user's id, a ! and the token's name, such as `ann@pve!deploy`.
    tokens: Option<BTreeMap<Token, Bare<TokenObject>>>,
    /// Grants. An entry stands for every combination of its paths, roles and subjects.
    acl: Option<Vec<Entry>>,
    /// What must hold afterwards, whatever grants it comes from. A plan that would break a policy is refused.
    policies: Option<Vec<Policy>>,
    /// Which findings of `pve-access lint` are accepted.
    lint: Option<Lint>,
}

/// A section may be empty; the version may not.
fn versioned(schema: &mut Schema) {
    if let Some(version) = schema.pointer_mut("/properties/version").and_then(Value::as_object_mut) {
        version.remove("enum");
        version.insert("const".to_owned(), 1.into());
    }
}

/// The JSON Schema (draft 7) of one desired-state file.
#[must_use]
pub fn schema() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<Document>().to_value()
}
