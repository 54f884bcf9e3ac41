//! Faults of a state that the server puts up with.
//!
//! Knows what makes access control surprise the people who rely on it, one file a rule. Does not know where the state comes
//! from: it may be live, or what a plan aims at. Time arrives as a value; what is found leaves as one.

mod finding;
mod levels;
mod naming;
mod place;
mod removal;
mod report;
mod rule;
mod rules;
#[cfg(test)]
mod tests;
mod view;

pub use finding::{Cure, Effect, Finding, Object};
pub use levels::{Levels, Unknown, check_names};
pub use place::place;
pub use report::{Checked, Report, Subject, lint};
pub use rule::{Rule, Severity};
pub use rules::{RULES, rule};
pub use view::View;
