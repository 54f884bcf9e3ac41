//! Whom to talk to, and as whom.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::arguments::Target;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::{Client, Credential, Endpoint, Fingerprint, Trust};
use crate::desired::Cluster;
use crate::render::visible;
use crate::sandbox::{Sandbox, SandboxError, Serving};

/// A client, and the sandbox that it talks to if there is one.
pub(super) struct Connection {
    pub(super) client: Client,
    /// What to call the cluster, if not by its address.
    pub(super) name: Option<String>,
    /// Serves for as long as it lives.
    _sandbox: Option<Serving>,
}

/// Opens the sandbox in `dir`, which is made if it is not there.
pub(super) fn open_sandbox(dir: &Path) -> Result<Sandbox, Failure> {
    Sandbox::open(dir).map_err(|error| unusable(&error, "--sandbox=DIR"))
}

/// Why a folder cannot be a sandbox's; `flag` names another.
pub(super) fn unusable(error: &SandboxError, flag: &str) -> Failure {
    let failure = Failure::of(error);
    match error {
        SandboxError::NotASandbox { .. } => failure.help(format!("name another folder: {flag}")),
        SandboxError::File { .. } => failure.help(format!("name a folder that can be written: {flag}")),
        SandboxError::Occupied { .. } => failure
            .help(format!("name a folder that does not exist yet: {flag}"))
            .help("without --seed, the sandbox that is there goes on"),
        SandboxError::Locked { .. } => failure.help("another process works with it: try again"),
        SandboxError::Listen { .. } => {
            failure.help("another port can be chosen: --listen 127.0.0.1:0 takes any free one")
        }
    }
}

/// What to call the sandbox in `dir`.
pub(super) fn sandbox_name(dir: &Path) -> String {
    format!("sandbox in {}", dir.display())
}

/// Serves the sandbox in `dir` and connects to it.
pub(super) async fn connect_to_sandbox(dir: &Path) -> Result<Connection, Failure> {
    let sandbox = open_sandbox(dir)?;
    let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let serving = serving.map_err(|error| Failure::of(&error))?;
    let (token, secret) = admin_token(&sandbox, dir)?;
    let credential = Credential::new(token, secret).map_err(|error| Failure::of(&error))?;
    let endpoint = serving.url().parse::<Endpoint>().map_err(|error| Failure::of(&error))?;
    let client = Client::new(endpoint, credential, &Trust::System).map_err(|error| Failure::of(&error))?;
    Ok(Connection { client, name: Some(sandbox_name(dir)), _sandbox: Some(serving) })
}

/// The credential that a sandbox is used with.
pub(super) fn admin_token(sandbox: &Sandbox, dir: &Path) -> Result<(crate::pve::TokenId, SecretString), Failure> {
    sandbox.admin_token().map_err(|error| Failure::of(&error))?.ok_or_else(|| {
        Failure::new(format!("the sandbox in `{}` has lost its token root@pam!admin", dir.display()))
            .help("name another folder; one that does not exist yet becomes a fresh sandbox")
    })
}

/// Connects to what the command line says, then the environment, then the files.
pub(super) fn connect_to_cluster(
    target: &Target,
    cluster: &Cluster,
    terminal: Terminal,
) -> Result<Connection, Failure> {
    let endpoint = endpoint(target, cluster, terminal)?;
    let trust = trust(target, cluster)?;
    let credential = credential(target.token_file.as_deref())?;
    let client = Client::new(endpoint, credential, &trust).map_err(|error| Failure::of(&error))?;
    Ok(Connection { client, name: None, _sandbox: None })
}

pub(super) fn endpoint(target: &Target, cluster: &Cluster, terminal: Terminal) -> Result<Endpoint, Failure> {
    let (text, from) = if let Some(flag) = &target.endpoint {
        (flag.clone(), "--endpoint")
    } else if let Some(variable) = variable("PROXMOX_VE_ENDPOINT")? {
        if let Some(declared) = cluster.endpoint.as_ref().filter(|declared| declared.value != variable) {
            terminal.note_text(&format!(
                "PROXMOX_VE_ENDPOINT wins over `cluster.endpoint`, {}.\n",
                visible(&declared.value)
            ));
        }
        (variable, "PROXMOX_VE_ENDPOINT")
    } else if let Some(declared) = &cluster.endpoint {
        (declared.value.clone(), "cluster.endpoint")
    } else {
        return Err(Failure::new("nothing says which cluster is meant")
            .help("give --endpoint https://HOST:8006, or set PROXMOX_VE_ENDPOINT, or `cluster.endpoint` in the file")
            .help("or try it on the built-in server: --sandbox")
            .help("or, only to look, name a copy of a node's user.cfg: --live FILE"));
    };
    text.parse::<Endpoint>().map_err(|error| {
        let help = error.help();
        Failure::new(format!("{from} names no endpoint")).because(&error).help(help)
    })
}

pub(super) fn trust(target: &Target, cluster: &Cluster) -> Result<Trust, Failure> {
    let pinned = |text: &str, from: &str| {
        text.parse::<Fingerprint>().map(Trust::Fingerprint).map_err(|error| {
            Failure::new(format!("{from} is not usable"))
                .because(&error)
                .help("on the node, this prints it: pvenode cert info --output-format json")
        })
    };
    if let Some(flag) = &target.fingerprint {
        pinned(flag, "--fingerprint")
    } else if let Some(file) = &target.ca_file {
        Ok(Trust::CaFile(file.clone()))
    } else if let Some(declared) = &cluster.fingerprint {
        pinned(&declared.value, "cluster.fingerprint")
    } else if let Some(declared) = &cluster.ca_file {
        Ok(Trust::CaFile(declared.value.clone()))
    } else {
        Ok(Trust::System)
    }
}

/// The credential in `token_file`, or else in the environment.
pub(super) fn credential(token_file: Option<&Path>) -> Result<Credential, Failure> {
    let (text, from) = if let Some(file) = token_file {
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::new(format!("the token file `{}` cannot be read", file.display())).because(&error)
        })?;
        (SecretString::from(text), format!("the token file `{}`", file.display()))
    } else if let Some(text) = variable("PROXMOX_VE_API_TOKEN")? {
        (SecretString::from(text), "PROXMOX_VE_API_TOKEN".to_owned())
    } else {
        let failure = match variable("PROXMOX_VE_USERNAME")? {
            Some(_) => Failure::new("logging in as PROXMOX_VE_USERNAME is not built yet: an API token is needed"),
            None => Failure::new("there is no credential for the cluster"),
        };
        return Err(failure.help("set PROXMOX_VE_API_TOKEN to user@realm!name=secret, or give --token-file FILE"));
    };
    text.expose_secret().parse::<Credential>().map_err(|error| {
        Failure::new(format!("{from} holds no usable token"))
            .because(&error)
            .help("it looks like this: user@realm!name=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
    })
}

/// An environment variable; one that is set to nothing counts as not set.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::new(format!("{name} is not valid UTF-8"))),
    }
}
