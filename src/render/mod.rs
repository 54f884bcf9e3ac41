//! What is said to people.
//!
//! Knows how findings, plans and outcomes are worded and laid out. Does not decide anything, and prints nothing: it
//! makes text, and the command line prints it.

mod change;
pub mod diagnostics;
mod doctor;
mod document;
mod effect;
mod exported;
mod history;
mod ignored;
mod json;
mod lint;
mod lock;
mod outcome;
mod passwords;
mod permissions;
mod plan;
mod pveum;
mod refused;
mod saved;
mod secrets;
mod sight;
mod who_can;
mod words;

pub use doctor::{examination, examination_json, examination_schema};
pub use document::{Colour, Document, Line, Style};
pub use effect::Detail;
pub use exported::{exported, origin_of, unseen};
pub use history::{Telling, damage, history, history_json, history_schema};
pub use ignored::ignored;
pub use json::json;
pub use lint::{Amount, Linted, Side, lint, lint_json, lint_reference, lint_rule, lint_rules, lint_sarif, lint_schema};
pub use lock::{lock_holder, locked};
pub use outcome::Followed;
pub use outcome::outcome;
pub use passwords::passwords_missing;
pub use permissions::{Held, Rights, permissions, permissions_json};
pub use plan::{Shown, Undeclared, plan, plan_diff, plan_json, plan_markdown, plan_schema};
pub use refused::refused;
pub use saved::{opened, resumed, saved, unsaved};
pub use secrets::{Trial, secrets, tried};
pub use sight::{partly, told};
pub use who_can::{Holder, Holders, who_can, who_can_json};
pub use words::{count, listed, many, step_in_words, visible};
