//! The secrets of declared tokens, as findings in the files.

use super::pveum;
use super::words::{count, destination, expire, many, shell, visible};
use crate::apply::{Condition, Stored};
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::Refusal;
use crate::pve::{Principal, TokenId};

/// Of how many that are alike each is told.
const EACH: usize = 5;

/// Whether the secrets have been tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// They have been looked for.
    Looked,
    /// The server was asked.
    Tried,
}

/// A warning for each secret with which something is wrong; of many that are alike, the first one speaks for all.
pub fn secrets(stored: &[Stored], trial: Trial) -> Findings {
    let mut findings = Findings::default();
    for alike in [is_missing, is_unreadable, is_dead, is_unclear] {
        let found: Vec<&Stored> = stored.iter().filter(|stored| alike(&stored.condition)).collect();
        // Who only plans may well not be allowed to read it.
        if found.first().is_some_and(|stored| is_unreadable(&stored.condition)) && trial == Trial::Looked {
            continue;
        }
        tell(&found, fault, &mut findings);
    }
    let exposed: Vec<&Stored> = stored.iter().filter(|stored| stored.exposure.is_some()).collect();
    tell(&exposed, exposure, &mut findings);
    findings
}

fn is_missing(condition: &Condition) -> bool {
    matches!(condition, Condition::Missing)
}

fn is_unreadable(condition: &Condition) -> bool {
    matches!(condition, Condition::Unreadable(_))
}

fn is_dead(condition: &Condition) -> bool {
    matches!(condition, Condition::Dead(_))
}

fn is_unclear(condition: &Condition) -> bool {
    matches!(condition, Condition::Unclear(_))
}

/// What is wrong, and what to do.
type Words = (String, Vec<String>);

fn tell(alike: &[&Stored], said: fn(&Stored) -> Option<Words>, findings: &mut Findings) {
    let told = if alike.len() > EACH { &alike[..1] } else { alike };
    let others = match alike.len() - told.len() {
        0 => String::new(),
        more => format!("; the same goes for {} more", count(more, "token")),
    };
    for stored in told {
        let Some((message, helps)) = said(stored) else { continue };
        let warning = Diagnostic::warning(stored.declared, format!("{message}{others}"));
        findings.push(helps.into_iter().fold(warning, Diagnostic::help));
    }
}

/// What is wrong with a secret, and what to do.
fn fault(Stored { token, declared: _, sink, condition, exposure: _ }: &Stored) -> Option<Words> {
    let place = destination(&sink.to);
    let renew = format!("for a new one: `pve-access rotate {}`", shell(token));
    Some(match condition {
        Condition::Missing => (
            format!("token `{token}` exists, and `{place}` holds no secret for it"),
            vec!["fine if its secret is kept elsewhere; Proxmox VE does not show it again".to_owned(), renew],
        ),
        Condition::Unreadable(error) => {
            let why =
                std::error::Error::source(error).map_or_else(|| error.to_string(), |why| format!("{error}: {why}"));
            (
                format!("the secret of token `{token}` could not be tried, because of `{place}`: {}", visible(why)),
                vec![],
            )
        }
        Condition::Dead(refusals) if refusals.is_empty() => (
            format!("the secret in `{place}` is not, or no longer, that of token `{token}`: the server refuses it"),
            vec![renew],
        ),
        Condition::Dead(refusals) => (
            format!("token `{token}` is refused, whatever its secret: {}", reasons(token, refusals)),
            vec![format!(
                "declare it otherwise and apply, or on a node: `{}`",
                pveum::admit(&Principal::Token(token.clone()), refusals).join("; ")
            )],
        ),
        Condition::Unclear(error) => (
            format!("nobody knows whether the secret of token `{token}` works: {}", visible(error)),
            error.help().into_iter().map(visible).collect(),
        ),
        Condition::Elsewhere | Condition::Untried | Condition::Works => return None,
    })
}

fn exposure(Stored { token, declared: _, sink, condition: _, exposure }: &Stored) -> Option<Words> {
    let error = exposure.as_ref()?;
    let (place, file) = (destination(&sink.to), sink.to.as_file().map(|path| shell(path.display())));
    let narrow = format!(
        "no new secret is written there: `chmod o-rwx {}`, and whoever has to read it can be in its group",
        file.unwrap_or_default()
    );
    Some((format!("`{place}` is for the secret of token `{token}`: {error}"), vec![narrow]))
}

/// Why a token is refused, as the live state says.
pub(super) fn reasons(token: &TokenId, refusals: &[Refusal]) -> String {
    let said = |refusal: &Refusal| match refusal {
        Refusal::Disabled => format!("its user {} is disabled", visible(token.user())),
        Refusal::UserExpired(end) => format!("its user {} expired on {}", visible(token.user()), expire(*end)),
        Refusal::TokenExpired(end) => format!("it expired on {}", expire(*end)),
    };
    refusals.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// What came of trying them, in a line; nothing where nothing is declared to be kept.
#[must_use]
pub fn tried(stored: &[Stored]) -> Option<String> {
    let number = |is: fn(&Condition) -> bool| stored.iter().filter(|stored| is(&stored.condition)).count();
    let works = number(|condition| matches!(condition, Condition::Works));
    let unclear = number(is_unclear) + number(is_unreadable);
    let parts = [
        (works, many(works, "works", "work")),
        (number(is_dead), many(number(is_dead), "does not work", "do not work")),
        (number(is_missing), many(number(is_missing), "is missing", "are missing")),
        (unclear, format!("{unclear} could not be tried")),
        (
            number(|condition| matches!(condition, Condition::Elsewhere)),
            format!(
                "{} went to a command, which alone knows",
                number(|condition| matches!(condition, Condition::Elsewhere))
            ),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, words)| words).collect();
    (!stored.is_empty())
        .then(|| format!("Of {} of declared tokens, {}.", count(stored.len(), "secret"), parts.join(", ")))
}
