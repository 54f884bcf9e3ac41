//! The client against servers on this machine that behave as Proxmox VE was measured to, or worse.

mod failures;
mod login;
mod passwords;
mod read;
mod requests;
mod retry;
mod second_factor;
mod secrets;
mod server;
#[path = "../support/tls.rs"]
mod tls;
mod trust;
