//! What is there, and what shall be.

/// A cluster and a file for it.
pub struct Scenario {
    pub name: &'static str,
    /// What its user.cfg holds after the lines of a fresh node.
    pub user_cfg: String,
    pub file: String,
}

/// What no file of these mentions.
const UNDECLARED: &str = "\
user:keep@pve:1:0:Kit:Keeper:keep@example.com:do not touch::
user:other@pam:0:0::::::
token:keep@pve!robot:0:1:do not touch:
group:keepers:keep@pve,other@pam:do not touch:
role:Keeper:Datastore.Audit,VM.Audit:
acl:1:/vms/100:keep@pve:Keeper:
acl:0:/storage:@keepers,keep@pve!robot:PVEDatastoreUser:
";

const HOMEPAGE: &str = "\
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

const MIXED_CFG: &str = "\
user:ann@pve:1:0:Ann:::old comment::
user:bob@pve:1:0::::::
user:gone@pve:1:0::::::
token:ann@pve!ci:0:1:old comment:
token:bob@pve!dead:0:0::
group:ops:bob@pve,ann@pve:operators:
group:old:gone@pve:to be deleted:
role:Watcher:VM.Audit:
role:Stale:VM.Console:
acl:1:/:@ops:Watcher:
acl:1:/vms:ann@pve:PVEVMUser:
acl:0:/storage:bob@pve:PVEDatastoreUser:
acl:1:/nodes:@old:Stale:
";

const MIXED: &str = "\
version: 1
roles:
  Watcher: {privs: [VM.Audit, Sys.Audit]}
  Backup: {privs: [VM.Backup, Datastore.AllocateSpace]}
  Stale: {state: absent}
groups:
  ops: {comment: the operators}
  night: {comment: the night shift}
  old: {state: absent}
users:
  ann@pve: {comment: new comment, groups: [ops, night]}
  cara@pve: {firstname: Cara, groups: night}
  gone@pve: {state: absent}
tokens:
  ann@pve!ci: {comment: new comment, privsep: true}
  bob@pve!dead: {state: absent}
  cara@pve!tv: {privsep: false, secret: {file: tv}}
acl:
  - {path: /, roles: Watcher, groups: [ops, night]}
  - {path: /vms, roles: PVEVMUser, users: ann@pve, state: absent}
  - {path: /vms, roles: Backup, users: [ann@pve, cara@pve]}
  - {path: /storage, roles: PVEDatastoreUser, users: bob@pve}
";

const TOKENS: &str = "\
version: 1
users:
  svc@pve: {comment: services}
tokens:
  svc@pve!value: {privsep: false, secret: {file: out/value}}
  svc@pve!token: {privsep: true, comment: a token, secret: {file: out/token, format: token}}
  svc@pve!json: {privsep: true, expire: 2099-01-01, secret: {file: out/json, format: json}}
  svc@pve!one: {privsep: false, secret: {file: out/env, format: env, name: ONE}}
  svc@pve!two: {privsep: false, secret: {file: out/env, format: env, name: TWO}}
acl:
  - {path: /, roles: PVEAuditor, users: svc@pve, tokens: svc@pve!token}
  - {path: /vms, roles: PVEVMUser, tokens: svc@pve!json}
";

/// Many of everything.
fn big() -> String {
    let mut file = "version: 1\n".to_owned();
    let mut section = |name: &str, line: &dyn Fn(usize) -> String| {
        file.push_str(&format!("{name}:\n"));
        (0..6).for_each(|at| file.push_str(&format!("  {}\n", line(at))));
    };
    section("roles", &|at| format!("Role{at}: {{privs: [VM.Audit, VM.Console]}}"));
    section("groups", &|at| format!("group{at}: {{comment: number {at}}}"));
    section("users", &|at| format!("user{at}@pve: {{comment: number {at}, groups: group{at}}}"));
    section("tokens", &|at| format!("user{at}@pve!tok: {{privsep: true, secret: {{file: tokens/{at}}}}}"));
    section("acl", &|at| {
        format!("- {{path: /vms/10{at}, roles: Role{at}, groups: group{at}, tokens: user{at}@pve!tok}}")
    });
    file
}

pub fn all() -> Vec<Scenario> {
    let scenario = |name, user_cfg: &str, file: &str| Scenario {
        name,
        user_cfg: format!("{UNDECLARED}{user_cfg}"),
        file: file.to_owned(),
    };
    vec![
        scenario("homepage", "", HOMEPAGE),
        scenario("mixed", MIXED_CFG, MIXED),
        scenario("tokens", "", TOKENS),
        scenario("big", "", &big()),
    ]
}
