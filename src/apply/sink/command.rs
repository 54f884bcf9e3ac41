//! A program that takes a secret on its standard input.
//!
//! No shell is in between, and the secret is neither in an argument nor in the environment. The program is in a group of
//! its own: Ctrl-C does not reach it, and if it takes too long, all that it has started ends with it.

use std::env;
use std::io::{self, PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::said::Said;
use crate::apply::program::{set_apart, stop};

/// Why a command does not take a secret.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such program.
    #[error("there is no program `{program}`{}", if program.contains('/') { "" } else { " in PATH" })]
    NotFound {
        /// As it is called in the files.
        program: String,
    },
    /// There is one, and it cannot be run.
    #[error("`{}` is not a program that can be run", path.display())]
    NotExecutable {
        /// What is there.
        path: PathBuf,
    },
    /// It would be run for a trial.
    #[error("a sandbox does not run it: it could replace a real secret")]
    Trial,
    /// What it should be given does not fit in a pipe.
    #[error("what it would be given is too long")]
    TooLong,
    /// It could not be started.
    #[error("it could not be started")]
    NotStarted(#[source] io::Error),
    /// It says that it failed, or something ended it.
    #[error("it failed: {status}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// What it printed.
        said: Vec<String>,
    },
    /// It says that all went well, but cannot know the secret.
    #[error("it ended with success, but did not read all that it was given")]
    Unread {
        /// What it printed.
        said: Vec<String>,
    },
    /// It did not end.
    #[error("it had not ended after {} seconds, and was stopped", limit.as_secs_f32())]
    TooSlow {
        /// How long it was given.
        limit: Duration,
        /// What it printed.
        said: Vec<String>,
    },
    /// How it ended cannot be learned.
    #[error("nobody knows how it ended")]
    Lost(#[source] io::Error),
}

impl CommandError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            CommandError::NotFound { .. } => {
                "install it, or name it by its path; a relative path needs a `/` and starts at the folder of the file"
            }
            CommandError::NotExecutable { .. } | CommandError::NotStarted(_) => {
                "it has to be executable, a script has to begin with `#!` and its interpreter"
            }
            CommandError::Trial => "to have it run all the same, give --run-commands",
            CommandError::TooLong => "shorten the name of the variable",
            CommandError::Unread { .. } => {
                "it has to read its standard input to the end; a secret manager may need an option for that, such as `-`"
            }
            CommandError::TooSlow { .. } => "it must not ask anything: nobody can answer it at the terminal",
            CommandError::Failed { .. } | CommandError::Lost(_) => {
                "try it by hand with some text on its standard input, or name another place under the token's `secret`"
            }
        }
    }

    /// What the program has printed, line by line, without the secret.
    #[must_use]
    pub fn said(&self) -> &[String] {
        match self {
            CommandError::Failed { said, .. } | CommandError::Unread { said } | CommandError::TooSlow { said, .. } => {
                said
            }
            CommandError::NotFound { .. }
            | CommandError::NotExecutable { .. }
            | CommandError::Trial
            | CommandError::TooLong
            | CommandError::NotStarted(_)
            | CommandError::Lost(_) => &[],
        }
    }
}

/// Where the program of `command` is.
pub(super) fn find(command: &[String]) -> Result<PathBuf, CommandError> {
    let program = command.first().map_or("", String::as_str);
    let not_found = || CommandError::NotFound { program: program.to_owned() };
    if program.contains('/') {
        let path = PathBuf::from(program);
        return match (path.exists(), is_executable(&path)) {
            (_, true) => Ok(path),
            (true, false) => Err(CommandError::NotExecutable { path }),
            (false, false) => Err(not_found()),
        };
    }
    // A part of PATH that is empty would be the working folder: nothing is taken from there by chance.
    let paths = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&paths).filter(|folder| folder.is_absolute()).map(|folder| folder.join(program));
    let there: Vec<PathBuf> = places.filter(|path| !program.is_empty() && path.is_file()).collect();
    match there.iter().find(|path| is_executable(path)) {
        Some(path) => Ok(path.clone()),
        None => Err(there.into_iter().next().map_or_else(not_found, |path| CommandError::NotExecutable { path })),
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// Runs `command` with `content` on its standard input, for as long as `limit`; nothing of `secret` is in what it is
/// quoted with.
pub(super) async fn give(
    command: &[String],
    content: &SecretString,
    secret: &SecretString,
    limit: Duration,
) -> Result<(), CommandError> {
    let path = find(command)?;
    let mut input = filled(content)?;
    let (mut child, output) = start(&path, command, &input).map_err(CommandError::NotStarted)?;
    let mut said = Said::default();
    let ended = timeout(limit, end(&mut child, &output, &mut said)).await;
    // What it has printed is there, whether or not anybody has noticed yet.
    said.hear(|piece| Ok(rustix::io::read(&output, piece)?));
    let said = said.lines(secret.expose_secret());
    let program = path.display();
    for line in &said {
        // What a program prints may be anything: it is quoted.
        tracing::info!(%program, said = ?line);
    }
    match ended {
        Err(_) => {
            stop(&mut child).await;
            Err(CommandError::TooSlow { limit, said })
        }
        Ok(Err(error)) => Err(CommandError::Lost(error)),
        Ok(Ok(status)) if !status.success() => Err(CommandError::Failed { status, said }),
        Ok(Ok(_)) => match input.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(CommandError::Unread { said }),
            Err(error) => Err(CommandError::Lost(error)),
        },
    }
}

/// A pipe that holds `content` and nothing after it. Whoever keeps an end of it sees what was not read.
fn filled(content: &SecretString) -> Result<PipeReader, CommandError> {
    /// What fits in every pipe, so that writing never waits.
    const FITS: usize = 4096;
    let content = content.expose_secret().as_bytes();
    if content.len() > FITS {
        return Err(CommandError::TooLong);
    }
    let (reader, mut writer) = io::pipe().map_err(CommandError::NotStarted)?;
    writer.write_all(content).map_err(CommandError::NotStarted)?;
    Ok(reader)
}

/// Starts the program; gives what it prints, standard output and standard error as one.
fn start(path: &Path, command: &[String], input: &PipeReader) -> io::Result<(Child, Receiver)> {
    let (output, printed) = io::pipe()?;
    let mut program = Command::new(path);
    program
        .args(command.iter().skip(1))
        .stdin(Stdio::from(input.try_clone()?))
        .stdout(Stdio::from(printed.try_clone()?))
        .stderr(Stdio::from(printed));
    set_apart(&mut program);
    if let Some(name) = command.first() {
        program.arg0(name);
    }
    let output = Receiver::from_owned_fd(output.into())?;
    Ok((program.spawn()?, output))
}

/// Waits for the program, not for what it leaves behind, and takes in what is printed meanwhile.
async fn end(child: &mut Child, output: &Receiver, said: &mut Said) -> io::Result<ExitStatus> {
    let mut is_open = true;
    loop {
        tokio::select! {
            status = child.wait() => return status,
            ready = output.readable(), if is_open => is_open = ready.is_ok() && said.hear(|piece| output.try_read(piece)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SECRET: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";

    /// What comes of a script of the shell that is given `content`; it is called by the name of a file of its own.
    async fn given(content: &str, script: &str, limit: Duration) -> (Result<(), CommandError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let command = ["sh", "-c", script, file.to_str().unwrap()].map(str::to_owned);
        let content = SecretString::from(content);
        let result = give(&command, &content, &SecretString::from(SECRET), limit).await;
        (result, fs::read_to_string(&file).unwrap_or_default())
    }

    async fn fault(script: &str) -> (String, Vec<String>) {
        let error = given(SECRET, script, PATIENT).await.0.unwrap_err();
        (error.to_string(), error.said().to_vec())
    }

    const PATIENT: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_program_gets_all_of_it_and_nothing_else() {
        let (result, taken) = given("X=1\n", "cat > \"$0\"", PATIENT).await;
        assert!(result.is_ok() && taken == "X=1\n", "{result:?} {taken}");
    }

    #[tokio::test]
    async fn a_failure_is_told_without_the_secret() {
        assert_eq!(
            fault("cat >/dev/null; echo no room >&2; exit 3").await,
            ("it failed: exit status: 3".to_owned(), vec!["no room".to_owned()])
        );
        assert_eq!(
            fault("echo got; cat; exit 1").await,
            ("it failed: exit status: 1".to_owned(), vec!["got".to_owned(), "*".repeat(SECRET.len())])
        );
        assert_eq!(fault("cat >/dev/null; kill -9 $$").await.0, "it failed: signal: 9 (SIGKILL)");
    }

    #[tokio::test]
    async fn success_without_having_read_is_none() {
        for script in ["exit 0", "exec <&-", "head -c 3 >/dev/null"] {
            assert!(matches!(given(SECRET, script, PATIENT).await.0, Err(CommandError::Unread { .. })), "{script}");
        }
    }

    #[tokio::test]
    async fn a_flood_is_let_run_out() {
        let (_, said) = fault("cat >/dev/null; yes | head -c 3000000; echo end; exit 1").await;
        assert_eq!((said.len(), said.last().map(String::as_str)), (20, Some("end")));
    }

    #[tokio::test]
    async fn what_a_program_leaves_behind_is_not_waited_for() {
        let (result, _) = given(SECRET, "cat >/dev/null; sleep 20 & exit 0", Duration::from_secs(10)).await;
        assert!(result.is_ok(), "{result:?}");
    }

    #[tokio::test]
    async fn what_takes_too_long_ends_with_all_that_it_has_started() {
        let script = "cat >/dev/null; sleep 1000 & echo $! > \"$0\"; echo waiting; wait";
        let (mut result, mut child) = given(SECRET, script, Duration::from_millis(500)).await;
        // Where the machine is very busy it has not come that far.
        while child.trim().is_empty() {
            (result, child) = given(SECRET, script, Duration::from_secs(5)).await;
        }
        let error = result.unwrap_err();
        assert!(matches!(error, CommandError::TooSlow { .. }), "{error:?}");
        assert_eq!(error.said(), ["waiting"]);
        let is_alive = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim()));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        while is_alive() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn programs_are_found_before_they_are_needed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let fault = |program: &str| find(&[program.to_owned()]).unwrap_err().to_string();
        assert!(find(&["sh".to_owned()]).unwrap().is_absolute());
        assert_eq!(fault("pve-access-no-such-program"), "there is no program `pve-access-no-such-program` in PATH");
        assert_eq!(fault("./no/such/program"), "there is no program `./no/such/program`");
        let path = file.display().to_string();
        assert_eq!(fault(&path), format!("`{path}` is not a program that can be run"));
        let path = folder.path().display().to_string();
        assert_eq!(fault(&path), format!("`{path}` is not a program that can be run"));
        assert!(matches!(find(&[]), Err(CommandError::NotFound { .. })));
    }

    #[tokio::test]
    async fn what_does_not_fit_is_not_begun() {
        assert!(matches!(given(&"x".repeat(5000), "cat", PATIENT).await.0, Err(CommandError::TooLong)));
    }
}
