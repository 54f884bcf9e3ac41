//! Policies that can never be broken, or never hold, whatever is live.

use std::collections::BTreeSet;

use super::policy::{Asserted, Policy, selected};
use super::privileges::{remedy, unknown};
use super::value::list_of;
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::{Pattern, Sense};
use crate::pve::{Principal, Privilege, Release};

/// What of `policies` makes no sense on a cluster of `release`, which knows the privileges `known`.
pub(super) fn check(policies: &[Asserted], known: &BTreeSet<Privilege>, release: Release, findings: &mut Findings) {
    for asserted in policies {
        let Asserted { policy, span: _, who: _, never, always } = asserted;
        for (patterns, spans) in [(&policy.never, never), (&policy.always, always)] {
            for (pattern, span) in patterns.iter().zip(spans) {
                if !known.iter().any(|privilege| pattern.matches(privilege.as_str())) {
                    findings.push(unmatched(pattern, known, release, Diagnostic::error(*span, String::new())));
                }
            }
        }
        let both: Vec<&str> = selected(&policy.never, known)
            .filter(|held| policy.always.select(held.as_str()))
            .map(Privilege::as_str)
            .collect();
        if let (false, Some(always)) = (both.is_empty(), always.first()) {
            findings.push(
                Diagnostic::error(
                    *always,
                    format!("this policy can never hold: {} shall be held always and never", list_of(&both, "and")),
                )
                .label("always")
                .and(never.first().copied().unwrap_or(asserted.span), "never")
                .help("take what is always held out of `never` with a `!`, or divide the policy in two"),
            );
        }
    }
    for promise in policies {
        for ban in policies.iter().filter(|ban| ban.span != promise.span) {
            if let Some((who, privilege, path)) = clash(&promise.policy, &ban.policy, known) {
                findings.push(
                    Diagnostic::error(
                        promise.span,
                        format!("two policies cannot both hold: `{who}` shall always and never hold `{privilege}` at `{path}`"),
                    )
                    .label("always")
                    .and(ban.span, "never")
                    .help("leave it out of one of them with a `!`"),
                );
            }
        }
    }
}

/// The finding that a pattern of privileges is about none.
fn unmatched(pattern: &Pattern, known: &BTreeSet<Privilege>, release: Release, error: Diagnostic) -> Diagnostic {
    let literal: Option<Privilege> = pattern.literal().and_then(|literal| literal.parse().ok());
    match literal {
        Some(privilege) => {
            let error = Diagnostic { message: unknown(&privilege, release), ..error };
            remedy(error, &privilege, known, "remove it from the policy")
        }
        None => {
            let message = format!("no privilege of release {release} matches `{}`", pattern.as_str());
            Diagnostic { message, ..error }
                .help("the privileges look like `VM.Audit`; `VM.*` is all about guests, `*` all there are")
        }
    }
}

/// Somebody named in full who shall hold by `promise`, at a path written out, what `ban` forbids.
fn clash<'k>(
    promise: &Policy,
    ban: &Policy,
    known: &'k BTreeSet<Privilege>,
) -> Option<(Principal, &'k Privilege, String)> {
    // Whom a group leaves out depends on who is in it.
    let none = BTreeSet::new();
    let who = promise.who.named().find(|who| {
        let by_group = ban.who.iter().any(|whom| whom.sense == Sense::Exclude && whom.is_group());
        !by_group && ban.who.selects(who, &none)
    })?;
    let privilege = selected(&promise.always, known).find(|privilege| ban.never.select(privilege.as_str()))?;
    let literals = promise.on.iter().filter(|on| on.sense() == Sense::Include).filter_map(Pattern::literal);
    let path = literals.filter(|path| promise.on.select(path)).find(|path| ban.on.select(path))?;
    Some((who, privilege, path.to_owned()))
}
