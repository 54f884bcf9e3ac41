//! The story that the project is for.

/// Without a word too much.
pub const HOMEPAGE: &str = "\
version: 1
groups:
  api-ro-users: {comment: Read-only API consumers}
users:
  api@pam: {comment: Homepage dashboard, enable: true, groups: api-ro-users}
tokens:
  api@pam!homepage:
    privsep: false
    secret: {file: secrets/homepage.env, format: env, name: HOMEPAGE_VAR_PROXMOX_TOKEN}
acl:
  - {path: /, roles: PVEAuditor, groups: api-ro-users, tokens: api@pam!homepage}
";
