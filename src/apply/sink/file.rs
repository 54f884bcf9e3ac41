//! A file that takes a secret.

#[cfg(test)]
mod tests;

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::geteuid;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::Replaceable;
use super::error::SinkError;
use super::form::{Held, content, held};
use super::rights::imitate;
use crate::desired::Format;
use crate::model::Expire;
use crate::pve::TokenId;

/// What is at the place of a secret.
struct There {
    /// How it was when it was read.
    was: Metadata,
    content: SecretString,
}

/// What is found where a secret should be.
pub(in crate::apply) enum Found {
    /// None.
    Nothing,
    /// One, of this token or of nobody who is named.
    Secret(SecretString),
}

/// Makes sure that `path` could take a secret now; makes its folder (0700) if there is none.
pub(super) fn probe(path: &Path, format: &Format, token: &TokenId, replaceable: Replaceable) -> Result<(), SinkError> {
    let folder = folder(path);
    let failed = |source| SinkError::Folder { folder: folder.to_owned(), source };
    if let Some(path) = folder.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
        return Err(SinkError::NotAFolder { path: path.to_owned() });
    }
    make(folder).map_err(failed)?;
    let there = look(path)?;
    if let Some(There { was, .. }) = &there {
        check_exposure(was.mode())?;
        check_planted(was, folder)?;
    }
    let mut trial = NamedTempFile::new_in(folder).map_err(failed)?;
    let size = there.as_ref().map_or(0, |there| there.content.expose_secret().len());
    trial.write_all(&vec![0; size + 1024]).and_then(|()| trial.as_file().sync_all()).map_err(failed)?;
    sync(folder).map_err(failed)?;
    if let Some(There { was, .. }) = &there {
        imitate(trial.as_file(), path, was).map_err(SinkError::Write)?;
    }
    let before = there.as_ref().map_or("", |there| there.content.expose_secret());
    match held(format, before) {
        Held::Nothing => Ok(()),
        Held::SomethingElse => Err(SinkError::Occupied),
        Held::NoLines => Err(SinkError::NoLines),
        Held::BusyLine => Err(SinkError::BusyLine),
        Held::Secret { owner: _, values } if !values.iter().all(|value| replaceable.covers(value)) => {
            Err(SinkError::Precious)
        }
        Held::Secret { owner: Some(owner), values: _ } if owner != *token => {
            Err(SinkError::Taken { owner: Box::new(owner) })
        }
        Held::Secret { .. } => Ok(()),
    }
}

/// What everybody can do with the file at `path`, if there is one and they can do anything.
pub(in crate::apply) fn exposure(path: &Path) -> Option<SinkError> {
    let there = fs::symlink_metadata(path).ok().filter(Metadata::is_file)?;
    check_exposure(there.mode()).err()
}

/// The secret that is where `token`'s should be.
pub(in crate::apply) fn find(path: &Path, format: &Format, token: &TokenId) -> Result<Found, SinkError> {
    let there = look(path)?;
    let before = there.as_ref().map_or("", |there| there.content.expose_secret());
    Ok(match held(format, before) {
        Held::Secret { owner, values } if owner.as_ref().is_none_or(|owner| owner == token) => {
            // Of a variable that is set twice, the last counts.
            Found::Secret(values.last().copied().unwrap_or_default().into())
        }
        Held::Secret { .. } | Held::Nothing | Held::SomethingElse | Held::NoLines | Held::BusyLine => Found::Nothing,
    })
}

/// Writes `secret` in the form that `format` asks for: all of it or nothing, on disk when this returns.
///
/// A new file is readable by its owner alone. One that was there keeps its owner, mode and access list, because whoever
/// reads it was given them, and in an `env` file what others write meanwhile.
pub(super) fn write(
    path: &Path,
    format: &Format,
    token: &TokenId,
    secret: &SecretString,
    expire: Expire,
) -> Result<(), SinkError> {
    /// Nobody writes that often.
    const TRIES: usize = 20;
    let _alone = alone(folder(path));
    for _ in 0..TRIES {
        let there = look(path)?;
        if let Some(There { was, .. }) = &there {
            check_planted(was, folder(path))?;
        }
        let before = there.as_ref().map_or("", |there| there.content.expose_secret());
        let content = content(format, before, token, secret, expire);
        if replace(path, there.as_ref().map(|there| &there.was), content.expose_secret()).map_err(SinkError::Write)? {
            return Ok(());
        }
    }
    Err(SinkError::Restless)
}

/// Keeps others of our kind from writing in `folder` for as long as the result lives; who holds it for long is not
/// waited for.
fn alone(folder: &Path) -> Option<File> {
    const WAITS: usize = 50;
    let held = File::open(folder).ok()?;
    for _ in 0..WAITS {
        match held.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            Ok(()) | Err(TryLockError::Error(_)) => break,
        }
    }
    Some(held)
}

/// Puts `content` in the place of what was there. Gives whether it did: not if that has changed since.
fn replace(path: &Path, was: Option<&Metadata>, content: &str) -> io::Result<bool> {
    let folder = folder(path);
    let mut new = NamedTempFile::new_in(folder)?;
    if let Some(was) = was {
        imitate(new.as_file(), path, was)?;
    }
    new.write_all(content.as_bytes())?;
    new.as_file().sync_all()?;
    let placed = match (was, fs::symlink_metadata(path)) {
        (Some(was), Ok(is)) if is_same(was, &is) => new.persist(path),
        (Some(_), _) => return Ok(false),
        (None, _) => new.persist_noclobber(path),
    };
    match placed {
        Ok(_) => sync(folder).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Whether nobody has written the file in between.
fn is_same(was: &Metadata, is: &Metadata) -> bool {
    let state =
        |of: &Metadata| (of.dev(), of.ino(), of.size(), of.mtime(), of.mtime_nsec(), of.ctime(), of.ctime_nsec());
    state(was) == state(is)
}

/// The folder that `file` is in; a bare name is in the working folder.
pub(in crate::apply) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes a folder with all that it is in (0700), such that it outlasts a loss of power.
pub(in crate::apply) fn make(folder: &Path) -> io::Result<()> {
    let new: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists() && *path != Path::new("")).collect();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    new.into_iter().try_for_each(|made| sync(self::folder(made)))
}

/// Brings what was done in a folder to disk, where its file system can do that.
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// What is at `path`, if anything is; links are not followed, because they lead where somebody else decides.
fn look(path: &Path) -> Result<Option<There>, SinkError> {
    /// Far more than anybody keeps variables in.
    const LARGEST: u64 = 1024 * 1024;
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SinkError::Unreadable(error)),
        Ok(there) => check_kind(&there)?,
    }
    // By now it may be something else: a link is not followed, a FIFO not waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(SinkError::Unreadable)?;
    let was = file.metadata().map_err(SinkError::Unreadable)?;
    check_kind(&was)?;
    if was.len() > LARGEST {
        return Err(SinkError::TooLarge);
    }
    let mut content = String::new();
    file.take(LARGEST).read_to_string(&mut content).map_err(SinkError::Unreadable)?;
    Ok(Some(There { was, content: SecretString::from(content) }))
}

fn check_kind(there: &Metadata) -> Result<(), SinkError> {
    let what = match there.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a link",
        _ => "a device, a socket or the like",
    };
    Err(SinkError::NotAFile { what })
}

/// Refuses a file of somebody else where everybody can put one: the secret would be its owner's.
fn check_planted(there: &Metadata, folder: &Path) -> Result<(), SinkError> {
    let is_trusted = [0, geteuid().as_raw()].contains(&there.uid());
    if is_trusted || !is_open(folder).map_err(SinkError::Unreadable)? {
        return Ok(());
    }
    Err(SinkError::Planted { owner: there.uid() })
}

/// Whether everybody can put things into `folder`, or could have made it: one below /tmp say.
fn is_open(folder: &Path) -> io::Result<bool> {
    for folder in folder.canonicalize()?.ancestors() {
        if fs::metadata(folder)?.mode() & 0o002 != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses a file that everybody can read or write.
fn check_exposure(mode: u32) -> Result<(), SinkError> {
    let what = match mode & 0o006 {
        0 => return Ok(()),
        0o004 => "read",
        0o002 => "write",
        _ => "read and write",
    };
    Err(SinkError::Exposed { what, mode: mode & 0o7777 })
}
