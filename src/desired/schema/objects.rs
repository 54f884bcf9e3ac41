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
    /// The address of the API, or of several nodes. Without a port, it is 8006. Plain http is for this machine alone.
    #[schemars(extend("examples" = ["https://pve.example.com:8006"]))]
    endpoint: Option<Addresses>,
    /// A file of certificates to trust, such as a copy of the node's /etc/pve/pve-root-ca.pem.
    #[schemars(length(min = 1))]
    ca_file: Option<String>,
    /// Instead of `ca_file`: the SHA-256 fingerprint of the server's certificate.
    #[schemars(regex(pattern = "^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31})$"))]
    fingerprint: Option<String>,
}

/// One, or a list of at least one.
struct Addresses;

impl JsonSchema for Addresses {
    written_out!("Addresses", |generator| {
        let one = generator.subschema_for::<Endpoint>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    });
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
    /// Where the password comes from when the user is made, in realm `pve`. The password itself never stands here.
    password: Option<Password>,
    /// Whether it shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// Where a password comes from.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = given, inline)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Password {
    /// A variable of the environment.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"), extend("examples" = ["ANN_PASSWORD"]))]
    env: Option<String>,
    /// The path of a file, relative to the folder of this one, which not everybody can read.
    #[schemars(regex(pattern = "^(?!~/)(.*[^/])$"), extend("examples" = ["secrets/ann"]))]
    file: Option<String>,
    /// A program and its arguments; what it prints is the password. No shell reads them.
    #[schemars(length(min = 1), extend("examples" = [["pass", "show", "ann"]]))]
    command: Option<Vec<Text<0>>>,
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
#[schemars(extend("oneOf" = [{ "required": ["file"] }, { "required": ["command"] }]))]
pub struct Secret {
    /// The path of the file, relative to the folder of this one.
    #[schemars(regex(pattern = "^(?!~/)(.*[^/])$"), extend("examples" = ["secrets/homepage.env"]))]
    file: Option<String>,
    /// Instead of `file`: a program and its arguments. It is run without a shell, and the secret is on its standard input.
    #[schemars(extend("examples" = [["pass", "insert", "--multiline", "homepage"]]))]
    command: Option<Command>,
    /// What is written there.
    #[schemars(extend("default" = "value"))]
    format: Option<Format>,
    /// With `format: env`, and only there: the name of the variable.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"))]
    name: Option<String>,
}

struct Command;

impl JsonSchema for Command {
    written_out!("Command", |_generator| {
        // A program's name, or a path, which alone may hold blanks and does not end with a `/`.
        let program = json_schema!({
            "type": ["string", "number", "boolean"],
            "pattern": "^(?!~/)(/.*[^/]|\\S*[^\\s/])$",
        });
        let argument = json_schema!({ "type": ["string", "number", "boolean"] });
        json_schema!({
            "anyOf": [
                program,
                { "type": "array", "minItems": 1, "items": [program], "additionalItems": argument },
            ]
        })
    });
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
