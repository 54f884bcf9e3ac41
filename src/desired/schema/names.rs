//! What may be called what.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::values::written_out;
use crate::pve::{AclPath, Release, TokenId, UserId, builtin_roles, privileges};

/// A group's name; one of digits is a number to YAML.
pub struct Group;

impl JsonSchema for Group {
    written_out!("Group", |_generator| json_schema!({
        "type": ["string", "integer"],
        "minimum": 0,
        "pattern": "^[A-Za-z0-9._-]+$",
    }));
}

/// The name of a group as a key.
pub struct OwnGroup;

impl JsonSchema for OwnGroup {
    written_out!("OwnGroup", |_generator| json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._-]+$" }));
}

/// The name of a role of one's own.
pub struct OwnRole;

impl JsonSchema for OwnRole {
    written_out!("OwnRole", |_generator| json_schema!({
        "type": "string",
        "pattern": "^(?![Pp][Vv][Ee])(?!(Administrator|NoAccess)$)[A-Za-z0-9._-]+$",
    }));
}

/// The name of any role; the builtin ones are offered.
pub struct Role;

impl JsonSchema for Role {
    written_out!("Role", |_generator| {
        let builtin: Vec<String> = builtin_roles().keys().map(ToString::to_string).collect();
        json_schema!({
            "anyOf": [
                { "enum": builtin, "description": "A builtin role." },
                {
                    "type": ["string", "integer"],
                    "minimum": 0,
                    "pattern": "^[A-Za-z0-9._-]+$",
                    "description": "A role that the files declare, or the cluster has.",
                },
            ],
        })
    });
}

/// A user's id.
pub struct User;

impl JsonSchema for User {
    written_out!("User", |_generator| json_schema!({
        "type": "string",
        "pattern": format!("^{}$", UserId::REGEX),
        "minLength": 3,
        "maxLength": 64,
    }));
}

/// A user's id, but not root@pam.
pub struct Grantee;

impl JsonSchema for Grantee {
    written_out!("Grantee", |_generator| json_schema!({
        "type": "string",
        "pattern": format!("^(?!root@pam$){}$", UserId::REGEX),
        "minLength": 3,
        "maxLength": 64,
    }));
}

/// A token's id; that of its user has at most 64 characters.
pub struct Token;

impl JsonSchema for Token {
    written_out!("Token", |_generator| json_schema!({
        "type": "string",
        "pattern": format!("^{}$", TokenId::REGEX),
    }));
}

/// A privilege; those of the newest release that is known are offered.
pub struct Privilege;

impl JsonSchema for Privilege {
    written_out!("Privilege", |_generator| {
        let known: Vec<String> = privileges(Release::MEASURED).map(|privilege| privilege.to_string()).collect();
        json_schema!({
            "anyOf": [
                { "enum": known },
                {
                    "type": "string",
                    "pattern": "^[A-Z][A-Za-z0-9]*(\\.[A-Z][A-Za-z0-9]*)+$",
                    "description": "A privilege of another release.",
                },
            ],
        })
    });
}

/// A path that grants can be made at; spellings that Proxmox VE normalises are accepted.
pub struct Path;

impl JsonSchema for Path {
    written_out!("Path", |_generator| json_schema!({
        "type": "string",
        "pattern": path_pattern(),
        "minLength": 1,
        "examples": ["/", "/vms", "/vms/100", "/nodes", "/storage", "/storage/local", "/pool/NAME", "/access", "/access/groups", "/access/realm", "/sdn", "/mapping"],
    }));
}

/// [`AclPath::REGEX`] with any number of slashes where there is one, and any at both ends; without words that are `0`.
fn path_pattern() -> String {
    let words = AclPath::REGEX.replace("|/", "|").replacen('/', "", 1).replace('/', "/+");
    format!("^(?!(.*/)?0(/|$))/*({words})/*$")
}

/// A privilege, or a pattern of some.
pub struct PrivilegePattern;

impl JsonSchema for PrivilegePattern {
    written_out!("PrivilegePattern", |_generator| {
        let known: Vec<String> = privileges(Release::MEASURED).map(|privilege| privilege.to_string()).collect();
        json_schema!({
            "anyOf": [
                { "enum": known },
                {
                    "type": "string",
                    "pattern": "^!?[^!/@].*$",
                    "description": "A pattern such as `VM.*` or `*.Modify`; `!` excludes, and the last match wins.",
                },
            ],
        })
    });
}

/// Users and tokens by their ids, or `@GROUP` for the members of groups, as patterns.
pub struct Whom;

impl JsonSchema for Whom {
    written_out!("Whom", |_generator| json_schema!({
        "type": "string",
        "pattern": "^!?(?!!)(@[^!].*|.*[@*\\]?}\\\\].*)$",
        "examples": ["*", "*@pve", "api@pam!*", "@operators"],
    }));
}

/// A path, or a pattern of some.
pub struct PathPattern;

impl JsonSchema for PathPattern {
    written_out!("PathPattern", |_generator| {
        let literal = path_pattern();
        json_schema!({
            "anyOf": [
                { "type": "string", "minLength": 1, "pattern": format!("^!?{}", literal.trim_start_matches('^')) },
                { "type": "string", "pattern": "^!?(/.*[*?\\]}].*|[*?{\\[].*|.*\\\\.*)$" },
            ],
            "examples": ["/**", "/vms/*", "/vms/100", "/pool/NAME/**", "!/pool/NAME/**"],
        })
    });
}
