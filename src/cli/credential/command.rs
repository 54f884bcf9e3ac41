//! A credential that a program prints, a password manager say.

use std::io::{self, IsTerminal, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::file::LARGEST;
use super::{Found, Origin};
use crate::cli::failure::Failure;

/// Long enough for somebody to unlock a password manager.
const PATIENCE: Duration = Duration::from_secs(60);

const NO_SHELL: &str = "it is run without a shell: for pipes and variables, say sh -c '...'";

/// What `command` prints on standard output, which is shown nowhere. Its standard error is ours, and its standard input
/// where that is a terminal.
pub(super) fn run(flag: &str, command: &str) -> Result<Found, Failure> {
    let words = shlex::split(command)
        .ok_or_else(|| Failure::new(format!("{flag} ends within a quotation, or with a backslash")).help(NO_SHELL))?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new(format!("{flag} names no program")));
    };
    let failed = |what: String| Failure::new(format!("`{program}` of {flag} {what}"));
    let input = if io::stdin().is_terminal() { Stdio::inherit() } else { Stdio::null() };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(input)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed("cannot be run".to_owned()).because(&error).help(NO_SHELL))?;
    let (status, output) = match wait(&mut child) {
        Ok(ended) => ended,
        Err(error) => {
            // It may have ended by itself just now.
            let _ = child.kill();
            let _ = child.wait();
            return Err(match error.kind() {
                io::ErrorKind::TimedOut => failed(format!("has not ended after {} s", PATIENCE.as_secs())),
                _ => failed("was lost".to_owned()).because(&error),
            });
        }
    };
    if output.len() as u64 > LARGEST {
        return Err(failed("prints far too much for a credential".to_owned()));
    }
    if !status.success() {
        return Err(failed(format!("failed: {status}")));
    }
    match String::from_utf8(output) {
        Err(_) => Err(failed("prints no text in UTF-8, and so no credential".to_owned())),
        Ok(text) if text.trim().is_empty() => Err(failed("prints nothing on standard output".to_owned())),
        Ok(text) => Ok(Found { secret: SecretString::from(text), from: Origin::Command(program.clone()) }),
    }
}

/// How it ended, and what it had printed by then; of endless output, somewhat more than there can be.
fn wait(child: &mut Child) -> io::Result<(ExitStatus, Vec<u8>)> {
    let until = Instant::now() + PATIENCE;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut output = Vec::new();
            let read = stdout.take(LARGEST + 1).read_to_end(&mut output);
            // Nobody waits any more once it took too long.
            let _ = sender.send(read.map(|_| output));
        });
    }
    let output = match receiver.recv_timeout(PATIENCE) {
        Ok(output) => output?,
        Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
        Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::BrokenPipe.into()),
    };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, output));
        }
        if Instant::now() >= until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(5));
    }
}
