//! Where the live state is read.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::arguments::{Files, Looking, Target};
use super::connect::{Connection, connect_to_cluster, connect_to_sandbox, open_sandbox, sandbox_name};
use super::failure::Failure;
use super::pipeline;
use super::terminal::Terminal;
use crate::api::wire::Held;
use crate::desired::{self, Cluster};
use crate::live::{ReadError, Sight, Snapshot, Source as _, UserCfg, UserCfgError};
use crate::model::Lock;
use crate::permissions::Privileges;
use crate::pve::{AclPath, Principal};
use crate::render::{self, visible};
use crate::sandbox::Sandbox;

/// What a snapshot is taken of.
pub(super) enum Source {
    /// A cluster, over its API.
    Cluster(Connection),
    /// Its files.
    UserCfg(UserCfg),
    /// A sandbox, without its API: that does not say which guests are in a pool, because there are none.
    Sandbox(Sandbox, String),
}

/// What the command line says, then the environment, then the files.
pub(super) async fn open(target: &Target, cluster: &Cluster, terminal: Terminal) -> Result<Source, Failure> {
    Ok(if let Some(file) = &target.live {
        Source::UserCfg(user_cfg(file, terminal)?)
    } else if let Some(dir) = &target.sandbox {
        Source::Cluster(connect_to_sandbox(dir).await?)
    } else {
        Source::Cluster(connect_to_cluster(target, cluster, terminal)?)
    })
}

impl Source {
    /// Reads everything; what a file says in vain is warned of.
    pub(super) async fn read(&self, terminal: Terminal) -> Result<Snapshot, Failure> {
        let snapshot = match self {
            Source::Cluster(connection) => {
                let reader = connection.client.principal();
                let snapshot = connection.client.read().await.map_err(|error| unreadable(&error, Some(reader)))?;
                Snapshot { cluster: connection.name.clone().unwrap_or(snapshot.cluster), ..snapshot }
            }
            Source::UserCfg(files) => files.read().await.map_err(|error| unreadable(&error, None))?,
            Source::Sandbox(sandbox, name) => {
                let mut state = (*sandbox.state().map_err(|error| Failure::of(&error))?).clone();
                let lock = Lock::take_from(&mut state);
                Snapshot { state, sight: Sight::Full, reader: None, cluster: name.clone(), lock, ignored: Vec::new() }
            }
        };
        terminal.note(&render::ignored(&snapshot.ignored));
        Ok(snapshot)
    }

    /// What the server itself answers of `who`, if that is the reader and the reader does not see all that decides it.
    pub(super) async fn ask(
        &self,
        snapshot: &Snapshot,
        who: &Principal,
        path: Option<&AclPath>,
    ) -> Result<Option<BTreeMap<String, Privileges>>, Failure> {
        let Source::Cluster(Connection { client, .. }) = self else { return Ok(None) };
        if snapshot.sight == Sight::Full || snapshot.reader.as_ref() != Some(who) {
            return Ok(None);
        }
        let answer = match path {
            Some(path) => client.permissions(path).await.map(|held| BTreeMap::from([(path.to_string(), held)])),
            None => client.all_permissions().await,
        };
        let answer = answer.map_err(|error| unreadable(&error.into(), Some(client.principal())))?;
        let held = |Held(held): Held| held.into_iter().map(|(privilege, reach)| (privilege, reach.into())).collect();
        Ok(Some(answer.into_iter().map(|(path, privileges)| (path, held(privileges))).collect()))
    }
}

/// As [`open`], for a command that looks and asks for nothing.
pub(super) async fn look(
    Looking { files, target }: &Looking,
    terminal: Terminal,
) -> Result<(Source, Snapshot), Failure> {
    let cluster = if target.sandbox.is_some() { Cluster::default() } else { cluster(files, target, terminal)? };
    look_at(target, &cluster, terminal).await
}

/// As [`look`], for a command that has read the files already.
pub(super) async fn look_at(
    target: &Target,
    cluster: &Cluster,
    terminal: Terminal,
) -> Result<(Source, Snapshot), Failure> {
    let source = match &target.sandbox {
        Some(dir) => {
            let is_new = !dir.join("user.cfg").exists();
            let sandbox = open_sandbox(dir)?;
            if is_new {
                terminal.note_text(&format!(
                    "note: there was no sandbox in {}; this is a new one\n",
                    visible(dir.display())
                ));
            }
            Source::Sandbox(sandbox, sandbox_name(dir))
        }
        None => open(target, cluster, terminal).await?,
    };
    let snapshot = source.read(terminal).await?;
    Ok((source, snapshot))
}

/// What the files say of the cluster. The usual file is looked at if it is there and sound: a shell may just have made it
/// to hold the result.
pub(super) fn cluster(files: &[PathBuf], target: &Target, terminal: Terminal) -> Result<Cluster, Failure> {
    if target.live.is_some() {
        return Ok(Cluster::default());
    }
    if !files.is_empty() {
        let files = Files { files: files.to_vec() };
        return Ok(pipeline::load(&files, terminal)?.0.cluster);
    }
    let usual = desired::load(&[PathBuf::from(super::arguments::FILE)]);
    Ok(if usual.findings.has_errors() { Cluster::default() } else { usual.desired.cluster })
}

/// A copy of a user.cfg, and of the domains.cfg beside it; `-` is standard input.
pub(super) fn user_cfg(file: &Path, terminal: Terminal) -> Result<UserCfg, Failure> {
    let opened = if file == Path::new("-") {
        let input = io::stdin();
        if input.is_terminal() {
            terminal.note_text("Reading a user.cfg from the terminal; Ctrl-D ends it.\n");
        }
        UserCfg::from_input(input.lock())
    } else {
        UserCfg::open(file)
    };
    opened.map_err(|error| unusable(&error))
}

fn unusable(error: &UserCfgError) -> Failure {
    Failure::of(error).help(error.help())
}

fn unreadable(error: &ReadError, reader: Option<&Principal>) -> Failure {
    match (error, reader) {
        (ReadError::Api(error), Some(reader)) => {
            let failure = Failure::new(format!("the live state could not be read as {reader}")).because(error);
            failure
                .helps(error.help())
                .help("`pve-access doctor` looks at each step on the way, and says what mends it")
        }
        (ReadError::Api(error), None) => Failure::of(error).helps(error.help()),
        (ReadError::UserCfg(error), _) => unusable(error),
    }
}
