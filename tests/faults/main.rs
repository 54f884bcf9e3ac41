//! Whatever goes wrong on the way to the server, and wherever: applying again ends in the same state.

mod killed;
#[path = "../support/proxy.rs"]
mod proxy;
mod scenario;
mod strikes;
mod trial;
