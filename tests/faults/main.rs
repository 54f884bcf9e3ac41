//! Whatever goes wrong on the way to the server, and wherever: applying again ends in the same state.

mod killed;
#[path = "../support/proxy.rs"]
mod proxy;
mod scenario;
#[path = "../support/story.rs"]
mod story;
mod strikes;
mod trial;
