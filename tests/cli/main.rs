//! The program as people run it: what it prints, what it asks of the server, how it exits.

mod arguments;
mod canary;
mod counts;
mod credentials;
mod desk;
mod doctor;
mod drift;
mod effect;
mod export;
mod formats;
#[path = "../support/golden.rs"]
mod golden;
mod guards;
mod history;
mod homepage;
mod interrupted;
mod limits;
mod lint;
mod lock;
mod names;
mod passwords;
mod permissions;
mod policies;
mod readme;
mod refusals;
mod rotate;
mod sandbox;
mod saved;
mod schema;
mod secrets;
mod security;
mod sight;
mod sinks;
#[path = "../support/story.rs"]
mod story;
#[path = "../support/tls.rs"]
mod tls;
mod trust;
mod who_can;
