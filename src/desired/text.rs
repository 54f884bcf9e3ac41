//! Comments, names of people and mail addresses.

use super::document::Wish;
use super::look_alike::{plain, strange};
use super::node::{Excerpt, Node};
use super::notes::Notes;
use super::value::scalar;
use crate::diagnostic::{Diagnostic, Span};
use crate::model::Text;

/// How long a text may be, in characters; the server counts them, and does not care for groups and tokens
/// (api-facts.md, Users).
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// As long as user.cfg lasts.
    None,
    /// At most this many.
    Most(usize),
}

/// The most characters of a user's comment.
pub(super) const COMMENT: Limit = Limit::Most(2048);
/// The most characters of a first or last name.
pub(super) const NAME: Limit = Limit::Most(1024);
const EMAIL: Limit = Limit::Most(254);

/// Free text.
pub(super) fn text(node: Option<&Node<'_>>, key: &str, limit: Limit, notes: &mut Notes) -> Wish<Text> {
    let Some(node) = node else { return Wish::Leave };
    let Some(written) = scalar(node, key, "a text", notes) else { return Wish::Leave };
    let written = &*written.text;
    check_length(written, key, limit, node.span, notes);
    if let Some(control) = written.chars().find(|&c| c.is_control() && !matches!(c, '\n' | '\t')) {
        notes.push(
            Diagnostic::warning(node.span, format!("`{key}` holds a control character, U+{:04X}", u32::from(control)))
                .help(
                    "Proxmox VE keeps it and every program that shows the text gets it; remove it unless it is meant",
                ),
        );
    }
    let kept = Text::from(written);
    if kept.as_str() != written {
        let warning = Diagnostic::warning(node.span, format!("`{key}` cannot be kept as it is written"));
        notes.push(if kept.is_empty() && written.trim_matches(' ') == "0" {
            warning.help("Proxmox VE takes the text `0` for no text at all")
        } else if kept.is_empty() {
            warning.help(format!("Proxmox VE strips blanks, and nothing is left; `{key}: \"\"` says so"))
        } else {
            let kept = Excerpt(kept.as_str());
            warning.help(format!("Proxmox VE strips leading and trailing blanks: it will be `{kept}`"))
        });
    }
    Wish::Set(kept)
}

/// A mail address, or an empty text for none.
pub(super) fn email(node: Option<&Node<'_>>, key: &str, notes: &mut Notes) -> Wish<Text> {
    let Some(node) = node else { return Wish::Leave };
    let Some(written) = scalar(node, key, "a mail address", notes) else { return Wish::Leave };
    let written = &*written.text;
    check_length(written, key, EMAIL, node.span, notes);
    if !written.is_empty() && !is_email(written) {
        let error = Diagnostic::error(node.span, format!("`{}` is not a mail address", Excerpt(written)))
            .help("Proxmox VE accepts addresses like `ann.lee+pve@example.com`, and an empty text for none");
        let meant = plain(written);
        let error =
            if meant != written && is_email(&meant) { error.label(format!("did you mean `{meant}`?")) } else { error };
        notes.push(strange(written).into_iter().fold(error, Diagnostic::help));
        return Wish::Leave;
    }
    Wish::Set(Text::from(written))
}

fn check_length(written: &str, key: &str, limit: Limit, span: Span, notes: &mut Notes) {
    let Limit::Most(most) = limit else { return };
    let found = written.chars().count();
    if found > most {
        notes.push(
            Diagnostic::error(span, format!("`{key}` is too long: {found} characters"))
                .help(format!("Proxmox VE accepts at most {most}")),
        );
    }
}

/// The server's own rule for addresses (`EMAIL_RE` of its JSON schema; transcript `users` refuses `nonsense`).
fn is_email(text: &str) -> bool {
    let words = |text: &str, allowed: fn(char) -> bool| {
        text.split('.').all(|word| !word.is_empty() && word.chars().all(allowed))
    };
    let user = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-' | '~');
    let host = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split_once('@').is_some_and(|(name, domain)| words(name, user) && words(domain, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_the_server_takes_for_one() {
        for good in ["a+b@ex.co", "bob@example.com", "root@localhost", "a.b-c_d~e@x-y.z"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["nonsense", "a@", "@b", "a b@c", "a@b@c", ".a@b", "a@b..c", "ü@b.c", "Bob <bob@example.com>"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
