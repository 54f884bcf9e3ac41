//! The program as people run it: what it prints, what it asks of the server, how it exits.

mod arguments;
mod counts;
mod desk;
mod doctor;
mod drift;
mod effect;
mod export;
mod formats;
#[path = "../support/golden.rs"]
mod golden;
mod guards;
mod homepage;
mod interrupted;
mod limits;
mod lint;
mod names;
mod permissions;
mod policies;
mod readme;
mod refusals;
mod sandbox;
mod saved;
mod schema;
mod secrets;
mod security;
mod sight;
mod who_can;
