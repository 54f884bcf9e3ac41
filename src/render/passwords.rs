//! Passwords that cannot be had, as findings.

use std::error::Error;

use super::words::count;
use crate::apply::PasswordError;
use crate::diagnostic::{Diagnostic, Findings, Span};

/// A warning each, where the user is declared, for those who plan where the passwords need not be; of many, the first one
/// speaks for all.
pub fn passwords_missing(missing: &[(Span, PasswordError)]) -> Findings {
    const EACH: usize = 5;
    let told = if missing.len() > EACH { &missing[..1] } else { missing };
    let others = match missing.len() - told.len() {
        0 => String::new(),
        more => format!("; the same goes for {} more", count(more, "password")),
    };
    let mut findings = Findings::default();
    for (declared, error) in told {
        let why = error.source().map(ToString::to_string).unwrap_or_default();
        let said = Diagnostic::warning(*declared, format!("{error}: {why}{others}")).help(error.help());
        findings.push(said.help("planning goes without it; apply needs it before it sends anything"));
    }
    findings
}
