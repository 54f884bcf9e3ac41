//! A credential in a file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use secrecy::SecretString;

use super::{Found, Origin};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::render::visible;

/// Far more than any credential is long.
pub(super) const LARGEST: u64 = 64 * 1024;

const BY_EVERYBODY: u32 = 0o006;
const BY_THE_GROUP: u32 = 0o060;

/// What `path` holds, which nobody else may be able to read. A pipe, as `<(..)` is one in a shell, has no readers but us.
pub(super) fn read(path: &Path, terminal: Terminal) -> Result<Found, Failure> {
    let name = path.display().to_string();
    let unreadable = |error: &std::io::Error| Failure::new(format!("the file `{name}` cannot be read")).because(error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    // Of the file that was opened: the name may mean another by now.
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    let kind = metadata.file_type();
    if kind.is_dir() {
        return Err(Failure::new(format!("`{name}` is a folder, where a file with a credential belongs")));
    }
    if kind.is_block_device() {
        return Err(Failure::new(format!("`{name}` is a disk, where a file with a credential belongs")));
    }
    if kind.is_file() {
        check_mode(path, metadata.mode(), metadata.uid(), terminal)?;
    }
    let mut text = String::new();
    match file.take(LARGEST + 1).read_to_string(&mut text) {
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(Failure::new(format!("the file `{name}` holds no text in UTF-8, and so no credential")))
        }
        Err(error) => Err(unreadable(&error)),
        Ok(_) if text.len() as u64 > LARGEST => {
            Err(Failure::new(format!("the file `{name}` is far too large for a credential")))
        }
        Ok(_) if text.trim().is_empty() => Err(Failure::new(format!("the file `{name}` is empty"))),
        Ok(_) => Ok(Found { secret: SecretString::from(text), from: Origin::File(name) }),
    }
}

/// A group may be meant to read it, of a file of root's in any case: so systems hand secrets to their services.
fn check_mode(path: &Path, mode: u32, owner: u32, terminal: Terminal) -> Result<(), Failure> {
    let (name, bits) = (path.display(), mode & 0o7777);
    let remedy = format!("chmod 600 {}", quoted(&name.to_string()));
    if mode & BY_EVERYBODY != 0 {
        return Err(Failure::new(format!(
            "the file `{name}` holds a credential, and everybody on this machine has access to it (mode {bits:04o})"
        ))
        .help(remedy)
        .help("who may have read it by now? If that matters, have a new secret made"));
    }
    if mode & BY_THE_GROUP != 0 && owner != 0 {
        terminal.note_text(&format!(
            "note: the group of `{}` has access to the credential in it (mode {bits:04o}); unless that is meant: {}\n",
            visible(name),
            visible(remedy)
        ));
    }
    Ok(())
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    shlex::try_quote(name).map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned)
}
