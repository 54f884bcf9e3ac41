//! A file that takes a secret.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::form::{Held, content, held};
use crate::desired::Sink;
use crate::model::Expire;
use crate::pve::TokenId;

/// Which secrets may be overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replaceable {
    /// Any: the token is being made, so an old secret of its name is dead.
    #[default]
    Any,
    /// Those that begin like this; others belong to another server.
    Marked(&'static str),
}

impl Replaceable {
    fn covers(self, secret: &str) -> bool {
        match self {
            Replaceable::Any => true,
            Replaceable::Marked(mark) => secret.contains(mark),
        }
    }
}

/// Why a file cannot take a secret.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The folder is not there and cannot be made, or nothing can be written in it.
    #[error("nothing can be written in the folder `{}`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What should be its folder is none.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// What it should be in.
        path: PathBuf,
    },
    /// There is something of that name that is no file.
    #[error("it is {what}, not a file")]
    NotAFile {
        /// What it is instead.
        what: &'static str,
    },
    /// What is in the file already cannot be read.
    #[error("what it holds cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file holds something that a secret would wipe out.
    #[error("it holds something else than a secret, and all of it would be replaced")]
    Occupied,
    /// The file holds a secret that must outlive a trial.
    #[error("it holds a secret that is none of the sandbox's, perhaps a real one")]
    Precious,
    /// The file holds another token's secret.
    #[error("it holds the secret of `{owner}`")]
    Taken {
        /// The other token.
        owner: Box<TokenId>,
    },
    /// The file is none of variables.
    #[error("it is no file of lines NAME=value in which one could be set")]
    NoLines,
    /// Writing failed.
    #[error("writing failed")]
    Write(#[source] io::Error),
}

impl SinkError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            SinkError::Occupied => "name another file, or keep its other lines with `format: env` and a `name`",
            SinkError::Precious => "try things out in another folder; or remove the file, if nothing reads it",
            SinkError::Taken { .. } | SinkError::NoLines => "name another file, or remove this one if nothing reads it",
            SinkError::Folder { .. }
            | SinkError::NotAFolder { .. }
            | SinkError::NotAFile { .. }
            | SinkError::Unreadable(_)
            | SinkError::Write(_) => "mend that, or name another file under the token's `secret`",
        }
    }
}

/// Makes sure that `sink` could take a secret now; makes its folder (0700) if there is none.
pub(super) fn probe(sink: &Sink, token: &TokenId, replaceable: Replaceable) -> Result<(), SinkError> {
    let folder = folder(&sink.file);
    let failed = |source| SinkError::Folder { folder: folder.to_owned(), source };
    if let Some(path) = folder.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir()) {
        return Err(SinkError::NotAFolder { path: path.to_owned() });
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let there = look(&sink.file)?;
    let mut trial = NamedTempFile::new_in(folder).map_err(failed)?;
    trial.write_all(&[0; 1024]).and_then(|()| trial.as_file().sync_all()).map_err(failed)?;
    if let Some(there) = &there {
        imitate(trial.as_file(), there).map_err(SinkError::Write)?;
    }
    let before = content_before(sink, there.is_some())?;
    match held(&sink.format, before.expose_secret()) {
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

/// Whether there is a secret where `sink` says that `token`'s is; what cannot be read is taken for it.
pub(super) fn holds_secret(sink: &Sink, token: &TokenId) -> bool {
    let before = look(&sink.file).and_then(|there| content_before(sink, there.is_some()));
    before.map_or(true, |before| match held(&sink.format, before.expose_secret()) {
        Held::Secret { owner, values: _ } => owner.is_none_or(|owner| owner == *token),
        Held::Nothing | Held::SomethingElse | Held::NoLines => false,
    })
}

/// Writes `secret` in the form that `sink` asks for: all of it or nothing, on disk when this returns.
///
/// A new file is readable by its owner alone. One that was there keeps its owner and mode, because whoever reads it
/// was given them.
pub(super) fn write(sink: &Sink, token: &TokenId, secret: &SecretString, expire: Expire) -> Result<(), SinkError> {
    let there = look(&sink.file)?;
    let before = content_before(sink, there.is_some())?;
    let content = content(&sink.format, before.expose_secret(), token, secret, expire);
    let folder = folder(&sink.file);
    let replace = || -> io::Result<()> {
        let mut file = NamedTempFile::new_in(folder)?;
        if let Some(there) = &there {
            imitate(file.as_file(), there)?;
        }
        file.write_all(content.expose_secret().as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&sink.file)?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(SinkError::Write)
}

/// The folder that `file` is in; a bare name is in the working folder.
pub(super) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// What is at `path`, if anything is; links are not followed, because they lead where somebody else decides.
fn look(path: &Path) -> Result<Option<Metadata>, SinkError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SinkError::Unreadable(error)),
        Ok(there) if there.is_file() => Ok(Some(there)),
        Ok(there) if there.is_dir() => Err(SinkError::NotAFile { what: "a folder" }),
        Ok(there) if there.is_symlink() => Err(SinkError::NotAFile { what: "a link" }),
        Ok(_) => Err(SinkError::NotAFile { what: "a device, a socket or the like" }),
    }
}

/// Gives `file` the owner and the mode of what it replaces.
fn imitate(file: &File, there: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        std::os::unix::fs::fchown(file, Some(there.uid()), Some(there.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(there.mode() & 0o777))
}

/// What the file holds.
fn content_before(sink: &Sink, is_there: bool) -> Result<SecretString, SinkError> {
    if is_there {
        fs::read_to_string(&sink.file).map(SecretString::from).map_err(SinkError::Unreadable)
    } else {
        Ok(SecretString::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Format;

    fn token() -> TokenId {
        "a@pve!tok".parse().unwrap()
    }

    fn sink(file: PathBuf, format: Format) -> Sink {
        Sink { file, format }
    }

    fn written(folder: &Path, format: Format, before: Option<&str>) -> String {
        let file = folder.join("secret");
        match before {
            Some(before) => fs::write(&file, before).unwrap(),
            None => drop(fs::remove_file(&file)),
        }
        let sink = sink(file.clone(), format);
        probe(&sink, &token(), Replaceable::Any).unwrap();
        write(&sink, &"api@pam!homepage".parse().unwrap(), &SecretString::from("s3cr3t"), Expire::At(4_102_444_800))
            .unwrap();
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
        let sink = sink(file.clone(), Format::Value);
        let mode = |file: &Path| fs::metadata(file).unwrap().mode() & 0o777;
        let secret = SecretString::from("s3cr3t");
        probe(&sink, &token(), Replaceable::Any).unwrap();
        write(&sink, &token(), &secret, Expire::Never).unwrap();
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        write(&sink, &token(), &secret, Expire::Never).unwrap();
        assert_eq!(mode(&file), 0o640);
    }

    #[test]
    fn what_is_no_file_is_refused_before_there_is_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
        let refused =
            |file: PathBuf| probe(&sink(file, Format::Value), &token(), Replaceable::Any).unwrap_err().to_string();
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
        probe(&sink(folder.path().join("secret"), Format::Value), &token(), Replaceable::Any).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_but_secrets_is_replaced() {
        const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
        let folder = tempfile::tempdir().unwrap();
        let probed = |format: Format, content: &str, replaceable| {
            let file = folder.path().join("file");
            fs::write(&file, content).unwrap();
            probe(&sink(file, format), &token(), replaceable).map_err(|error| error.to_string())
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
    fn a_secret_is_missed_only_where_it_is_certain() {
        const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let holds = |content: &[u8]| {
            fs::write(&file, content).unwrap();
            holds_secret(&sink(file.clone(), Format::Token), &token())
        };
        assert!(holds(format!("a@pve!tok={REAL}").as_bytes()));
        assert!(holds(REAL.as_bytes()), "whose it is cannot be seen");
        assert!(holds(b"\xff\xfe"), "what cannot be read");
        assert!(!holds(b""));
        assert!(!holds(format!("b@pve!other={REAL}").as_bytes()));
        assert!(!holds_secret(&sink(folder.path().join("none"), Format::Value), &token()));
    }
}
