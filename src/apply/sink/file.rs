//! A file that takes a secret.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
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
        Held::Secret { .. } | Held::Nothing | Held::SomethingElse | Held::NoLines => Found::Nothing,
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

/// Makes a folder with all that it is in, such that it outlasts a loss of power.
fn make(folder: &Path) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn token() -> TokenId {
        "a@pve!tok".parse().unwrap()
    }

    fn written(folder: &Path, format: Format, before: Option<&str>) -> String {
        let file = folder.join("secret");
        match before {
            Some(before) => fs::write(&file, before).unwrap(),
            None => drop(fs::remove_file(&file)),
        }
        if before.is_some() {
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        probe(&file, &format, &token(), Replaceable::Any).unwrap();
        let (token, secret) = ("api@pam!homepage".parse().unwrap(), SecretString::from("s3cr3t"));
        write(&file, &format, &token, &secret, Expire::At(4_102_444_800)).unwrap();
        fs::read_to_string(file).unwrap()
    }

    #[test]
    fn each_format_holds_what_its_reader_wants() {
        let folder = tempfile::tempdir().unwrap();
        let written = |format| written(folder.path(), format, None);
        assert_eq!(written(Format::Value), "s3cr3t");
        assert_eq!(written(Format::Token), "api@pam!homepage=s3cr3t");
        assert_eq!(written(Format::Env { name: "X".into() }), "X=s3cr3t\n");
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"token": "api@pam!homepage", "secret": "s3cr3t", "expire": 4_102_444_800_u64})
        );
    }

    #[test]
    fn an_env_file_keeps_its_other_lines() {
        let folder = tempfile::tempdir().unwrap();
        let written = |before| written(folder.path(), Format::Env { name: "X".into() }, Some(before));
        assert_eq!(written("# mine\nA=1\n"), "# mine\nA=1\nX=s3cr3t\n");
        assert_eq!(written("A=1\nX=old\nB=2"), "A=1\nX=s3cr3t\nB=2");
        assert_eq!(written("export X=old\nX=older\nXY=3\n"), "export X=s3cr3t\nXY=3\n");
        assert_eq!(written("A=1\r\nX=old\r\n"), "A=1\r\nX=s3cr3t\r\n");
    }

    #[test]
    fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/secret");
        let mode = |file: &Path| fs::metadata(file).unwrap().mode() & 0o777;
        let secret = SecretString::from("s3cr3t");
        probe(&file, &Format::Value, &token(), Replaceable::Any).unwrap();
        write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
        assert_eq!(mode(&file), 0o640);
        // Somebody opens it between the probe and the secret.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        write(&file, &Format::Value, &token(), &secret, Expire::Never).unwrap();
        assert_eq!(mode(&file), 0o660);
    }

    #[test]
    fn what_everybody_can_read_or_write_takes_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let probed = |mode: u32| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            probe(&file, &Format::Value, &token(), Replaceable::Any).map_err(|error| error.to_string())
        };
        assert_eq!(probed(0o660), Ok(()));
        assert_eq!(probed(0o644), Err("everybody can read it (its mode is 0644)".to_owned()));
        assert_eq!(probed(0o602), Err("everybody can write it (its mode is 0602)".to_owned()));
        assert_eq!(probed(0o666), Err("everybody can read and write it (its mode is 0666)".to_owned()));
        assert!(exposure(&file).is_some());
    }

    #[test]
    fn what_others_write_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "A=1\n").unwrap();
        let before = look(&file).unwrap().unwrap();
        assert!(replace(&file, Some(&before.was), "A=1\nX=s3cr3t\n").unwrap());
        assert!(!replace(&file, Some(&before.was), "lost").unwrap(), "it is another file by now");
        assert!(!replace(&file, None, "lost").unwrap(), "there was none before");
        assert_eq!(fs::read_to_string(&file).unwrap(), "A=1\nX=s3cr3t\n");
        fs::remove_file(&file).unwrap();
        assert!(!replace(&file, Some(&before.was), "lost").unwrap(), "it has gone");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    }

    /// Two who write at once lose nothing of one another.
    #[test]
    fn secrets_written_at_once_are_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::thread::scope(|scope| {
            for name in ["A", "B", "C"] {
                let file = &file;
                scope.spawn(move || {
                    let (format, secret) = (Format::Env { name: name.to_owned() }, SecretString::from("s3cr3t"));
                    write(file, &format, &token(), &secret, Expire::Never).unwrap();
                });
            }
        });
        let content = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<&str> = content.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["A=s3cr3t", "B=s3cr3t", "C=s3cr3t"]);
    }

    #[test]
    fn what_is_no_file_is_refused_before_there_is_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        let refused = |file: PathBuf| probe(&file, &Format::Value, &token(), Replaceable::Any).unwrap_err().to_string();
        assert_eq!(refused(link), "it is a link, not a file");
        assert_eq!(refused(folder.path().to_owned()), "it is a folder, not a file");
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(refused(file.join("below/it")).ends_with("file` is not a folder"));
        assert!(refused("/proc/below".into()).starts_with("nothing can be written in the folder"));
    }

    #[test]
    fn probing_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        probe(&folder.path().join("secret"), &Format::Value, &token(), Replaceable::Any).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_but_secrets_is_replaced() {
        const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
        let folder = tempfile::tempdir().unwrap();
        let probed = |format: Format, content: &str, replaceable| {
            let file = folder.path().join("file");
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            probe(&file, &format, &token(), replaceable).map_err(|error| error.to_string())
        };
        let env = || Format::Env { name: "X".into() };
        let occupied = Err("it holds something else than a secret, and all of it would be replaced".to_owned());
        let precious = Err("it holds a secret that is none of the sandbox's, perhaps a real one".to_owned());
        let marked = Replaceable::Marked("5a9db0c5");
        assert_eq!(probed(Format::Value, "PORT=3000\n", Replaceable::Any), occupied);
        assert_eq!(probed(Format::Json, "{\"port\": 3000}", Replaceable::Any), occupied);
        assert_eq!(probed(Format::Value, REAL, Replaceable::Any), Ok(()));
        assert_eq!(probed(Format::Value, &format!("a@pve!tok={REAL}\n"), Replaceable::Any), Ok(()));
        assert_eq!(probed(Format::Value, "\n", marked), Ok(()));
        assert_eq!(probed(Format::Value, REAL, marked), precious);
        assert_eq!(probed(env(), &format!("A=1\nX='{REAL}'\n"), marked), precious);
        assert_eq!(probed(env(), &format!("A={REAL}\nX=\n"), marked), Ok(()));
        assert_eq!(probed(env(), &format!("X={REAL}\nX=\n"), marked), precious, "the first line counts too");
        assert_eq!(probed(env(), &format!("X=a@pve!tok={REAL} # prod\n"), marked), precious);
        let taken = Err("it holds the secret of `b@pve!other`".to_owned());
        assert_eq!(probed(Format::Token, &format!("b@pve!other={REAL}"), Replaceable::Any), taken);
        let no_lines = Err("it is no file of lines NAME=value in which one could be set".to_owned());
        assert_eq!(probed(env(), REAL, Replaceable::Any), no_lines);
        assert_eq!(probed(env(), "KEY=\"-----BEGIN\nX=abc\n-----END\"\n", Replaceable::Any), no_lines);
        let json = format!("{{\"token\": \"a@pve!tok\", \"secret\": \"{REAL}\", \"expire\": 0");
        assert_eq!(probed(Format::Json, &format!("{json}}}"), Replaceable::Any), Ok(()));
        assert_eq!(probed(Format::Json, &format!("{json}, \"host\": 1}}"), Replaceable::Any), occupied);
        assert_eq!(probed(env(), "X=5a9db0c5-3c2c-4d0b-9d52-0a6c1b1f8a11\n", marked), Ok(()));
    }

    #[test]
    fn a_secret_is_found_only_where_it_may_be_the_tokens() {
        const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let found = |format: Format, content: &[u8]| {
            fs::write(&file, content).unwrap();
            match find(&file, &format, &token()) {
                Ok(Found::Secret(secret)) => secret.expose_secret().to_owned(),
                Ok(Found::Nothing) => "nothing".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(found(Format::Token, format!("a@pve!tok={REAL}").as_bytes()), REAL);
        assert_eq!(found(Format::Token, REAL.as_bytes()), REAL, "whose it is cannot be seen");
        assert_eq!(found(Format::Token, b"\xff\xfe"), "what it holds cannot be read");
        assert_eq!(found(Format::Token, b""), "nothing");
        assert_eq!(found(Format::Token, format!("b@pve!other={REAL}").as_bytes()), "nothing");
        let env = Format::Env { name: "X".to_owned() };
        assert_eq!(found(env, format!("X=old\nexport X='{REAL}'\n").as_bytes()), REAL, "the last one counts");
        assert!(matches!(find(&folder.path().join("none"), &Format::Value, &token()), Ok(Found::Nothing)));
    }
}
