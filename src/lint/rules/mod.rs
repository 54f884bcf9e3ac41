//! The rules: one a file, with its name, its texts, its check, and its tests.

mod chance_propagate;
mod empty_group;
mod ended;
mod ending_soon;
mod endless_token;
mod hidden_group_grant;
mod ignored_token_grant;
mod missing_realm;
mod pointless_no_access;
mod powerful_token;
mod powerless_token;
mod redundant_grant;
mod reinvented_role;
mod shut_out_token;
mod token_beyond_user;
mod unused_role;
mod vanished_subject;
mod vanishing_privilege;

use super::levels::Unknown;
use super::rule::Rule;

/// Every rule, in the order in which they are told: the worse first, and what belongs together together.
pub static RULES: [&Rule; 18] = [
    &powerless_token::RULE,
    &pointless_no_access::RULE,
    &hidden_group_grant::RULE,
    &shut_out_token::RULE,
    &vanished_subject::RULE,
    &missing_realm::RULE,
    &ending_soon::RULE,
    &vanishing_privilege::RULE,
    &powerful_token::RULE,
    &endless_token::RULE,
    &ended::RULE,
    &token_beyond_user::RULE,
    &ignored_token_grant::RULE,
    &redundant_grant::RULE,
    &chance_propagate::RULE,
    &reinvented_role::RULE,
    &unused_role::RULE,
    &empty_group::RULE,
];

/// The rule of this name.
///
/// # Errors
/// If there is none, with the one that was probably meant.
pub fn rule(name: &str) -> Result<&'static Rule, Unknown> {
    RULES.iter().find(|rule| rule.name == name).copied().ok_or_else(|| Unknown::new(name))
}
