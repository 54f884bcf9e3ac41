//! What is there, and what shall be.

use super::story::HOMEPAGE;

/// A cluster and a file for it.
pub struct Scenario {
    pub name: &'static str,
    /// What its user.cfg holds after the lines of a fresh node.
    pub user_cfg: String,
    /// The file, in which `FOLDER` stands for the folder that it is in.
    pub file: String,
    /// What else is in that folder.
    pub besides: &'static [(&'static str, &'static str)],
    pub asks: Asks,
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// What the file says.
    File,
    /// New secrets for the tokens of the file, whether they are due or not.
    Renewal,
}

/// The secret of each token that is there in the beginning.
pub const FORMER: &str = "5a9db0c5-0000-4000-8000-00000000cafe";

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

const CHANGES_CFG: &str = "\
user:ann@pve:1:0:Ann:::old comment::
token:ann@pve!ci:0:1:old comment:
group:ops:ann@pve:operators:
role:Watcher:VM.Audit:
acl:1:/:@ops:Watcher:
acl:1:/vms:ann@pve:PVEVMUser:
";

const CHANGES: &str = "\
version: 1
roles:
  Watcher: {privs: [VM.Audit, Sys.Audit]}
  Backup: {privs: [VM.Backup, Datastore.AllocateSpace]}
groups:
  ops: {comment: the operators}
users:
  ann@pve: {comment: new comment, groups: ops}
tokens:
  ann@pve!ci: {comment: new comment, privsep: true}
acl:
  - {path: /vms, roles: PVEVMUser, users: ann@pve, state: absent}
  - {path: /vms, roles: Backup, users: ann@pve}
";

const REMOVALS_CFG: &str = "\
user:bob@pve:1:0::::::
user:gone@pve:1:0::::::
token:bob@pve!dead:0:0::
group:old:gone@pve:to be deleted:
role:Stale:VM.Console:
acl:0:/storage:bob@pve:PVEDatastoreUser:
acl:1:/nodes:@old:Stale:
";

const REMOVALS: &str = "\
version: 1
roles:
  Stale: {state: absent}
groups:
  old: {state: absent}
users:
  gone@pve: {state: absent}
tokens:
  bob@pve!dead: {state: absent}
acl:
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

const ROTATION_CFG: &str = "\
user:svc@pve:1:0::::::
token:svc@pve!due:1800500000:1:ends soon:
token:svc@pve!endless:0:0::
token:svc@pve!fresh:1807000000:0::
acl:1:/:svc@pve,svc@pve!due:PVEAuditor:
";

const ROTATION: &str = "\
version: 1
tokens:
  svc@pve!due: {privsep: true, comment: ends soon, rotate: {every: 90d, before: 30d}, secret: {file: due}}
  svc@pve!endless: {comment: it ends now, rotate: {every: 90d, before: 30d}, secret: {file: env, format: env, name: ONE}}
  svc@pve!fresh: {rotate: {every: 90d, before: 30d}, secret: {file: fresh}}
";

const RENEWAL_CFG: &str = "\
user:svc@pve:1:0::::::
token:svc@pve!one:0:1::
token:svc@pve!two:1900000000:0::
acl:1:/:svc@pve,svc@pve!one:PVEAuditor:
";

const RENEWAL: &str = "\
version: 1
tokens:
  svc@pve!one: {secret: {file: one}}
  svc@pve!two: {secret: {file: two, format: json}}
";

/// What the users of [`PASSWORDS`] log in with.
pub const PASSWORD: &str = "a password of theirs";

const PASSWORDS: &str = "\
version: 1
groups:
  staff: {}
users:
  ann@pve: {password: {file: password}, groups: staff}
  bob@pve: {password: {file: password}, enable: true, comment: has no rights}
";

const COMMANDS_CFG: &str = "\
user:svc@pve:1:0::::::
token:svc@pve!due:1800500000:0::
";

const COMMANDS: &str = "\
version: 1
tokens:
  svc@pve!new: {secret: {command: [sh, FOLDER/put, FOLDER/new]}}
  svc@pve!due: {rotate: {every: 90d}, secret: {command: [sh, FOLDER/put, FOLDER/due]}}
";

const PUT: &str = "cat > \"$1.new\" && mv \"$1.new\" \"$1\"\n";

pub fn all() -> Vec<Scenario> {
    let scenario = |name, user_cfg: &str, file: &str| Scenario {
        name,
        user_cfg: format!("{UNDECLARED}{user_cfg}"),
        file: file.to_owned(),
        besides: &[],
        asks: Asks::File,
    };
    vec![
        scenario("homepage", "", HOMEPAGE),
        scenario("changes", CHANGES_CFG, CHANGES),
        scenario("removals", REMOVALS_CFG, REMOVALS),
        scenario("tokens", "", TOKENS),
        Scenario { besides: &[("fresh", FORMER)], ..scenario("rotation", ROTATION_CFG, ROTATION) },
        Scenario { asks: Asks::Renewal, ..scenario("renewal", RENEWAL_CFG, RENEWAL) },
        Scenario { besides: &[("password", PASSWORD)], ..scenario("passwords", "", PASSWORDS) },
        Scenario { besides: &[("put", PUT)], ..scenario("commands", COMMANDS_CFG, COMMANDS) },
    ]
}
