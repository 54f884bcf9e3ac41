//! Privileges that are misspelt, or that a release does not know.

use std::collections::BTreeSet;

use super::document::{Desired, Presence};
use super::names::refused;
use super::notes::Notes;
use crate::diagnostic::{Diagnostic, Findings, Span, is_slip, nearest};
use crate::pve::{Privilege, Release, lifetime, privileges};

/// A privilege by its name.
///
/// One that no release knows is refused if it is one slip away from one that is known; others may be newer than this
/// program, and are [`check_privileges`]'s question.
pub(super) fn privilege(text: &str, span: Span, notes: &mut Notes) -> Option<Privilege> {
    let privilege: Privilege = match text.parse() {
        Ok(privilege) => privilege,
        Err(error) => {
            notes.push(refused(text, error, span));
            return None;
        }
    };
    if lifetime(&privilege).is_none()
        && let Some(meant) = privileges(Release::MEASURED).find(|known| is_slip(text, known.as_str()))
    {
        notes.push(
            Diagnostic::error(span, format!("there is no privilege `{privilege}`"))
                .label(format!("did you mean `{meant}`?")),
        );
        return None;
    }
    Some(privilege)
}

fn near(privilege: &Privilege, known: impl Iterator<Item = Privilege>) -> Option<Privilege> {
    let known: Vec<Privilege> = known.collect();
    nearest(privilege.as_str(), known.iter().map(Privilege::as_str))?.parse().ok()
}

/// What the roles of `desired` ask for and a cluster of `release`, which knows the privileges `known`, does not have.
///
/// For a live cluster, `known` is what its role Administrator holds; without one, [`privileges`].
pub fn check_privileges(desired: &Desired, known: &BTreeSet<Privilege>, release: Release) -> Findings {
    let mut findings = Findings::default();
    for (role, declared) in &desired.roles {
        let Presence::Present(wish) = &declared.wish else { continue };
        for (privilege, span) in wish.privs.as_set().into_iter().flatten() {
            if !known.contains(privilege) {
                let error =
                    Diagnostic::error(*span, unknown(privilege, release)).and(declared.span, format!("role `{role}`"));
                findings.push(remedy(error, privilege, known));
            }
        }
    }
    findings
}

fn unknown(privilege: &Privilege, release: Release) -> String {
    match lifetime(privilege) {
        Some(life) => match life.gone {
            Some((gone, _)) if gone <= release => {
                format!("release {release} does not know the privilege `{privilege}`: it is gone since {gone}")
            }
            _ if release < life.since => {
                format!("release {release} does not know the privilege `{privilege}`: it came with {}", life.since)
            }
            _ => format!("this cluster does not know the privilege `{privilege}`"),
        },
        None => format!("release {release} does not know the privilege `{privilege}`"),
    }
}

fn remedy(error: Diagnostic, privilege: &Privilege, known: &BTreeSet<Privilege>) -> Diagnostic {
    match lifetime(privilege).and_then(|life| life.gone) {
        Some((_, successor)) => error.help(format!("what it allowed is divided among `{successor}` now")),
        None => match near(privilege, known.iter().cloned()) {
            Some(meant) => error.label(format!("did you mean `{meant}`?")),
            None => error.help("remove it from the role"),
        },
    }
}
