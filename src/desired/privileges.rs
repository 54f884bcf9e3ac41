//! Privileges that are misspelt, or that a release does not know.

use std::collections::BTreeSet;

use super::document::{Desired, Presence};
use super::names::refused;
use super::node::Excerpt;
use super::notes::Notes;
use super::pointless;
use crate::diagnostic::{Diagnostic, Findings, Span, is_slip, nearest};
use crate::pve::{Privilege, Release, builtin_roles, lifetime, privileges};

/// A privilege by its name.
///
/// One that no release knows is refused if it is one slip away from one that is known; others may be newer than this
/// program, and are [`check_privileges`]'s question.
pub(super) fn privilege(text: &str, span: Span, notes: &mut Notes) -> Option<Privilege> {
    let privilege: Result<Privilege, _> = text.parse();
    if privilege.as_ref().is_ok_and(|privilege| lifetime(privilege).is_some()) {
        return privilege.ok();
    }
    let unknown = || Diagnostic::error(span, format!("there is no privilege `{}`", Excerpt(text)));
    let wrong = if let Some(meant) = privileges(Release::MEASURED).find(|known| is_slip(text, known.as_str())) {
        unknown().label(format!("did you mean `{meant}`?"))
    } else if let Some(part) = text.strip_suffix('*').map(|part| part.trim_end_matches('.')) {
        unknown().help(format!("privileges are written out one by one{}", below(part)))
    } else if text.parse().is_ok_and(|role| builtin_roles().contains_key(&role)) {
        unknown()
            .label("this is a role")
            .help("a role consists of privileges; another role is granted beside it, under `acl`")
    } else {
        match privilege {
            Ok(privilege) => return Some(privilege),
            Err(error) => refused::<Privilege>(text, error, span),
        }
    };
    notes.push(wrong);
    None
}

/// `: A.B, A.C` for the privileges below `A`; nothing if there are none, or very many.
fn below(part: &str) -> String {
    const FEW: usize = 12;
    let start = format!("{part}.");
    let names: Vec<String> = privileges(Release::MEASURED)
        .filter(|known| known.as_str().starts_with(&start))
        .map(|known| format!("`{known}`"))
        .collect();
    if names.is_empty() || names.len() > FEW { String::new() } else { format!(": {}", names.join(", ")) }
}

fn near(privilege: &Privilege, known: impl Iterator<Item = Privilege>) -> Option<Privilege> {
    let known: Vec<Privilege> = known.collect();
    nearest(privilege.as_str(), known.iter().map(Privilege::as_str))?.parse().ok()
}

/// What the roles and policies of `desired` ask for and a cluster of `release`, which knows the privileges `known`, does not have.
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
                findings.push(remedy(error, privilege, known, "remove it from the role"));
            }
        }
    }
    pointless::check(&desired.policies, known, release, &mut findings);
    findings
}

/// That `release` does not know `privilege`, and since when or until when.
pub(super) fn unknown(privilege: &Privilege, release: Release) -> String {
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

/// `error` with what to write instead of `privilege`; `otherwise`, if there is nothing.
pub(super) fn remedy(
    error: Diagnostic,
    privilege: &Privilege,
    known: &BTreeSet<Privilege>,
    otherwise: &str,
) -> Diagnostic {
    match lifetime(privilege).and_then(|life| life.gone) {
        Some((_, successor)) => error.help(format!("what it allowed is divided among `{successor}` now")),
        None => match near(privilege, known.iter().cloned()) {
            Some(meant) => error.label(format!("did you mean `{meant}`?")),
            None => match below(privilege.as_str()) {
                names if names.is_empty() => error.help(otherwise),
                names => error.help(format!("there are parts of it{names}")),
            },
        },
    }
}
