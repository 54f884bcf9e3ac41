//! Whom to talk to, and as whom.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use secrecy::SecretString;

use super::arguments::Target;
use super::credential::{credential, variable};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::api::{Client, Credential, Endpoint, EndpointError, Endpoints, Fingerprint, Patience, Trust};
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
    let endpoints = endpoints(target, cluster, terminal)?;
    let trust = trust(target, cluster, terminal)?;
    let credential = credential(&target.credentials, terminal)?;
    let client = Client::over(&endpoints, credential, &trust, Patience::default());
    let client = client.map_err(|error| Failure::of(&error))?;
    Ok(Connection { client, name: None, _sandbox: None })
}

/// Said on every run that it holds for.
const INSECURE: &str = "\
WARNING: nobody checks which server answers. Anybody on the way can take its place, read the credential, and do with it
         whatever it may do. --ca-file or --fingerprint makes that impossible.
";

pub(super) fn endpoints(target: &Target, cluster: &Cluster, terminal: Terminal) -> Result<Endpoints, Failure> {
    let declared: Vec<&str> = cluster.endpoint.iter().map(|endpoint| endpoint.value.as_str()).collect();
    let (texts, from) = if !target.endpoint.is_empty() {
        (target.endpoint.join(","), "--endpoint")
    } else if let Some(variable) = variable("PROXMOX_VE_ENDPOINT")? {
        if !declared.is_empty() && declared.join(",") != variable {
            let declared = declared.join(", ");
            terminal.note_text(&format!("PROXMOX_VE_ENDPOINT wins over `cluster.endpoint`, {}.\n", visible(&declared)));
        }
        (variable, "PROXMOX_VE_ENDPOINT")
    } else if !declared.is_empty() {
        (declared.join(","), "cluster.endpoint")
    } else {
        return Err(Failure::new("nothing says which cluster is meant")
            .help("give --endpoint https://HOST:8006, or set PROXMOX_VE_ENDPOINT, or `cluster.endpoint` in the file")
            .help("or try it on the built-in server: --sandbox")
            .help("or, only to look, name a copy of a node's user.cfg: --live FILE"));
    };
    texts.parse::<Endpoints>().map_err(|error| {
        let what = match error {
            EndpointError::Mixed { .. } => "names more than one cluster",
            _ => "names no endpoint",
        };
        Failure::new(format!("{from} {what}")).because(&error).help(error.help())
    })
}

/// Flags win over the files; the environment's leave to trust anybody loses to whatever says whom to trust, so that a
/// variable which is set for another program takes no check away.
pub(super) fn trust(target: &Target, cluster: &Cluster, terminal: Terminal) -> Result<Trust, Failure> {
    let pinned = |text: &str, from: &str| {
        text.parse::<Fingerprint>().map(Trust::Fingerprint).map_err(|error| {
            Failure::new(format!("{from} is not usable"))
                .because(&error)
                .help("on the node, this prints it: pvenode cert info --output-format json")
        })
    };
    let (trust, from) = if target.insecure {
        terminal.note_text(INSECURE);
        return Ok(Trust::Anyone);
    } else if let Some(flag) = &target.fingerprint {
        (pinned(flag, "--fingerprint")?, "--fingerprint")
    } else if let Some(file) = &target.ca_file {
        (Trust::CaFile(file.clone()), "--ca-file")
    } else if let Some(declared) = &cluster.fingerprint {
        (pinned(&declared.value, "cluster.fingerprint")?, "`cluster.fingerprint`")
    } else if let Some(declared) = &cluster.ca_file {
        (Trust::CaFile(declared.value.clone()), "`cluster.ca_file`")
    } else if insecure_by_environment()? {
        terminal.note_text(INSECURE);
        return Ok(Trust::Anyone);
    } else {
        return Ok(Trust::System);
    };
    if insecure_by_environment()? {
        terminal.note_text(&format!("note: {from} says whom to trust, and PROXMOX_VE_INSECURE is not heeded\n"));
    }
    Ok(trust)
}

fn insecure_by_environment() -> Result<bool, Failure> {
    match variable("PROXMOX_VE_INSECURE")?.map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(Failure::new("PROXMOX_VE_INSECURE is neither `true` nor `false`")
            .help("unset it: certificates are checked then")),
    }
}
