//! Grants, and what must hold.

use schemars::JsonSchema;

use super::names::{Grantee, Group, Path, PathPattern, PrivilegePattern, Role, Token, Whom};
use super::values::{Several, State, given};

/// Every combination of its paths, roles and subjects.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Grants", transform = given)]
#[schemars(extend(
    "anyOf" = [{ "required": ["users"] }, { "required": ["groups"] }, { "required": ["tokens"] }],
    "if" = { "properties": { "state": { "const": "absent" } }, "required": ["state"] },
    "then" = { "properties": { "propagate": false } }
))]
pub struct Entry {
    /// One or several paths, which need not exist.
    path: Several<Path>,
    /// One or several roles, builtin or not.
    roles: Several<Role>,
    /// One or several users.
    users: Option<Several<Grantee>>,
    /// One or several groups, without an @.
    groups: Option<Several<Group>>,
    /// One or several tokens, by their full ids. A token without `privsep` does not look at its own grants.
    tokens: Option<Several<Token>>,
    /// `true`: the path and everything below it. `false`: the path alone.
    #[schemars(extend("default" = true))]
    propagate: Option<bool>,
    /// Whether the grants shall be there.
    #[schemars(extend("default" = "present"))]
    state: Option<State>,
}

/// What somebody never or always holds.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = given)]
#[schemars(extend(
    "anyOf" = [{ "required": ["never"] }, { "required": ["always"] }],
    "dependencies" = { "always": ["on"] }
))]
pub struct Policy {
    /// What must hold, in a few words. A refusal names it.
    #[schemars(regex(pattern = "\\S"))]
    name: String,
    /// Users and tokens by id, `"@GROUP"` for the members of a group; patterns, of which the last that matches wins.
    who: Several<Whom>,
    /// Privileges that they never hold, through whatever grant.
    never: Option<Several<PrivilegePattern>>,
    /// Privileges that they always hold.
    always: Option<Several<PrivilegePattern>>,
    /// Where: paths and patterns of paths. `/vms` is that path alone, `/vms/**` it and everything below.
    #[schemars(extend("default" = "/**"))]
    on: Option<Several<PathPattern>>,
}

/// Which findings of `pve-access lint` are accepted.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, inline, transform = given)]
pub struct Lint {
    /// The names of rules.
    allow: Option<Several<String>>,
}
