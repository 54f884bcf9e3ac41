//! How single values and steps are put into words.

use std::fmt::Display;

use crate::desired::{Destination, PasswordSource, day_or_time};
use crate::model::{Expire, Grant, Propagate, Text};
use crate::plan::{AclBatch, Op};

/// `text` such that nothing in it can move the cursor, change colours or turn the direction of writing.
#[must_use]
pub fn visible(text: impl Display) -> String {
    let text = text.to_string();
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        text
    } else {
        format!("{text:?}").trim_matches('"').to_owned()
    }
}

/// `word` as one word of a command line of bash, root's shell on a node; what would not be visible is written in hexadecimal.
pub(super) fn shell(word: impl Display) -> String {
    let word = word.to_string();
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@._-/".contains(&byte)) {
        word
    } else if word.chars().all(|c| c == '"' || c == '\\' || visible(c) == String::from(c)) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        let byte = |byte: u8| match byte {
            b'\'' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        format!("$'{}'", word.bytes().map(byte).collect::<String>())
    }
}

/// Free text in quotes, on one line.
pub(super) fn quoted(text: &Text) -> String {
    if text.is_empty() { "none".to_owned() } else { format!("{:?}", text.as_str()) }
}

/// A date where the time is midnight UTC, else date and time; what no calendar has stays a number.
pub(super) fn expire(expire: Expire) -> String {
    match expire {
        Expire::Never => "never".to_owned(),
        Expire::At(seconds) => day_or_time(expire).unwrap_or_else(|| format!("{seconds} s after 1970")),
    }
}

/// `1 grant`, `2 grants`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `1 policy`, `2 policies`.
#[must_use]
pub fn many(number: usize, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The first `most`, and how many others there are in the words of `more`; a single other one is named like the rest.
pub(super) fn shortened(mut words: Vec<String>, most: usize, more: impl FnOnce(usize) -> String) -> Vec<String> {
    let others = words.len().saturating_sub(most);
    if others > 1 {
        words.truncate(most);
        words.push(more(others));
    }
    words
}

/// Where a secret goes: a path, or the line of a command, of which the beginning says enough.
pub(super) fn destination(to: &Destination) -> String {
    const LONGEST: usize = 60;
    match to {
        Destination::File(path) => visible(path.display()),
        Destination::Command(command) => {
            let words: Vec<String> = command.iter().map(shell).collect();
            let line = words.join(" ");
            let mut shown: String = line.chars().take(LONGEST).collect();
            if shown.len() < line.len() {
                shown.push_str("..");
            }
            format!("the command `{shown}`")
        }
    }
}

/// `PVEAuditor on / to ann@pve`
pub(super) fn grant_name(Grant { path, subject, role }: &Grant) -> String {
    visible(format!("{role} on {path} to {subject}"))
}

/// `env ANN_PASSWORD`, `file secrets/ann`, `command pass show ann`
pub(super) fn password_source(source: &PasswordSource) -> String {
    match source {
        PasswordSource::Env(name) => format!("env {}", visible(name)),
        PasswordSource::File(path) => format!("file {}", visible(path.display())),
        PasswordSource::Command(words) => {
            format!("command {}", words.iter().map(shell).collect::<Vec<_>>().join(" "))
        }
    }
}

pub(super) fn propagate(propagate: Propagate) -> &'static str {
    match propagate {
        Propagate::Yes => "propagate",
        Propagate::No => "this path only",
    }
}

/// What a step does, in a few words: for progress and for failures.
#[must_use]
pub fn step_in_words(op: &Op) -> String {
    let words = match op {
        Op::CreateRole { role, privs: _ } => format!("create role {role}"),
        Op::CreateGroup { group, comment: _ } => format!("create group {group}"),
        Op::CreateUser { user, account: _ } => format!("create user {user}"),
        Op::CreateToken { token, attributes: _ } => format!("create token {token}"),
        Op::Grant { batch, propagate: _ } => format!("grant {}", batch_in_words(batch, "to")),
        Op::SetRole { role, before: _, after: _ } => format!("change role {role}"),
        Op::SetGroup { group, before: _, after: _ } => format!("change group {group}"),
        Op::SetUser { user, before: _, after: _ } => format!("change user {user}"),
        Op::SetPassword { user } => format!("set the password of user {user}"),
        Op::SetToken { token, before: _, after: _ } => format!("change token {token}"),
        Op::RotateToken { token, before: _, after: _ } => format!("renew the secret of token {token}"),
        Op::Revoke { batch } => format!("revoke {}", batch_in_words(batch, "from")),
        Op::DeleteToken { token } => format!("delete token {token}"),
        Op::DeleteUser { user } => format!("delete user {user}"),
        Op::DeleteGroup { group } => format!("delete group {group}"),
        Op::DeleteRole { role } => format!("delete role {role}"),
    };
    visible(words)
}

fn batch_in_words(batch: &AclBatch, to: &str) -> String {
    let roles: Vec<&str> = batch.roles().iter().map(|role| role.as_str()).collect();
    let mut subjects = batch.subjects().iter();
    let first = subjects.next().map(ToString::to_string).unwrap_or_default();
    let more = match subjects.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} on {} {to} {first}{more}", roles.join(", "), batch.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_reaches_the_terminal_raw() {
        assert_eq!(visible("api@pam"), "api@pam");
        assert_eq!(visible("ü@pve"), "ü@pve");
        assert_eq!(visible("a\u{1b}[31m@pve"), "a\\u{1b}[31m@pve");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(quoted(&Text::from("two\nlines")), "\"two\\nlines\"");
    }

    #[test]
    fn a_pasted_name_is_one_word() {
        assert_eq!(shell("api@pam"), "api@pam");
        assert_eq!(shell("o'brien@pve"), r"'o'\''brien@pve'");
        assert_eq!(shell("a;b!c@pve"), "'a;b!c@pve'");
        assert_eq!(shell("\u{fc}\"\\@pve"), "'\u{fc}\"\\@pve'");
        assert_eq!(shell(""), "''");
        assert_eq!(shell("a\u{1b}'\u{202e}@pve"), r"$'a\x1b\'\xe2\x80\xae@pve'");
    }

    #[test]
    fn one_more_is_named_and_two_are_counted() {
        let short = |words: &[&str]| shortened(words.iter().map(ToString::to_string).collect(), 1, |n| format!("+{n}"));
        assert_eq!(short(&["a", "b"]), ["a", "b"]);
        assert_eq!(short(&["a", "b", "c"]), ["a", "+2"]);
    }

    #[test]
    fn times_are_dates_where_they_can_be() {
        assert_eq!(expire(Expire::Never), "never");
        assert_eq!(expire(Expire::At(4_102_444_800)), "2100-01-01");
        assert_eq!(expire(Expire::At(4_102_444_801)), "2100-01-01T00:00:01Z");
        assert_eq!(expire(Expire::At(u64::MAX)), "18446744073709551615 s after 1970");
    }
}
