//! What to do about a token that may do nothing.

use std::collections::BTreeSet;

use super::super::document::{Document, Line, Style};
use super::super::words::{shell, visible};
use super::{Held, Rights};
use crate::model::{AccessState, Privsep};
use crate::permissions::{Basis, Explanation};
use crate::pve::{Principal, TokenId};

/// The way out for a separated token that holds nothing while its user holds something; nothing for others.
pub(super) fn advice(rights: &Rights<'_>) -> Option<Document> {
    let Rights { snapshot, who, held, reasons, now: _ } = rights;
    let Principal::Token(token) = who else { return None };
    let holds_nothing = match held {
        Held::At(_, privileges) => privileges.is_empty(),
        Held::Everywhere(stretches) => stretches.is_empty(),
        Held::Listed(listed) => listed.is_empty(),
    };
    let is_separated = snapshot.state.tokens.get(token).is_some_and(|token| token.privsep == Privsep::Yes);
    if !holds_nothing || !is_separated || reasons.is_empty() || token.user().is_root() {
        return None;
    }
    let mut document = Document::default();
    let user = visible(token.user());
    let name = visible(token);
    document.push(Line::default().with(Style::Strong, "What this means"));
    for line in [
        format!("  {name} is a token with privilege separation (privsep 1, Proxmox VE's default for new tokens)."),
        format!("  Such a token may do only what its user {user} may do AND what is granted to the token itself."),
    ] {
        document.push(Line::plain(line));
    }
    let grants = users_grants(reasons, &snapshot.state);
    if grants.is_empty() {
        document.push(Line::plain(format!(
            "  {user} itself may do nothing here, so no grant to the token can help: grant to {user} first."
        )));
        return Some(document);
    }
    document.push(Line::plain(format!(
        "  {}, so it gets empty answers: a dashboard shows zeros, not an error.",
        if is_granted_something(reasons) {
            format!("What is granted to the token, {user} does not hold")
        } else {
            "Nothing that is granted to the token counts here".to_owned()
        }
    )));
    document.gap();
    document.push(Line::default().with(Style::Strong, "To mend it, either"));
    document.push(Line::plain(format!("  grant to the token what it shall do, within what {user} may do:")));
    grants.iter().for_each(|grant| document.push(Line::plain(format!("      {}", grant_command(token, grant)))));
    document.push(Line::plain(format!("  or let it do all that {user} may do, now and later:")));
    document.push(Line::plain(format!(
        "      pveum user token modify {} {} --privsep 0",
        shell(token.user()),
        shell(token.name())
    )));
    document.push(Line::plain(format!(
        "      (in a desired-state file: `privsep: false` for {name} under `tokens`, or an entry for it under `acl`)"
    )));
    Some(document)
}

/// A role at a path.
type Granted = (String, String, bool);

fn is_granted_something(reasons: &[Explanation<'_>]) -> bool {
    reasons.iter().any(|explanation| match &explanation.basis {
        Basis::Both { token, user: _ } => !token.privileges().is_empty(),
        Basis::NoUser | Basis::NoToken | Basis::Everything(_) | Basis::User(_) | Basis::Token(_) => false,
    })
}

/// What counts for the token's user where the token lacks it.
fn users_grants(reasons: &[Explanation<'_>], state: &AccessState) -> Vec<Granted> {
    const SOME: usize = 3;
    let mut grants = BTreeSet::new();
    for explanation in reasons {
        if let Basis::Both { token: _, user } = &explanation.basis {
            grants.extend(user.deciding.iter().filter(|deciding| !deciding.role.privs.is_empty()).map(|deciding| {
                let grant = deciding.grant;
                let propagate = state.acl.get(grant).is_none_or(|propagate| propagate.is_yes());
                (grant.path.to_string(), grant.role.to_string(), propagate)
            }));
        }
    }
    grants.into_iter().take(SOME).collect()
}

fn grant_command(token: &TokenId, (path, role, propagate): &Granted) -> String {
    let alone = if *propagate { "" } else { " --propagate 0" };
    format!("pveum acl modify {} --tokens {} --roles {}{alone}", shell(path), shell(token), shell(role))
}
