//! Who is refused before anybody looks at what it may do.

use super::super::document::{Document, Line, Style};
use super::super::words::{self, shell, visible};
use crate::model::{AccessState, Expire};
use crate::pve::Principal;

/// Why a user or token is refused with 401, whatever it may do (api-facts.md, Authentication); nothing if it gets in.
pub(in super::super) fn closed(who: &Principal, state: &AccessState, now: u64) -> Vec<String> {
    let past = |expire: Expire| matches!(expire, Expire::At(end) if end <= now).then(|| words::expire(expire));
    let mut reasons = Vec::new();
    if let Some(user) = state.users.get(who.user()) {
        let disabled = (!user.enable.is_yes()).then(|| "is disabled".to_owned());
        let expired = past(user.expire).map(|end| format!("expired on {end}"));
        let faults: Vec<String> = disabled.into_iter().chain(expired).collect();
        if !faults.is_empty() {
            reasons.push(format!("{} {}", visible(who.user()), words::listed(&faults)));
        }
    }
    if let Principal::Token(id) = who
        && let Some(token) = state.tokens.get(id)
    {
        reasons.extend(past(token.expire).map(|end| format!("{} expired on {end}", visible(id))));
    }
    reasons
}

/// The commands that let in whoever does not get in.
pub(super) fn opening(who: &Principal, state: &AccessState, now: u64) -> Document {
    let is_past = |expire: Expire| matches!(expire, Expire::At(end) if end <= now);
    let mut commands = Vec::new();
    if let Some(user) = state.users.get(who.user()) {
        let enable = if user.enable.is_yes() { "" } else { " --enable 1" };
        let expire = if is_past(user.expire) { " --expire 0" } else { "" };
        if !enable.is_empty() || !expire.is_empty() {
            commands.push(format!("pveum user modify {}{enable}{expire}", shell(who.user())));
        }
    }
    if let Principal::Token(id) = who
        && state.tokens.get(id).is_some_and(|token| is_past(token.expire))
    {
        commands.push(format!("pveum user token modify {} {} --expire 0", shell(id.user()), shell(id.name())));
    }
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
