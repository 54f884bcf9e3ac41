//! `pve-access sandbox`

use secrecy::ExposeSecret;

use super::arguments::Sandbox as Arguments;
use super::connect::admin_token;
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::render::{Document, Line, Style};
use crate::sandbox::Sandbox;

pub(super) async fn run(Arguments { dir, listen }: Arguments, terminal: Terminal) -> Result<Exit, Failure> {
    if !listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "the sandbox does not listen on {listen}: it speaks plain http, and is for this machine alone"
        ))
        .help("listen on 127.0.0.1 or [::1]"));
    }
    let sandbox = Sandbox::open(&dir).map_err(|error| Failure::of(&error))?;
    let serving = sandbox.serve(listen).await.map_err(|error| {
        Failure::of(&error).help("another port can be chosen: --listen 127.0.0.1:0 takes any free one")
    })?;
    let (token, secret) = admin_token(&sandbox, &dir)?;
    let mut document = Document::default();
    document.push(Line::default().with(
        Style::Dim,
        format!("# A sandbox with its state in {}; Ctrl-C ends it. For another shell:", dir.display()),
    ));
    document.push(Line::plain(format!("export PROXMOX_VE_ENDPOINT={}", serving.url())));
    document.push(Line::plain(format!("export PROXMOX_VE_API_TOKEN='{token}={}'", secret.expose_secret())));
    terminal.result(&document)?;
    match tokio::signal::ctrl_c().await {
        Ok(()) => Ok(Exit::Success),
        Err(error) => Err(Failure::new("signals cannot be waited for").because(&error)),
    }
}
