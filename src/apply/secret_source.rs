//! Secrets from where somebody keeps them: a variable, a file, what a program prints.
//!
//! Knows what is wrong with a place that a secret cannot be taken from, and what may be wrong with a secret. Repeats
//! neither a secret nor what a program printed.

use std::env;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::program::{set_apart, stop};
use crate::desired::PasswordSource;

/// More than any secret has, in bytes; what is longer is something else.
const MOST: usize = 4096;

/// Why no secret can be taken from its place.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such variable, or it is empty.
    #[error("it is not set")]
    Unset,
    /// It is no text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// The file cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// A folder, a device or a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// Everybody on the machine can read the file, or write into it.
    #[error("everybody on this machine has access to it: its mode is {mode:04o}")]
    Exposed {
        /// Its mode.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than any secret.
    #[error("it is longer than {MOST} bytes")]
    TooLong,
    /// The program cannot be started.
    #[error("the program cannot be started")]
    NotStarted(#[source] io::Error),
    /// The program says that it has failed.
    #[error("the program ended with {0}")]
    Failed(ExitStatus),
    /// The program takes too long.
    #[error("the program did not end within {} seconds", .0.as_secs())]
    TimedOut(Duration),
}

impl SourceError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            SourceError::Unset => "set it for this run, and export it",
            SourceError::NotText | SourceError::TooLong => "is it the right one? a password is a line of text",
            SourceError::Unreadable(_) | SourceError::NotAFile => "a relative path starts at the desired-state file",
            SourceError::Exposed { .. } => "if nobody has read it yet, `chmod 600` it; else choose another password",
            SourceError::Empty => "put the password there",
            SourceError::NotStarted(_) => "the first item of `command` is a program; no shell reads the list",
            SourceError::Failed(_) => "what it says of that stands above; run it by hand",
            SourceError::TimedOut(_) => "it may wait for an answer that nobody gives: run it by hand",
        }
    }
}

/// Whether a secret could be taken from `source`, as far as that can be told without reading it or running anything.
pub(super) fn check(source: &PasswordSource) -> Result<(), SourceError> {
    match source {
        PasswordSource::Env(name) => match env::var_os(name) {
            Some(value) if !value.is_empty() => Ok(()),
            _ => Err(SourceError::Unset),
        },
        PasswordSource::File(path) => check_file(&fs::metadata(path).map_err(SourceError::Unreadable)?),
        PasswordSource::Command(_) => Ok(()),
    }
}

/// The secret; a program gets as long as `limit`.
pub(super) async fn read(source: &PasswordSource, limit: Duration) -> Result<SecretString, SourceError> {
    match source {
        PasswordSource::Env(name) => match env::var(name) {
            Ok(value) if !value.is_empty() => Ok(SecretString::from(value)),
            Ok(_) | Err(env::VarError::NotPresent) => Err(SourceError::Unset),
            Err(env::VarError::NotUnicode(_)) => Err(SourceError::NotText),
        },
        PasswordSource::File(path) => line(read_file(path)?),
        PasswordSource::Command(words) => line(run(words, limit).await?),
    }
}

fn check_file(metadata: &Metadata) -> Result<(), SourceError> {
    const BY_EVERYBODY: u32 = 0o006;
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() {
        return Err(SourceError::NotAFile);
    }
    if mode & BY_EVERYBODY == 0 { Ok(()) } else { Err(SourceError::Exposed { mode }) }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SourceError> {
    // A FIFO or a device is not even opened: that could wait for ever.
    check_file(&fs::metadata(path).map_err(SourceError::Unreadable)?)?;
    let file = File::open(path).map_err(SourceError::Unreadable)?;
    check_file(&file.metadata().map_err(SourceError::Unreadable)?)?;
    let mut bytes = buffer();
    file.take(MOST as u64 + 1).read_to_end(&mut bytes).map_err(SourceError::Unreadable)?;
    Ok(bytes)
}

/// What a program prints. It gets no input, and what it says on standard error goes where ours goes.
async fn run(words: &[String], limit: Duration) -> Result<Vec<u8>, SourceError> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| SourceError::NotStarted(io::ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    set_apart(&mut command);
    let mut child = command.spawn().map_err(SourceError::NotStarted)?;
    let stdout = child.stdout.take();
    let answer = async {
        let mut bytes = buffer();
        if let Some(stdout) = stdout {
            stdout.take(MOST as u64 + 1).read_to_end(&mut bytes).await.map_err(SourceError::Unreadable)?;
        }
        if bytes.len() > MOST {
            return Err(SourceError::TooLong);
        }
        let status = child.wait().await.map_err(SourceError::Unreadable)?;
        if status.success() { Ok(bytes) } else { Err(SourceError::Failed(status)) }
    };
    let answer = timeout(limit, answer).await.unwrap_or(Err(SourceError::TimedOut(limit)));
    if answer.is_err() {
        stop(&mut child).await;
    }
    answer
}

/// As large as it will ever be, so that no copy of a secret stays behind where it was moved from.
fn buffer() -> Vec<u8> {
    Vec::with_capacity(MOST + 64)
}

/// A text without the line end that editors and programs put behind it.
fn line(bytes: Vec<u8>) -> Result<SecretString, SourceError> {
    if bytes.len() > MOST {
        return Err(SourceError::TooLong);
    }
    let mut text = String::from_utf8(bytes).map_err(|_| SourceError::NotText)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() { Err(SourceError::Empty) } else { Ok(SecretString::from(text)) }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read_now(source: &PasswordSource) -> Result<SecretString, SourceError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(read(source, Duration::from_millis(300)))
    }

    fn printed(script: &str) -> Result<String, SourceError> {
        let words = ["sh", "-c", script].map(ToOwned::to_owned).to_vec();
        read_now(&PasswordSource::Command(words)).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn one_line_end_is_cut() {
        for (script, said) in [
            (r"printf 'pa ss'", "pa ss"),
            (r"printf 'pass\n'", "pass"),
            (r"printf 'pass\r\n'", "pass"),
            (r"printf 'pass\n\n'", "pass\n"),
            (r"printf ' pass '", " pass "),
        ] {
            assert_eq!(printed(script).unwrap(), said, "{script}");
        }
    }

    #[test]
    fn a_program_that_fails_hangs_or_talks_too_much_gives_no_secret() {
        assert!(
            matches!(printed("echo password1; exit 3"), Err(SourceError::Failed(status)) if status.code() == Some(3))
        );
        assert!(matches!(printed("exec sleep 600"), Err(SourceError::TimedOut(_))));
        // It closes its output, and goes on.
        assert!(matches!(printed("echo password1; exec >&-; exec sleep 600"), Err(SourceError::TimedOut(_))));
        assert!(matches!(printed("yes"), Err(SourceError::TooLong)));
        assert!(matches!(printed("true"), Err(SourceError::Empty)));
        assert!(matches!(printed("echo"), Err(SourceError::Empty)));
        assert!(matches!(printed(r"printf '\377'"), Err(SourceError::NotText)));
        let ours = r#"test -z "$(env | grep '^PROXMOX_VE_')" && echo password1"#;
        assert_eq!(printed(ours).unwrap(), "password1", "our own credential is none of its business");
        let nobody = PasswordSource::Command(vec!["/nonexistent/program".to_owned()]);
        assert!(matches!(read_now(&nobody), Err(SourceError::NotStarted(_))));
    }

    #[test]
    fn a_file_is_for_few_eyes_and_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, "password1\n").unwrap();
        let source = PasswordSource::File(path.clone());
        for (mode, is_refused) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true), (0o602, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(matches!(read_now(&source), Err(SourceError::Exposed { .. })), is_refused, "{mode:o}");
            assert_eq!(matches!(check(&source), Err(SourceError::Exposed { .. })), is_refused, "{mode:o}");
        }
        let folder = PasswordSource::File(folder.path().to_owned());
        assert!(matches!(read_now(&folder), Err(SourceError::NotAFile)));
        assert!(matches!(check(&folder), Err(SourceError::NotAFile)));
        let device = PasswordSource::File("/dev/zero".into());
        assert!(matches!(read_now(&device), Err(SourceError::NotAFile)));
    }
}
