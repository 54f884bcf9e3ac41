//! What to do about a token that may do nothing.

use std::collections::BTreeSet;

use super::super::document::{Document, Line, Style};
use super::super::pveum;
use super::super::sight::is_whole;
use super::super::words::{grant_name, listed, visible};
use super::door::closed;
use super::{Held, Rights};
use crate::model::Privsep;
use crate::permissions::{Explanation, Mend, Side, mends, token_sides};
use crate::pve::Principal;

/// What it means that a separated token holds nothing, and the way out if its user holds something; nothing for others.
pub(super) fn advice(rights: &Rights<'_>) -> Option<Document> {
    let Rights { snapshot, who, held, reasons, unexplained: _, now } = rights;
    let Principal::Token(token) = who else { return None };
    let holds_nothing = match held {
        Held::At(_, privileges) => privileges.is_empty(),
        Held::Everywhere(stretches) => stretches.is_empty(),
        Held::Listed(listed) => listed.is_empty(),
    };
    let is_separated = snapshot.state.tokens.get(token).is_some_and(|token| token.privsep == Privsep::Yes);
    if !holds_nothing || !is_separated || reasons.is_empty() {
        return None;
    }
    let mut document = Document::default();
    let user = visible(token.user());
    let name = visible(token);
    document.push(Line::default().with(Style::Strong, "What this means"));
    document.push(Line::plain(format!(
        "  {name} is a token with privilege separation (privsep 1, Proxmox VE's default for new tokens)."
    )));
    document.push(Line::plain(if token.user().is_root() {
        format!("  Such a token may do only what is granted to the token itself, whatever {user} may do.")
    } else {
        format!("  Such a token may do only what its user {user} may do AND what is granted to the token itself.")
    }));
    let mends = mends(token, reasons, &snapshot.state);
    if mends.is_empty() {
        document.push(Line::plain(if is_whole(snapshot) {
            format!("  {user} itself may do nothing here, and no grant to the token changes that: see to {user} first.")
        } else {
            format!("  What {user} itself may do here cannot be seen.")
        }));
        return Some(document);
    }
    let gets = match closed(who, &snapshot.state, *now).as_slice() {
        [] => "so it gets",
        _ => "so even if let in it gets",
    };
    document.push(Line::plain(format!(
        "  {}, {gets} empty answers: a dashboard shows zeros, not an error.",
        lacking(reasons, &user, is_whole(snapshot))
    )));
    document.gap();
    document.push(Line::default().with(Style::Strong, "To mend it, either"));
    let (revoked, granted): (Vec<&Mend>, Vec<&Mend>) = mends.iter().partition(|mend| matches!(mend, Mend::Revoke(_)));
    if !revoked.is_empty() {
        document.push(Line::plain("  take back what denies the token everything, and"));
        revoked.iter().for_each(|mend| document.push(Line::plain(format!("      {}", command(mend)))));
    }
    document.push(Line::plain(if token.user().is_root() {
        "  grant to the token what it shall do, such as to look at everything:".to_owned()
    } else {
        format!("  grant to the token what it shall do, within what {user} may do:")
    }));
    granted.iter().for_each(|mend| document.push(Line::plain(format!("      {}", command(mend)))));
    document.push(Line::plain(format!("  or let it do all that {user} may do, now and later:")));
    document.push(Line::plain(format!("      {}", pveum::modify_token(token, "--privsep 0"))));
    document.push(Line::plain(format!(
        "      (in a desired-state file: `privsep: false` for {name} under `tokens`, or an entry for it under `acl`)"
    )));
    Some(document)
}

/// What keeps the token from what its user holds.
fn lacking(reasons: &[Explanation<'_>], user: &str, is_whole: bool) -> String {
    let sides: Vec<&Side<'_>> = token_sides(reasons).map(|(token, _)| token).collect();
    let denying: BTreeSet<String> =
        sides.iter().flat_map(|side| side.denying()).map(|deciding| grant_name(deciding.grant)).collect();
    if !denying.is_empty() {
        let denying: Vec<String> = denying.into_iter().collect();
        format!("{} takes away what is granted to the token", listed(&denying))
    } else if sides.iter().any(|side| !side.privileges().is_empty()) {
        format!("What is granted to the token, {user} does not hold")
    } else if is_whole {
        "Nothing that is granted to the token counts here".to_owned()
    } else {
        "Nothing that is granted to the token counts here, as far as can be seen".to_owned()
    }
}

fn command(mend: &Mend) -> String {
    match mend {
        Mend::Revoke(grant) => pveum::revoke(grant),
        Mend::Grant(grant, propagate) => pveum::grant(grant, *propagate),
    }
}
