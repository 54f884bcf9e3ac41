//! Ids, with what is said of those that the server would refuse, and which one was probably meant.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::document::{Declared, Desired, TokenWish, UserWish};
use super::look_alike::{plain, unseen};
use super::node::Excerpt;
use super::notes::Notes;
use crate::diagnostic::{Diagnostic, Span};
use crate::model::Lock;
use crate::pve::{GroupId, NameError, NameKind, RoleId, TokenId, UserId, UserIdOddity};

/// The users and tokens that are declared, for suggestions.
#[derive(Clone, Copy)]
pub(super) struct Known<'d> {
    users: &'d BTreeMap<UserId, Declared<UserWish>>,
    tokens: Option<&'d BTreeMap<TokenId, Declared<TokenWish>>>,
}

impl<'d> Known<'d> {
    /// Nobody.
    pub fn users(users: &'d BTreeMap<UserId, Declared<UserWish>>) -> Known<'d> {
        Known { users, tokens: None }
    }

    /// Everybody that `desired` declares.
    pub fn all(desired: &'d Desired) -> Known<'d> {
        Known { users: &desired.users, tokens: Some(&desired.tokens) }
    }

    /// The only declared user called `name`, whatever its realm.
    fn user(self, name: &str) -> Option<&'d UserId> {
        only(self.users.keys().filter(|user| user.name() == name))
    }

    /// The token that somebody means who writes only `name`: the only one so called, or, where none is known, the
    /// only user's.
    fn token(self, name: &str) -> Option<TokenId> {
        match self.tokens.filter(|tokens| !tokens.is_empty()) {
            Some(tokens) => only(tokens.keys().filter(|token| token.name() == name)).cloned(),
            None => TokenId::new(only(self.users.keys())?.clone(), name).ok(),
        }
    }

    /// The only declared token of `user`.
    fn token_of(self, user: &UserId) -> Option<&'d TokenId> {
        only(self.tokens?.keys().filter(|token| token.user() == user))
    }
}

fn only<T>(mut candidates: impl Iterator<Item = T>) -> Option<T> {
    candidates.next().filter(|_| candidates.next().is_none())
}

/// Whether the text is a token's id and not a user's.
pub(super) fn is_token(text: &str) -> bool {
    text.parse::<UserId>().is_err() && text.parse::<TokenId>().is_ok()
}

/// Whether the text is a user's id and not a token's.
pub(super) fn is_user(text: &str) -> bool {
    text.parse::<TokenId>().is_err() && text.parse::<UserId>().is_ok()
}

/// A user's id.
pub(super) fn user(text: &str, span: Span, known: Known<'_>, notes: &mut Notes) -> Option<UserId> {
    let shown = Excerpt(text);
    let error = match text.parse::<UserId>() {
        Ok(user) => match user.oddity() {
            None => return Some(user),
            Some(oddity) => odd_user(&user, oddity, span),
        },
        Err(_) if text.split_once('=').is_some_and(|(id, _)| is_token(id)) => {
            token(text, span, known, notes);
            return None;
        }
        Err(_) if text.parse::<TokenId>().is_ok() => {
            Diagnostic::error(span, format!("`{shown}` is a token, not a user")).help("put it under `tokens`")
        }
        Err(_) if text.starts_with('@') && text[1..].parse::<GroupId>().is_ok() => {
            Diagnostic::error(span, format!("`{shown}` is a group, not a user"))
                .help(format!("put it under `groups`, without the @: `{}`", &text[1..]))
        }
        Err(NameError::NoRealm { .. }) if !text.contains('@') => {
            let error = Diagnostic::error(span, format!("the user `{shown}` has no realm"))
                .help(format!("a user id is the name, an @ and the realm: `{shown}@pam`, `{shown}@pve`"));
            match known.user(text) {
                Some(user) => error.label(format!("did you mean `{user}`?")),
                None => error,
            }
        }
        Err(error) => refused::<UserId>(text, error, span),
    };
    notes.push(error);
    None
}

fn odd_user(user: &UserId, oddity: UserIdOddity, span: Span) -> Diagnostic {
    match oddity {
        UserIdOddity::Separator(c) => {
            let error = Diagnostic::error(span, format!("the user id `{user}` cannot hold `{c}`"));
            let parts = user.as_str().split(c).map(str::trim);
            if parts.clone().all(|part| part.parse::<UserId>().is_ok()) {
                let list: Vec<&str> = parts.collect();
                return error.help(format!("several users are written as a list: `[{}]`", list.join(", ")));
            }
            error.help(
                "Proxmox VE divides lists there: such a user can be made, but put in no group and granted nothing",
            )
        }
        UserIdOddity::NotAscii(c) => {
            let error = Diagnostic::error(span, format!("the user id `{user}` cannot hold `{c}`, which is not ASCII"));
            let meant = plain(user.as_str());
            let error = match meant.parse::<UserId>() {
                Ok(meant) if meant.oddity().is_none() => error.label(format!("did you mean `{meant}`?")),
                _ => error,
            };
            unseen(user.as_str())
                .into_iter()
                .fold(error, Diagnostic::help)
                .help("Proxmox VE stores such a user, and does not reliably find it again")
        }
        UserIdOddity::Control(c) => {
            Diagnostic::error(span, format!("a user id cannot hold the control character U+{:04X}", u32::from(c)))
        }
    }
}

/// A token's id.
pub(super) fn token(text: &str, span: Span, known: Known<'_>, notes: &mut Notes) -> Option<TokenId> {
    const FORM: &str = "a token id is the user's id, a ! and the token's name";
    let header = text.strip_prefix("PVEAPIToken=");
    if header.is_some_and(is_token) {
        let error = Diagnostic::error(span, "this is how a token is named in a header, not its id");
        notes.push(error.label(format!("did you mean `{}`?", Excerpt(header.unwrap_or(text)))));
        return None;
    }
    // A user's name may hold a `=`, a token's may not.
    let is_id = header.is_none() && is_token(text);
    if let Some((id, secret)) = header.unwrap_or(text).split_once('=').filter(|_| !is_id) {
        // In quotes, where the `=` stands is not known to the byte.
        let bare = span.end - span.start == text.len();
        notes.secrets.push(if bare { Span { start: span.end - secret.len(), ..span } } else { span });
        let error = Diagnostic::error(span, format!("`{}` is followed by what looks like its secret", Excerpt(id)));
        notes.push(error.help("remove everything from the `=` on; renew the secret if others can read this file"));
        return None;
    }
    let shown = Excerpt(text);
    let error = match text.parse::<TokenId>() {
        Ok(token) => match token.user().oddity() {
            None => return Some(token),
            Some(oddity) => several(text, span).unwrap_or_else(|| odd_user(token.user(), oddity, span)),
        },
        Err(NameError::NoTokenName) => match (text.parse::<UserId>(), text.strip_prefix('@')) {
            (Ok(user), _) => {
                let error = Diagnostic::error(span, format!("`{user}` is a user, not a token"));
                match known.token_of(&user) {
                    Some(token) => error
                        .label(format!("did you mean `{token}`?"))
                        .help(format!("{FORM}; or put `{user}` under `users`")),
                    None => error.help(format!("{FORM}: `{user}!NAME`; or put `{user}` under `users`")),
                }
            }
            (Err(_), Some(group)) if group.parse::<GroupId>().is_ok() => {
                Diagnostic::error(span, format!("`{shown}` is a group, not a token"))
                    .help(format!("put it under `groups`, without the @: `{group}`"))
            }
            (Err(_), _) if text.contains(['@', '!']) => Diagnostic::error(span, format!("`{shown}` is not a token id"))
                .help(format!("{FORM}: `api@pam!homepage`")),
            (Err(_), _) => {
                let error = Diagnostic::error(span, format!("`{shown}` is only a token's name"));
                match known.token(text) {
                    Some(token) => error.label(format!("did you mean `{token}`?")).help(FORM),
                    None => error.help(format!("{FORM}: `USER@REALM!{shown}`")),
                }
            }
        },
        Err(NameError::NoRealm { .. }) => {
            let (user, name) = text.rsplit_once('!').unwrap_or((text, "NAME"));
            let error = Diagnostic::error(span, format!("the token id `{shown}` lacks the user's realm"));
            match known.user(user) {
                Some(user) => error.label(format!("did you mean `{user}!{name}`?")).help(FORM),
                None => error.help(format!("{FORM}: `{user}@pam!{name}`, `{user}@pve!{name}`")),
            }
        }
        Err(error) => refused::<TokenId>(text, error, span),
    };
    notes.push(error);
    None
}

/// The finding that a text is several token ids.
fn several(text: &str, span: Span) -> Option<Diagnostic> {
    let ids: Vec<&str> = text.split([',', ';']).map(str::trim).collect();
    (ids.len() > 1 && ids.iter().all(|id| is_token(id))).then(|| {
        Diagnostic::error(span, "this is more than one token id")
            .help(format!("several tokens are written as a list: `[{}]`", Excerpt(&ids.join(", "))))
    })
}

/// A group's name.
pub(super) fn group(text: &str, span: Span, notes: &mut Notes) -> Option<GroupId> {
    let error = match text.parse::<GroupId>() {
        Ok(group) if group.as_str() == Lock::NAME => {
            notes.push(
                Diagnostic::error(
                    span,
                    format!("the group `{text}` is no group of yours: `apply` makes and deletes it"),
                )
                .label("this name is taken")
                .help("while it is there, nobody else applies anything; choose another name for a group"),
            );
            return None;
        }
        Ok(group) => return Some(group),
        Err(error) => error,
    };
    let shown = Excerpt(text);
    notes.push(match text.strip_prefix('@') {
        Some(name) if name.parse::<GroupId>().is_ok() => {
            Diagnostic::error(span, format!("a group is named without an @ here: `{shown}`"))
                .label(format!("did you mean `{name}`?"))
        }
        _ if text.parse::<TokenId>().is_ok() => {
            Diagnostic::error(span, format!("`{shown}` is a token, not a group")).help("put it under `tokens`")
        }
        _ if text.parse::<UserId>().is_ok() => {
            Diagnostic::error(span, format!("`{shown}` is a user, not a group")).help("put it under `users`")
        }
        _ => refused::<GroupId>(text, error, span),
    });
    None
}

/// A role's name.
pub(super) fn role(text: &str, span: Span, notes: &mut Notes) -> Option<RoleId> {
    match text.parse() {
        Ok(role) => Some(role),
        Err(error) => {
            notes.push(refused::<RoleId>(text, error, span));
            None
        }
    }
}

/// The finding that a group or role can be made, and then neither changed nor deleted: its name is a step in a URL, or
/// nothing to Perl, so that the line that holds it is passed over (pve-access-control, `parse_user_config`).
#[must_use]
pub fn unaddressable(name: &str, span: Span) -> Option<Diagnostic> {
    let fault = match name {
        "." | ".." => "Proxmox VE's API has no way to name it",
        "0" => "Proxmox VE takes this name for none, and loses what bears it",
        _ => return None,
    };
    Some(
        Diagnostic::error(span, format!("`{name}` cannot be managed: {fault}"))
            .help("choose another name; one that is there already can be deleted on a node, with pveum"),
    )
}

/// The finding that the server would refuse a name of the kind `T`.
pub(super) fn refused<T: FromStr>(text: &str, error: NameError, span: Span) -> Diagnostic {
    let kind = match &error {
        NameError::Empty { kind }
        | NameError::Character { kind, .. }
        | NameError::Start { kind, .. }
        | NameError::End { kind, .. }
        | NameError::TooShort { kind, .. }
        | NameError::TooLong { kind, .. }
        | NameError::NoRealm { kind } => *kind,
        NameError::NoTokenName => NameKind::Token,
        NameError::TooDeep { .. } => NameKind::Pool,
        NameError::NotAVmId => NameKind::Vm,
    };
    let finding = Diagnostic::error(span, error.to_string());
    let meant = plain(text);
    if meant != text && meant.parse::<T>().is_ok() {
        let finding = finding.label(format!("did you mean `{meant}`?"));
        return match unseen(text) {
            Some(help) => finding.help(help),
            None => finding,
        };
    }
    if let Some(help) = unseen(text) {
        return finding.help(help);
    }
    if matches!(error, NameError::Character { found: ',' | ';' | ' ', .. }) {
        let parts: Vec<&str> = text.split([',', ';', ' ']).filter(|part| !part.is_empty()).collect();
        let whole = |part: &&str| match kind {
            NameKind::User | NameKind::Realm | NameKind::Token | NameKind::TokenName => part.contains('@'),
            NameKind::Privilege => part.contains('.'),
            NameKind::Group | NameKind::Role | NameKind::Pool | NameKind::Storage | NameKind::Vm => true,
        };
        if parts.len() > 1 && parts.iter().all(whole) {
            return finding
                .help(format!("if these are several names, write a list: `[{}]`", Excerpt(&parts.join(", "))));
        }
    }
    match kind {
        NameKind::User if matches!(error, NameError::TooLong { .. }) => {
            finding.help("Proxmox VE refuses longer ones; the @ and the realm count too")
        }
        NameKind::User => finding.help("a user id is the name, an @ and the realm: `ann@pve`; no blank, `:` or `/`"),
        NameKind::Realm => {
            finding.help("a realm is a letter, then letters, digits, `.`, `_` and `-`: `pam`, `my-ldap`")
        }
        NameKind::Token | NameKind::TokenName => {
            finding.help("a token's name is a letter, then letters, digits, `.`, `_` and `-`")
        }
        NameKind::Group | NameKind::Role => finding.help("letters, digits, `.`, `_` and `-` are allowed"),
        NameKind::Privilege => finding.help("a privilege looks like `VM.Audit`"),
        NameKind::Pool | NameKind::Storage | NameKind::Vm => finding,
    }
}
