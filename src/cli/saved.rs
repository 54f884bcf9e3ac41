//! Saved plans, on disk and back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::arguments::Planning;
use super::failure::Failure;
use super::intent::Intent;
use super::source::{self, Source};
use super::terminal::Terminal;
use crate::desired::{Destination, PasswordSource, Sink};
use crate::plan::{Plan, Saved, SavedError};
use crate::pve::{TokenId, UserId};
use crate::render;

/// Far more than the largest cluster's: its file system holds files of 1 MiB.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Writes `plan` to `file`, all of it or nothing, for its owner's eyes alone; says what to call it for short.
///
/// # Errors
/// If that fails, and if there is something else than a saved plan in `file`.
pub(super) fn write(plan: &Plan, file: &Path) -> Result<String, Failure> {
    let failed = || Failure::new(format!("the plan cannot be saved to `{}`", file.display()));
    let unwritable = |error: io::Error| failed().because(&error);
    if file.is_dir() {
        return Err(failed().help("it is a folder: name a file in it"));
    }
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.exists() {
        return Err(failed().help(format!("there is no folder `{}`: make it first", folder.display())));
    }
    if let Ok(there) = fs::symlink_metadata(file) {
        let is_foreign = |text: String| matches!(Saved::open(&text), Err(SavedError::Foreign | SavedError::Printed));
        // A device, a link or a folder is replaced under no circumstances.
        if !there.is_file() || there.len() > 0 && read(file).map_or(true, is_foreign) {
            return Err(failed().help(
                "there is something else than a saved plan, and all of it would be replaced: name another file",
            ));
        }
    }
    let (sinks, passwords) = (sinks(plan).map_err(unwritable)?, passwords(plan).map_err(unwritable)?);
    let saved = Saved::of(plan, sinks, passwords, env!("CARGO_PKG_VERSION"));
    let text = saved.seal().map_err(|error| failed().because(&error))?;
    let replace = || -> io::Result<()> {
        let mut whole = NamedTempFile::new_in(folder)?;
        whole.write_all(text.as_bytes())?;
        whole.as_file().sync_all()?;
        whole.persist(file)?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(unwritable)?;
    Ok(Saved::fingerprint(&text).unwrap_or_default())
}

/// What `plan` is called for short, saved or not.
pub(super) fn fingerprint(plan: &Plan) -> String {
    let saved = sinks(plan).and_then(|sinks| Ok(Saved::of(plan, sinks, passwords(plan)?, env!("CARGO_PKG_VERSION"))));
    // Only a path that is no text has no mark.
    saved.ok().and_then(|saved| saved.mark().ok()).unwrap_or_default()
}

/// Where the secrets of `plan` go, wherever the saved plan is applied.
fn sinks(plan: &Plan) -> io::Result<BTreeMap<TokenId, Sink>> {
    let absolute = |(token, Sink { to, format }): (&TokenId, &Sink)| {
        let to = match to {
            Destination::File(path) => Destination::File(std::path::absolute(path)?),
            Destination::Command(command) => Destination::Command(anywhere(command)?),
        };
        Ok((token.clone(), Sink { to, format: format.clone() }))
    };
    plan.aim.sinks.iter().map(absolute).collect()
}

/// A command that runs the same program wherever it is run.
fn anywhere(command: &[String]) -> io::Result<Vec<String>> {
    let mut command = command.to_vec();
    if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
        let path = std::path::absolute(&*program)?.into_os_string();
        *program = path.into_string().map_err(|_| io::Error::other("the path of a program is not valid UTF-8"))?;
    }
    Ok(command)
}

/// Where the passwords of `plan` come from, wherever the saved plan is applied.
fn passwords(plan: &Plan) -> io::Result<BTreeMap<UserId, PasswordSource>> {
    let absolute = |(user, source): (&UserId, &PasswordSource)| {
        let source = match source {
            PasswordSource::Env(_) => source.clone(),
            PasswordSource::File(file) => PasswordSource::File(std::path::absolute(file)?),
            PasswordSource::Command(command) => PasswordSource::Command(anywhere(command)?),
        };
        Ok((user.clone(), source))
    };
    plan.aim.passwords.iter().map(absolute).collect()
}

/// Reads a saved plan, says whose it is, and where the live state is.
pub(super) async fn open(file: &Path, planning: &Planning, terminal: Terminal) -> Result<(Intent, Source), Failure> {
    if planning.set_passwords {
        return Err(Failure::new("--set-passwords is not for a saved plan, which is carried out as it is")
            .help("have it in the plan: `plan --set-passwords --out FILE`"));
    }
    let unusable = |why: String| Failure::new(format!("`{}` cannot be applied: {why}", file.display()));
    let text = read(file)
        .map_err(|error| Failure::new(format!("the saved plan `{}` cannot be read", file.display())).because(&error))?;
    let saved = Saved::open(&text).map_err(|error| {
        let failure = unusable(error.to_string()).help(error.help());
        match std::error::Error::source(&error) {
            Some(cause) => failure.because(cause),
            None => failure,
        }
    })?;
    if let (Some(token), false) = (saved.unsunk().next(), planning.show_secrets) {
        return Err(unusable(format!("nothing says where the secret of token `{token}` goes"))
            .help("have it printed once by giving --show-secrets to apply, too")
            .help("or give the token a `secret` in its file, and plan again"));
    }
    let fingerprint = Saved::fingerprint(&text).unwrap_or_default();
    terminal.result(&render::opened(&saved, &file.display().to_string(), &fingerprint))?;
    let source = source::open(&planning.target, &source::cluster(&[], &planning.target, terminal)?, terminal).await?;
    Ok((Intent::Saved { saved: Box::new(saved), fingerprint }, source))
}

/// What stands in `file`, if that is a file of a fitting size.
fn read(file: &Path) -> io::Result<String> {
    // A FIFO or a device is not even opened: that could wait for ever.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::other("it is larger than any saved plan"));
    }
    // What is no text is no saved plan either, and is told so.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
