//! What a step changes, attribute by attribute.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::words::{expire, quoted, visible};
use crate::model::{Text, Token, User};
use crate::plan::Account;

/// The attributes of a new user that differ from the server's defaults, and its groups.
pub(super) fn of_new_user(Account { user, groups }: &Account) -> Vec<String> {
    let mut said = user_changes(&User::default(), user, Said::New);
    if !groups.is_empty() {
        said.push(format!("groups {}", joined(groups)));
    }
    said
}

/// What becomes another about a user.
pub(super) fn of_user(before: &Account, after: &Account) -> Vec<String> {
    let mut said = user_changes(&before.user, &after.user, Said::Changed);
    if before.groups != after.groups {
        said.push(format!("groups {}", set_change(&before.groups, &after.groups)));
    }
    said
}

/// The attributes of a new token; `privsep` always, because it decides whether grants of its own are needed.
pub(super) fn of_new_token(token: &Token) -> Vec<String> {
    let mut said = vec![format!("privsep {}", token.privsep)];
    let default = Token { privsep: token.privsep, ..Token::default() };
    said.extend(token_changes(&default, token, Said::New));
    said
}

/// What becomes another about a token.
pub(super) fn of_token(before: &Token, after: &Token) -> Vec<String> {
    token_changes(before, after, Said::Changed)
}

/// What becomes another about a text.
pub(super) fn of_text(name: &str, before: &Text, after: &Text) -> String {
    format!("{name} {} -> {}", quoted(before), quoted(after))
}

/// `+added -removed`
pub(super) fn set_change<T: Ord + Display>(before: &BTreeSet<T>, after: &BTreeSet<T>) -> String {
    let removed = before.difference(after).map(|word| format!("-{}", visible(word)));
    let added = after.difference(before).map(|word| format!("+{}", visible(word)));
    added.chain(removed).collect::<Vec<_>>().join(" ")
}

/// Names in a row.
pub(super) fn joined<'a, T: Display + 'a>(names: impl IntoIterator<Item = &'a T>) -> String {
    names.into_iter().map(visible).collect::<Vec<_>>().join(" ")
}

/// Whether the value before is worth a word.
#[derive(Clone, Copy)]
enum Said {
    New,
    Changed,
}

impl Said {
    fn of<T: PartialEq>(self, name: &str, before: &T, after: &T, word: impl Fn(&T) -> String) -> Option<String> {
        let words = match self {
            Said::New => format!("{name} {}", word(after)),
            Said::Changed => format!("{name} {} -> {}", word(before), word(after)),
        };
        (before != after).then_some(words)
    }
}

fn user_changes(before: &User, after: &User, said: Said) -> Vec<String> {
    // `keys` is never written.
    let User { enable, expire: ends, firstname, lastname, email, comment, keys: _ } = after;
    [
        said.of("enable", &before.enable, enable, ToString::to_string),
        said.of("expire", &before.expire, ends, |value| expire(*value)),
        said.of("firstname", &before.firstname, firstname, quoted),
        said.of("lastname", &before.lastname, lastname, quoted),
        said.of("email", &before.email, email, quoted),
        said.of("comment", &before.comment, comment, quoted),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn token_changes(before: &Token, after: &Token, said: Said) -> Vec<String> {
    let Token { comment, expire: ends, privsep } = after;
    [
        said.of("privsep", &before.privsep, privsep, ToString::to_string),
        said.of("expire", &before.expire, ends, |value| expire(*value)),
        said.of("comment", &before.comment, comment, quoted),
    ]
    .into_iter()
    .flatten()
    .collect()
}
