//! `who`: whom a policy is about

use super::{included, no_pattern};
use crate::desired::document::Desired;
use crate::desired::names::{self, Known};
use crate::desired::node::Excerpt;
use crate::desired::notes::Notes;
use crate::desired::policy::{Among, Whom};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{Against, Pattern, Search, Sense};
use crate::pve::{GroupId, Principal};

/// Whether root@pam may be named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Accept,
    Refuse,
}

/// Users and tokens by their ids, or `@GROUP`.
pub(super) fn whom(text: &str, span: Span, root: Root, desired: &Desired, notes: &mut Notes) -> Option<Whom> {
    let whom = match Whom::new(text) {
        Ok(whom) => whom,
        Err(error) => {
            notes.push(no_pattern(&error, span));
            return None;
        }
    };
    let is_possible = match &whom.among {
        Among::Groups(pattern) => match pattern.literal() {
            Some(literal) => names::group(literal, span, notes).is_some(),
            None => true,
        },
        Among::Ids(pattern) => match pattern.literal() {
            Some(literal) => is_id(literal, span, desired, notes),
            None => could_match(pattern, text, span, notes),
        },
    };
    if root == Root::Refuse && whom.sense == Sense::Include && whom.named().is_some_and(|who| is_root(&who)) {
        notes.push(
            Diagnostic::error(span, "no policy can take anything from root@pam")
                .help("it may do everything, whatever is granted; `never` is not about it, and needs no `!root@pam`"),
        );
        return None;
    }
    is_possible.then_some(whom)
}

fn is_root(who: &Principal) -> bool {
    matches!(who, Principal::User(user) if user.is_root())
}

/// Whether a text without wildcards is the id of a user or token.
fn is_id(text: &str, span: Span, desired: &Desired, notes: &mut Notes) -> bool {
    let known = Known::all(desired);
    if text.contains('@') {
        return if names::is_user(text) {
            names::user(text, span, known, notes).is_some()
        } else if text.contains('!') {
            names::token(text, span, known, notes).is_some()
        } else {
            names::user(text, span, known, notes).is_some()
        };
    }
    let error = Diagnostic::error(span, format!("`{}` is no user and no token", Excerpt(text)));
    let declared = text.parse::<GroupId>().is_ok_and(|group| desired.groups.contains_key(&group));
    notes.push(if declared {
        error
            .label(format!("did you mean `\"@{text}\"`?"))
            .help("a group's members are meant by its name after an @, in quotes")
    } else {
        let at_pve = Excerpt(text);
        error.help(format!(
            "a user is `{at_pve}@pve`, a token `USER@pve!{at_pve}`, the members of a group `\"@{at_pve}\"`"
        ))
    });
    false
}

/// Every id that a server could store, odd ones included, as a regular expression over bytes.
const IDS: &str = r"[^\x00-\x20/:\x7f]+@[A-Za-z][A-Za-z0-9._-]+(![A-Za-z][A-Za-z0-9._-]+)?";

/// Whether any id could match.
fn could_match(pattern: &Pattern, text: &str, span: Span, notes: &mut Notes) -> bool {
    let Ok(include) = included(pattern, Against::Names) else { return true };
    let found = Search::new(IDS, &include).map(|mut search| search.find("", &Default::default()));
    let error = match found {
        Ok(Some(_)) => return true,
        Ok(None) => {
            let bare = text.trim_start_matches('!');
            Diagnostic::error(span, format!("no user and no token could match `{}`", Excerpt(text))).help(format!(
                "ids have a realm after an @, as `*@pve` and `*@pve!*`; for groups write `\"@{}\"`",
                Excerpt(bare)
            ))
        }
        Err(error) => Diagnostic::error(span, error.to_string()).help("write it with fewer `*` and `?`"),
    };
    notes.push(error);
    false
}
