//! The program as people run it: what it prints, what it asks of the server, how it exits.

mod arguments;
mod counts;
mod desk;
mod drift;
mod export;
mod homepage;
mod interrupted;
mod lint;
mod names;
mod permissions;
mod refusals;
mod sandbox;
mod secrets;
mod sight;
mod who_can;
