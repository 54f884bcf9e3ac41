//! Objects and their attributes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::names::{Group, Privilege};
use super::values::{Duration, Email, Expire, Listed, State, Text, given, written_out};

/// Which cluster the files are about.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, inline, transform = given)]
#[schemars(extend("not" = { "required": ["ca_file", "fingerprint"] }))]
pub struct Cluster {
    /// The address of the API. Without a port, it is 8006. Plain http is for this machine alone.
    #[schemars(extend("examples" = ["https://pve.example.com:8006"]))]
    endpoint: Option<Endpoint>,
    /// A file of certificates to trust, such as a copy of the node's /etc/pve/pve-root-ca.pem.
    #[schemars(length(min = 1))]
    ca_file: Option<String>,
    /// Instead of `ca_file`: the SHA-256 fingerprint of the server's certificate.
    #[schemars(regex(pattern = "^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31})$"))]
    fingerprint: Option<String>,
}

struct Endpoint;

impl JsonSchema for Endpoint {
    written_out!("Endpoint", |_generator| json_schema!({
        "type": "string",
        "pattern": "^(https://|http://(localhost|127\\.|\\[::1\\]))[^/?#@\\s]*(/|/api2/json/?)?$",
    }));
}

/// A role.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Role", transform = given)]
#[schemars(extend("if" = { "properties": { "state": { "const": "absent" } }, "required": ["state"] }, "then" = { "maxProperties": 1 }))]
pub struct RoleObject {
    /// Exactly these privileges; `[]` for none.
    privs: Option<Listed<Privilege>>,
    /// Whether it shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// A group.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Group", transform = given)]
#[schemars(extend("if" = { "properties": { "state": { "const": "absent" } }, "required": ["state"] }, "then" = { "maxProperties": 1 }))]
pub struct GroupObject {
    /// What it is for; `""` for nothing.
    comment: Option<Text<0>>,
    /// Whether it shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// A user.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "User", transform = given)]
#[schemars(extend("if" = { "properties": { "state": { "const": "absent" } }, "required": ["state"] }, "then" = { "maxProperties": 1 }))]
pub struct UserObject {
    /// Whether the user is let in; the tokens of a disabled user are refused, too.
    #[schemars(extend("default" = true))]
    enable: Option<bool>,
    /// Until when: `never`, a day, a time with its zone, or seconds since 1970-01-01.
    #[schemars(extend("default" = "never"))]
    expire: Option<Expire>,
    /// First name; `""` for none.
    firstname: Option<Text<1024>>,
    /// Last name; `""` for none.
    lastname: Option<Text<1024>>,
    /// Mail address; `""` for none.
    email: Option<Email>,
    /// What it is for; `""` for nothing.
    comment: Option<Text<2048>>,
    /// Exactly these groups; `[]` for none.
    groups: Option<Listed<Group>>,
    /// Whether it shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// An API token.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Token", transform = given)]
#[schemars(extend("not" = { "required": ["expire", "rotate"] }))]
#[schemars(extend("if" = { "properties": { "state": { "const": "absent" } }, "required": ["state"] }, "then" = { "maxProperties": 1 }))]
pub struct TokenObject {
    /// What it is for; `""` for nothing.
    comment: Option<Text<0>>,
    /// Until when: `never`, a day, a time with its zone, or seconds since 1970-01-01.
    #[schemars(extend("default" = "never"))]
    expire: Option<Expire>,
    /// `true`: the token has only what is granted to it, and never more than its user. `false`: what its user has.
    #[schemars(extend("default" = true))]
    privsep: Option<bool>,
    /// Where the secret goes when the token is made or its secret renewed. The secret itself never stands here.
    secret: Option<Secret>,
    /// How often the secret is renewed; each renewal sets a new end. Not together with `expire`.
    rotate: Option<Rotate>,
    /// Whether it shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// Where a secret goes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = given, inline)]
#[schemars(extend("if" = { "properties": { "format": { "const": "env" } }, "required": ["format"] }, "then" = { "required": ["name"] }, "else" = { "properties": { "name": false } }))]
pub struct Secret {
    /// The path of the file, relative to the folder of this one.
    #[schemars(regex(pattern = "^(?!~/)(.*[^/])$"), extend("examples" = ["secrets/homepage.env"]))]
    file: String,
    /// What is written there.
    #[schemars(extend("default" = "value"))]
    format: Option<Format>,
    /// With `format: env`, and only there: the name of the variable.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    name: Option<String>,
}

/// How often a secret is renewed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = given, inline)]
pub struct Rotate {
    /// How long a secret is accepted: hours, days or weeks.
    every: Duration,
    /// How long before its end the secret is renewed; left out, a sixth of `every`, and 14 days at most.
    before: Option<Duration>,
}

/// How a secret is written.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase", inline)]
enum Format {
    /// The bare secret.
    Value,
    /// `user@realm!name=secret`
    Token,
    /// A line `NAME=secret`; all other lines of the file stay.
    Env,
    /// An object with the id, the secret and the expiry.
    Json,
}
