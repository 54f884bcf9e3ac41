//! Who does not get in, and what lets it in again.

use super::super::document::{Document, Line, Style};
use super::super::pveum;
use super::super::words::{self, visible};
use crate::model::{AccessState, Refusal};
use crate::pve::Principal;

/// Why `who` is refused with 401, each for itself; nothing if it gets in.
pub(in super::super) fn closed(who: &Principal, state: &AccessState, now: u64) -> Vec<String> {
    let (mut of_user, mut of_token) = (Vec::new(), Vec::new());
    for refusal in state.refusals(who, now) {
        match refusal {
            Refusal::Disabled => of_user.push("is disabled".to_owned()),
            Refusal::UserExpired(end) => of_user.push(format!("expired on {}", words::expire(end))),
            Refusal::TokenExpired(end) => {
                of_token.push(format!("{} expired on {}", visible(who), words::expire(end)));
            }
        }
    }
    let of_user = (!of_user.is_empty()).then(|| format!("{} {}", visible(who.user()), words::listed(&of_user)));
    of_user.into_iter().chain(of_token).collect()
}

/// The commands that let in whoever does not get in.
pub(super) fn opening(who: &Principal, state: &AccessState, now: u64) -> Document {
    let commands = pveum::admit(who, &state.refusals(who, now));
    let mut document = Document::default();
    if !commands.is_empty() {
        document.push(Line::plain("  To let it in again:"));
        commands.into_iter().for_each(|command| document.push(Line::plain(format!("      {command}"))));
    }
    document
}

/// A line for whoever does not get in.
pub(in super::super) fn door(who: &Principal, state: &AccessState, now: u64) -> Document {
    let mut document = Document::default();
    let closed = closed(who, state, now);
    if !closed.is_empty() {
        let refused = match who {
            Principal::User(_) => "and cannot log in; its tokens are refused with 401 too",
            Principal::Token(_) => "so this token is refused with 401",
        };
        document.push(
            Line::default()
                .with(Style::Bad, words::listed(&closed))
                .with(Style::Plain, format!(", {refused}, whatever is granted.")),
        );
    }
    document
}
