//! `pve-access doctor`

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::arguments::{Credentials, Doctor, FILE, Files, Format, Looking, Target};
use super::connect::{Connection, connect_to_sandbox, endpoints, trust};
use super::credential::{self, credential};
use super::exit::Exit;
use super::failure::Failure;
use super::pipeline;
use super::terminal::Terminal;
use crate::api::{Client, Credential, Endpoints, Patience, Trust};
use crate::apply;
use crate::desired::{self, Desired, Loaded, Presence, Sink, TokenWish};
use crate::doctor::{Asked, Origin, Patient, Unusable, Verdict, examine};
use crate::pve::TokenId;
use crate::render;

pub(super) async fn run(Doctor { format, looking }: Doctor, terminal: Terminal) -> Result<Exit, Failure> {
    let Looking { files, target } = &looking;
    if target.live.is_some() {
        return Err(Failure::new("a copy of a user.cfg has no address, no certificate and no credential to examine")
            .help("name a cluster: --endpoint URL; or try it on the built-in server: --sandbox"));
    }
    let desired = self::files(files, terminal)?;
    let Examinee { client, is_consumer } = examinee(target, desired.as_ref(), terminal);
    let asked = match &desired {
        _ if is_consumer => Asked::Consumer,
        Some(desired) => Asked::Files(desired),
        None if target.credentials.token_file.is_some() => Asked::Consumer,
        None => Asked::NoFiles,
    };
    let sandbox;
    let patient = match &target.sandbox {
        Some(dir) => {
            sandbox = connect_to_sandbox(dir).await?;
            in_sandbox(&sandbox, client, asked)?
        }
        None => on_cluster(target, &desired, client, asked, terminal)?,
    };
    let examination = examine(&patient).await;
    terminal.result(&match format {
        Format::Text => render::examination(&examination),
        Format::Json => render::examination_json(&examination),
    })?;
    Ok(if examination.verdict() >= Verdict::Unreached { Exit::Error } else { Exit::Success })
}

/// The credential that is examined, if it is not the one that every other command would use.
struct Examinee {
    client: Option<Result<Credential, Unusable>>,
    /// Whether it is a token that the files make for others.
    is_consumer: bool,
}

/// What the files say; the usual one is looked at if it is there and sound.
fn files(named: &[PathBuf], terminal: Terminal) -> Result<Option<Desired>, Failure> {
    if !named.is_empty() {
        return Ok(Some(pipeline::load(&Files { files: named.to_vec() }, terminal)?.0));
    }
    let usual = PathBuf::from(FILE);
    if !usual.exists() {
        return Ok(None);
    }
    let Loaded { desired, sources: _, findings } = desired::load(&[usual]);
    if findings.has_errors() {
        terminal.note_text(&format!("warning: {FILE} has errors, and is not looked at: see pve-access validate\n"));
        return Ok(None);
    }
    Ok(Some(desired))
}

/// What `--token-file` holds.
fn examinee(target: &Target, desired: Option<&Desired>, terminal: Terminal) -> Examinee {
    let Some(file) = &target.credentials.token_file else { return Examinee { client: None, is_consumer: false } };
    match desired.and_then(|desired| declared(file, desired)) {
        Some((token, sink)) => Examinee { client: Some(stored(file, token, sink, terminal)), is_consumer: true },
        None => Examinee { client: Some(written(file, terminal)), is_consumer: false },
    }
}

/// The token whose secret the files put into `file`.
fn declared<'a>(file: &Path, desired: &'a Desired) -> Option<(&'a TokenId, &'a Sink)> {
    let same = |sink: &Sink| {
        sink.to.as_file().is_some_and(|path| match (fs::canonicalize(path), fs::canonicalize(file)) {
            (Ok(one), Ok(other)) => one == other,
            _ => path == file,
        })
    };
    desired.tokens.iter().find_map(|(token, declared)| match &declared.wish {
        Presence::Present(TokenWish { secret: Some(sink), .. }) if same(sink) => Some((token, sink)),
        Presence::Present(_) | Presence::Absent => None,
    })
}

fn stored(file: &Path, token: &TokenId, sink: &Sink, terminal: Terminal) -> Result<Credential, Unusable> {
    let unusable = |reason: String| Unusable {
        reason,
        help: vec![
            "`apply` puts it there when it makes the token; one that is there already has to be made anew".to_owned(),
        ],
    };
    let content = credential::content(file, terminal).map_err(self::unusable)?;
    let none = || unusable(format!("`{}` holds no secret in the form that the files give it", file.display()));
    let (owner, secret) = apply::secret_in(&sink.format, content.expose_secret()).ok_or_else(none)?;
    if let Some(owner) = owner.filter(|owner| owner != token) {
        return Err(unusable(format!("`{}` holds the secret of {owner}, not of {token}", file.display())));
    }
    Credential::new(token.clone(), secret).map_err(|error| unusable(error.to_string()))
}

/// A token that says itself whose it is.
fn written(file: &Path, terminal: Terminal) -> Result<Credential, Unusable> {
    let content = credential::content(file, terminal).map_err(unusable)?;
    if let Some((Some(owner), secret)) = apply::secret_in(&desired::Format::Json, content.expose_secret())
        && let Ok(credential) = Credential::new(owner, secret)
    {
        return Ok(credential);
    }
    content.expose_secret().parse::<Credential>().map_err(|error| Unusable {
        reason: format!("the token file `{}` holds no usable token: {error}", file.display()),
        help: vec![
            "it looks like this: user@realm!name=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".to_owned(),
            "a file in another form is read if the files name it as the `secret` of a token: -f FILE".to_owned(),
        ],
    })
}

fn client(endpoints: &Endpoints, credential: Credential, trust: &Trust) -> Result<Client, Unusable> {
    let made = Client::over(endpoints, credential, trust, Patience::default());
    made.map_err(|error| Unusable { reason: error.to_string(), help: Vec::new() })
}

/// What is examined on the built-in server; its own credential sees everything.
fn in_sandbox<'a>(
    sandbox: &Connection,
    other: Option<Result<Credential, Unusable>>,
    asked: Asked<'a>,
) -> Result<Patient<'a>, Failure> {
    let (endpoint, trust) = (sandbox.client.endpoint().clone(), Trust::System);
    let (client, examiner) = match other {
        None => (Ok(sandbox.client.clone()), None),
        Some(credential) => {
            (credential.map(|credential| sandbox.client.showing(credential)), Some(sandbox.client.clone()))
        }
    };
    Ok(Patient { endpoints: vec![endpoint], origin: Origin::Sandbox, trust, client, examiner, asked })
}

/// What is examined on a cluster; if another credential is given besides, it looks too.
fn on_cluster<'a>(
    target: &Target,
    desired: &Option<Desired>,
    other: Option<Result<Credential, Unusable>>,
    asked: Asked<'a>,
    terminal: Terminal,
) -> Result<Patient<'a>, Failure> {
    let cluster = desired.as_ref().map(|desired| desired.cluster.clone()).unwrap_or_default();
    let endpoints = endpoints(target, &cluster, terminal)?;
    let trust = trust(target, &cluster, terminal)?;
    let origin = match (target.endpoint.is_empty(), std::env::var_os("PROXMOX_VE_ENDPOINT")) {
        (false, _) => Origin::Flag,
        (true, Some(variable)) if !variable.is_empty() => Origin::Variable,
        (true, _) => Origin::File,
    };
    let usual = credential(&Credentials { token_file: None, ..target.credentials.clone() }, terminal);
    let made = |credential| client(&endpoints, credential, &trust);
    let (client, examiner) = match other {
        None => (usual.map_err(unusable).and_then(made), None),
        Some(credential) => (credential.and_then(made), usual.ok().and_then(|credential| made(credential).ok())),
    };
    let endpoints = endpoints.iter().cloned().collect();
    Ok(Patient { endpoints, origin, trust, client, examiner, asked })
}

fn unusable(Failure { message, causes, help }: Failure) -> Unusable {
    let reason = message.into_iter().chain(causes).collect::<Vec<_>>().join(": ");
    Unusable { reason, help }
}
