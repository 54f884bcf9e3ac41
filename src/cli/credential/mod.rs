//! What proves to the cluster who asks: where it is looked for, and in which order.
//!
//! The names of the variables are those of the Terraform provider bpg/proxmox, and so is the order among them, that
//! secrets can be shared.

mod codes;
mod command;
mod file;

use std::env;
use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::arguments::Credentials;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::{Credential, CredentialError, Login};
use crate::pve::UserId;
use codes::Given;

const TICKET: &str = "PROXMOX_VE_AUTH_TICKET";
const TOKEN: &str = "PROXMOX_VE_API_TOKEN";
const USERNAME: &str = "PROXMOX_VE_USERNAME";
const PASSWORD: &str = "PROXMOX_VE_PASSWORD";
const CODE: &str = "PROXMOX_VE_OTP";

/// A credential as somebody gave it, and where.
struct Found {
    secret: SecretString,
    from: Origin,
}

/// Where a credential was found, as errors call it.
enum Origin {
    Variable(&'static str),
    File(String),
    Command(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Variable(name) => f.write_str(name),
            Origin::File(path) => write!(f, "the file `{path}`"),
            Origin::Command(program) => write!(f, "the output of `{program}`"),
        }
    }
}

/// What is in a file that holds a credential in whatever form, which nobody else may be able to read.
pub(super) fn content(path: &Path, terminal: Terminal) -> Result<SecretString, Failure> {
    file::read(path, terminal).map(|found| found.secret)
}

/// What the command line says, then the environment: a ticket, a token, a user name.
pub(super) fn credential(flags: &Credentials, terminal: Terminal) -> Result<Credential, Failure> {
    let Credentials { token_file, token_command, username, password_file, password_command } = flags;
    if let Some(path) = token_file {
        return token(&file::read(path, terminal)?);
    }
    if let Some(command) = token_command {
        return token(&command::run("--token-command", command)?);
    }
    if username.is_some() || password_file.is_some() || password_command.is_some() {
        return log_in(flags, terminal);
    }
    let set: Vec<&str> = [TICKET, TOKEN, USERNAME]
        .into_iter()
        .filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
        .collect();
    if let [first, others @ ..] = set.as_slice()
        && !others.is_empty()
    {
        terminal.note_text(&format!("note: {first} wins over {}\n", others.join(" and ")));
    }
    if let Some(found) = in_variable(TICKET)? {
        let login = Login::with_ticket(&found.secret).map_err(|error| {
            Failure::new(format!("{TICKET} holds no usable ticket")).because(&error).help(
                "it is the `ticket` that POST /access/ticket answers, to the code if the user has a second factor",
            )
        })?;
        Ok(Credential::Login(login))
    } else if let Some(found) = in_variable(TOKEN)? {
        token(&found)
    } else if variable(USERNAME)?.is_some() {
        log_in(flags, terminal)
    } else {
        Err(nobody())
    }
}

fn nobody() -> Failure {
    let failure = Failure::new("there is no credential for the cluster");
    let failure = match env::var_os(PASSWORD).filter(|value| !value.is_empty()) {
        Some(_) => failure.help(format!("{PASSWORD} is set, and {USERNAME} is not: whose password is it?")),
        None => failure,
    };
    failure
        .help(format!("set {TOKEN} to user@realm!name=secret, or give --token-file FILE or --token-command COMMAND"))
        .help(format!("or log in by password: set {USERNAME} and {PASSWORD}"))
}

fn token(found: &Found) -> Result<Credential, Failure> {
    found.secret.expose_secret().parse::<Credential>().map_err(|error| {
        let failure = Failure::new(format!("{} holds no usable token", found.from)).because(&error);
        match error {
            CredentialError::Form if found.secret.expose_secret().trim().lines().nth(1).is_some() => {
                failure.help("it has several lines, where the token alone belongs")
            }
            _ => failure.help("it looks like this: user@realm!name=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
        }
    })
}

fn log_in(flags: &Credentials, terminal: Terminal) -> Result<Credential, Failure> {
    let (name, from) = match &flags.username {
        Some(name) => (name.clone(), "--username"),
        None => match variable(USERNAME)? {
            Some(name) => (name, USERNAME),
            None => {
                return Err(Failure::new("nothing says whose password it is")
                    .help(format!("give --username USER@REALM, or set {USERNAME}")));
            }
        },
    };
    let user = user(&name, from)?;
    let found = password(flags, &user, terminal)?;
    let Found { secret, from } = found;
    if secret.expose_secret().lines().nth(1).is_some() {
        return Err(Failure::new(format!("{from} has several lines, where the password alone belongs")));
    }
    let login = Login::with_password(user, secret)
        .map_err(|error| Failure::new(format!("{from} holds no usable password")).because(&error))?;
    let code = variable(CODE)?.map(|text| text.parse()).transpose().map_err(|error: crate::api::CodeError| {
        Failure::new(format!("{CODE} holds no code"))
            .because(&error)
            .help("a code looks like 123456, a recovery key like 0123-4567-89ab-cdef")
    })?;
    Ok(Credential::Login(login.with_codes(Given::new(code, terminal))))
}

fn user(name: &str, from: &str) -> Result<UserId, Failure> {
    name.parse::<UserId>().map_err(|error| {
        let failure = Failure::new(format!("{from} names no user")).because(&error);
        if name.contains('!') {
            failure.help(format!("an API token goes into {TOKEN}, with its secret: {name}=SECRET"))
        } else if name.contains('@') {
            failure
        } else {
            failure.help(format!(
                "add the realm: `{name}@pam` for a user of the system, `{name}@pve` for one of Proxmox VE"
            ))
        }
    })
}

fn password(flags: &Credentials, user: &UserId, terminal: Terminal) -> Result<Found, Failure> {
    let found = if let Some(path) = &flags.password_file {
        file::read(path, terminal)?
    } else if let Some(command) = &flags.password_command {
        command::run("--password-command", command)?
    } else if let Some(found) = in_variable(PASSWORD)? {
        found
    } else {
        return Err(Failure::new(format!("there is no password for `{user}`"))
            .help(format!("set {PASSWORD}, or give --password-file FILE or --password-command COMMAND")));
    };
    // Editors, `echo` and the forms of forges end a line that is not part of it.
    let Found { secret, from } = found;
    let text = secret.expose_secret();
    let text = text.strip_suffix('\n').unwrap_or(text);
    Ok(Found { secret: SecretString::from(text.strip_suffix('\r').unwrap_or(text)), from })
}

fn in_variable(name: &'static str) -> Result<Option<Found>, Failure> {
    Ok(variable(name)?.map(|text| Found { secret: SecretString::from(text), from: Origin::Variable(name) }))
}

/// An environment variable; one that is set to nothing counts as not set.
pub(super) fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::new(format!("{name} is not valid UTF-8"))),
    }
}
