//! The built-in server: Proxmox VE's access API over HTTP on loopback, its state in a folder.
//!
//! Knows what release 9.2 answers to which request, down to reason phrases, and keeps its state in the server's own
//! files. Does not know plans: tests against it must not compare the program with itself.

mod answer;
mod caller;
mod calls;
mod check;
mod clock;
mod endpoint;
mod error;
mod factors;
mod folder;
mod format;
mod params;
mod property_string;
mod realm_file;
mod realm_type;
#[cfg(test)]
mod recorded;
mod request;
mod rights;
mod schema;
mod secrets;
mod seed;
mod server;
#[cfg(test)]
mod tests;
mod ticket;
mod totp;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub use clock::Clock;
pub use error::SandboxError;
use folder::Folder;
pub use secrets::SECRET_MARK;
pub use seed::{Adjusted, Seed, SeedError};
pub use server::{Logged, Serving};

use crate::model::AccessState;
use crate::pve::{Release, TokenId};

/// How a sandbox differs from the server on purpose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How long an answer of 401 is held back; the server takes 3 s, the default is no delay.
    pub delay_unauthorized: Duration,
    /// What the server takes for now.
    pub clock: Clock,
    /// The release that it says it is, if not the one that it imitates. One that is older renews no secret in place; all
    /// else is as ever.
    pub release: Option<Release>,
}

/// A server's state in a folder, which several processes may use at once.
#[derive(Clone, Debug)]
pub struct Sandbox {
    node: Arc<Node>,
}

/// What every request is answered from.
#[derive(Debug)]
struct Node {
    folder: Folder,
    options: Options,
}

impl Sandbox {
    /// Opens the state in `dir`; an empty or missing folder becomes a freshly installed node.
    pub fn open(dir: &Path) -> Result<Sandbox, SandboxError> {
        Sandbox::open_with(dir, Options::default())
    }

    /// As [`Sandbox::open`], with `options`.
    pub fn open_with(dir: &Path, options: Options) -> Result<Sandbox, SandboxError> {
        Ok(Sandbox { node: Arc::new(Node { folder: Folder::open(dir)?, options }) })
    }

    /// Makes `dir` into a sandbox that begins with `seed`; it must not be one yet.
    pub fn seed(dir: &Path, seed: &Seed, options: Options) -> Result<Sandbox, SandboxError> {
        Ok(Sandbox { node: Arc::new(Node { folder: Folder::seed(dir, seed)?, options }) })
    }

    /// What it holds now.
    pub fn state(&self) -> Result<Arc<AccessState>, SandboxError> {
        self.node.folder.read()
    }

    /// The token that a sandbox comes with, `root@pam!admin`, and its secret; none if it has been deleted.
    pub fn admin_token(&self) -> Result<Option<(TokenId, SecretString)>, SandboxError> {
        self.node.folder.admin_token()
    }

    /// Serves on `addr` until the result is dropped; port 0 takes any free one.
    pub async fn serve(&self, addr: SocketAddr) -> Result<Serving, SandboxError> {
        server::serve(Arc::clone(&self.node), addr).await
    }
}
