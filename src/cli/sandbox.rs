//! `pve-access sandbox`

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::arguments::{SANDBOX, Sandbox as Arguments};
use super::connect::{admin_token, unusable};
use super::exit::Exit;
use super::failure::Failure;
use super::source;
use super::terminal::Terminal;
use crate::model::{AccessState, Origin};
use crate::render::{self, Document, Line, Style, count, listed, visible};
use crate::sandbox::{Options, Sandbox, Seed, SeedError};

/// How long Proxmox VE holds back an answer of 401.
const DELAY: Duration = Duration::from_secs(3);

/// How long requests that are under way are waited for at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// What names a folder here.
const DIR: &str = "--dir DIR";

pub(super) async fn run(arguments: Arguments, terminal: Terminal) -> Result<Exit, Failure> {
    let Arguments { dir, seed, no_serve, listen, delay_unauthorized } = arguments;
    if !listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "the sandbox does not listen on {listen}: it speaks plain http, and is for this machine alone"
        ))
        .help("listen on 127.0.0.1 or [::1]"));
    }
    let mut options = Options::default();
    if delay_unauthorized {
        options.delay_unauthorized = DELAY;
    }
    let sandbox = match &seed {
        Some(file) => from_seed(&dir, file, options, terminal)?,
        None => Sandbox::open_with(&dir, options).map_err(|error| unusable(&error, DIR))?,
    };
    let (token, secret) = admin_token(&sandbox, &dir)?;
    let shown_dir = visible(dir.display());
    let mut document = Document::default();
    if seed.is_some() || no_serve {
        let state = sandbox.state().map_err(|error| Failure::of(&error))?;
        document.push(comment(format!("{shown_dir} holds {}.", counted(&state))));
    }
    if no_serve {
        let flag = if dir == Path::new(SANDBOX) { "--sandbox".to_owned() } else { format!("--sandbox={shown_dir}") };
        document.push(comment(format!("To work with it: pve-access plan {flag}")));
        terminal.result(&document)?;
        return Ok(Exit::Success);
    }
    let serving = sandbox.serve(listen).await.map_err(|error| {
        let failure = unusable(&error, DIR);
        if seed.is_some() { failure.help("the folder is set up: leave --seed out next time") } else { failure }
    })?;
    document.push(comment(format!("A sandbox with its state in {shown_dir}; Ctrl-C ends it. For another shell:")));
    document.push(Line::plain(format!("export PROXMOX_VE_ENDPOINT={}", serving.url())));
    document.push(Line::plain(format!("export PROXMOX_VE_API_TOKEN='{token}={}'", secret.expose_secret())));
    terminal.result(&document)?;
    tokio::signal::ctrl_c().await.map_err(|error| Failure::new("signals cannot be waited for").because(&error))?;
    // Whoever takes longer to read an answer goes without.
    let _ = tokio::time::timeout(LAST_ANSWERS, serving.shutdown()).await;
    Ok(Exit::Success)
}

/// A line that a shell passes over.
fn comment(text: String) -> Line {
    Line::default().with(Style::Dim, format!("# {text}"))
}

/// Makes a new sandbox of a cluster's files, and says what is otherwise than there.
fn from_seed(dir: &Path, file: &Path, options: Options, terminal: Terminal) -> Result<Sandbox, Failure> {
    let copy = source::user_cfg(file, terminal)?;
    let seed = Seed::read(copy.user_cfg(), copy.domains_cfg()).map_err(|error| {
        let failure =
            Failure::new(format!("`{}` is not what a sandbox can begin with", visible(copy.name()))).because(&error);
        match error {
            SeedError::Realms { .. } => failure.help("mend the domains.cfg beside it, or move it away"),
            SeedError::TooLarge { .. } => failure,
        }
    })?;
    let sandbox = Sandbox::seed(dir, &seed, options).map_err(|error| unusable(&error, DIR))?;
    let mut notes = render::ignored(&copy.ignored());
    for adjusted in seed.adjusted() {
        notes.push(Line::plain(format!("note: {adjusted}")));
    }
    terminal.note(&notes);
    Ok(sandbox)
}

/// How much of everything there is.
fn counted(state: &AccessState) -> String {
    let custom = state.roles.values().filter(|role| role.origin == Origin::Custom).count();
    let counts = [
        (state.users.len(), "user"),
        (state.tokens.len(), "token"),
        (state.groups.len(), "group"),
        (custom, "role"),
        (state.pools.len(), "pool"),
        (state.acl.len(), "grant"),
        (state.realms.len(), "realm"),
    ];
    let counts: Vec<String> =
        counts.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun)).collect();
    listed(&counts)
}
