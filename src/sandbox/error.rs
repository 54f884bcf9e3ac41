//! Why a sandbox cannot be opened or served.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What keeps a sandbox from working at all; refusals of single requests are answers.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A file of the state cannot be read or written.
    #[error("`{path}` cannot be used")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder is somebody else's.
    #[error("`{dir}` is not a sandbox's folder, and not empty")]
    NotASandbox {
        /// Which folder.
        dir: PathBuf,
    },
    /// The folder is not for a new sandbox.
    #[error("`{dir}` has a user.cfg already, which is not overwritten")]
    Occupied {
        /// Which folder.
        dir: PathBuf,
    },
    /// Nothing can listen there.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody has held the folder's lock for too long.
    #[error("the lock on `{path}` is held by somebody else")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
}
