//! Why a grant counts, and why another does not.

use std::collections::BTreeSet;

use super::super::document::{Document, Line, Style};
use super::super::sight::is_whole;
use super::super::words::{grant_name, listed, shortened, visible};
use super::text::wrapped;
use crate::live::Snapshot;
use crate::model::Grant;
use crate::permissions::{Basis, Deciding, Explanation, Hidden, Reason, Side};
use crate::pve::{PoolId, Principal, Privilege, Subject};

/// How much is named of what a grant would add that has no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// A few, where there are many places to speak of.
    Few,
    /// All: whoever asks about one place looks for one privilege.
    All,
}

/// Why somebody holds at a path what it holds.
pub(super) fn explained(explanation: &Explanation<'_>, snapshot: &Snapshot, amount: Lost) -> Document {
    let Explanation { who, path, basis, ignored } = explanation;
    let mut document = Document::default();
    document.push(Line::default().with(Style::Strong, format!("Why at {}", visible(path))));
    let user = visible(who.user());
    match basis {
        Basis::NoUser | Basis::NoToken => document.push(Line::plain("  It does not exist.")),
        Basis::Everything(_) => document.push(Line::plain("  root@pam may do everything, without a grant.")),
        Basis::User(side) => {
            if let Principal::Token(token) = who {
                document.push(Line::plain(format!(
                    "  {} has no privilege separation: it may do what {user} may.",
                    visible(token)
                )));
            }
            document.extend(of_side(side, explanation, snapshot, amount));
        }
        Basis::Token(side) => {
            document.push(Line::plain("  A token of root@pam with privilege separation holds what is granted to it."));
            document.extend(of_side(side, explanation, snapshot, amount));
        }
        Basis::Both { token, user: bound } => {
            document.push(Line::plain("  The token itself:"));
            document.extend(of_side(token, explanation, snapshot, amount));
            document.push(Line::plain(format!("  Its user {user}:")));
            document.extend(of_side(bound, explanation, snapshot, amount));
            document.extend(one_sided(token, bound, &user, amount));
        }
    }
    if !ignored.is_empty() {
        document.push(Line::plain("  Stored and never looked at, because the token has no privilege separation:"));
        ignored.iter().for_each(|grant| document.push(Line::plain(format!("    {}", grant_name(grant)))));
    }
    document
}

/// What one of two sides holds alone, which a separated token therefore does not.
fn one_sided(token: &Side<'_>, user: &Side<'_>, name: &str, amount: Lost) -> Document {
    let (token, bound) = (token.privileges(), user.privileges());
    let only = |one: &crate::permissions::Privileges, other: &crate::permissions::Privileges| -> Vec<String> {
        one.keys().filter(|privilege| !other.contains_key(*privilege)).map(ToString::to_string).collect()
    };
    let mut document = Document::default();
    let (of_token, of_user) = (only(&token, &bound), only(&bound, &token));
    if !of_token.is_empty() && !bound.is_empty() {
        document.extend(lost(&format!("  Granted to the token, but not held by {name}:"), &of_token, "    ", amount));
    }
    if !of_user.is_empty() && !token.is_empty() {
        document.extend(lost(&format!("  Held by {name}, but not granted to the token:"), &of_user, "    ", amount));
    }
    document
}

/// What somebody misses, in the same line or, if it is all, below it.
fn lost(what: &str, missed: &[String], indent: &str, amount: Lost) -> Document {
    let mut document = Document::default();
    match amount {
        Lost::Few => document.push(Line::plain(format!("{what} {}", some(missed)))),
        Lost::All => {
            document.push(Line::plain(what));
            let lines = wrapped(missed.iter().map(String::as_str));
            lines.iter().for_each(|line| document.push(Line::plain(format!("{indent}{line}"))));
        }
    }
    document
}

fn of_side(side: &Side<'_>, explanation: &Explanation<'_>, snapshot: &Snapshot, amount: Lost) -> Document {
    let mut document = Document::default();
    if side.deciding.is_empty() {
        document.push(Line::plain(format!("    {}", nothing(side, &explanation.path, snapshot))));
    }
    for deciding in &side.deciding {
        document.push(
            Line::plain("    ")
                .with(Style::Good, "counts   ")
                .with(Style::Plain, format!("{}{}", grant_name(deciding.grant), through(deciding, side))),
        );
        document.push(Line::plain(format!("             {}", gives(deciding))));
    }
    let held: BTreeSet<Privilege> = side.privileges().into_keys().collect();
    for hidden in &side.hidden {
        document.push(
            Line::plain("    ")
                .with(Style::Dim, "no say   ")
                .with(Style::Plain, grant_name(hidden.grant))
                .with(Style::Dim, pool_of(hidden)),
        );
        let missed: Vec<String> = hidden.role.privs.difference(&held).map(ToString::to_string).collect();
        let because = format!("             {}", because(hidden));
        if missed.is_empty() {
            document.push(Line::plain(because));
        } else {
            document.extend(lost(&format!("{because}; would add"), &missed, "               ", amount));
        }
    }
    document
}

fn nothing(side: &Side<'_>, path: &str, snapshot: &Snapshot) -> String {
    let state = &snapshot.state;
    let is_granted_something = |subject: &Subject| state.acl.keys().any(|grant| grant.subject == *subject);
    let said = match &side.subject {
        Subject::Token(_) | Subject::Group(_) if is_granted_something(&side.subject) => {
            format!("nothing that is granted to it reaches {}", visible(path))
        }
        Subject::Token(_) | Subject::Group(_) => "nothing is granted to it, anywhere".to_owned(),
        Subject::User(user) => {
            let groups = state.groups_of(user);
            let has_any = is_granted_something(&side.subject)
                || groups.iter().cloned().map(Subject::Group).any(|group| is_granted_something(&group));
            let groups: Vec<String> = groups.iter().map(|group| format!("@{}", visible(group))).collect();
            let name = visible(user);
            let whom = match groups.len() {
                0 => format!("{name}, which is in no group,"),
                1 => format!("{name} or its group {}", groups[0]),
                _ => format!("{name} or its groups {}", some(&groups)),
            };
            if !side.hidden.is_empty() {
                format!("nothing that is granted to {whom} reaches {}", visible(path))
            } else if !has_any {
                format!("nothing is granted to {}, anywhere", whom.trim_end_matches(','))
            } else if path == "/" {
                format!("nothing is granted to {whom} at /")
            } else {
                format!("nothing is granted to {whom} at {} or above", visible(path))
            }
        }
    };
    if is_whole(snapshot) { said } else { format!("{said}, as far as can be seen") }
}

/// ` (ann@pve is in @ops; through pool lab)`
fn through(deciding: &Deciding<'_>, side: &Side<'_>) -> String {
    let Deciding { grant, role: _, propagate: _, pools } = deciding;
    let group = match (&grant.subject, &side.subject) {
        (Subject::Group(group), Subject::User(user)) => Some(format!("{} is in @{}", visible(user), visible(group))),
        _ => None,
    };
    let pools: Vec<String> = pools.iter().map(visible).collect();
    let pool = (!pools.is_empty()).then(|| {
        let noun = if pools.len() == 1 { "pool" } else { "pools" };
        format!("through {noun} {}", listed(&pools))
    });
    let parts: Vec<String> = group.into_iter().chain(pool).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}

fn gives(deciding: &Deciding<'_>) -> String {
    let Deciding { grant, role, propagate, pools } = deciding;
    if grant.role.as_str() == "NoAccess" {
        return "which takes everything away that is granted at the same level".to_owned();
    }
    if role.privs.is_empty() {
        return "gives nothing: the role has no privileges".to_owned();
    }
    let names: Vec<String> = role.privs.iter().map(ToString::to_string).collect();
    let reach = match (pools.is_empty(), propagate.is_yes()) {
        (true, false) => ", at this path alone",
        (true, true) | (false, _) => "",
    };
    format!("gives {}{reach}", some(&names))
}

fn pool_of(hidden: &Hidden<'_>) -> String {
    hidden.pool.map(|pool| format!(" (through pool {})", visible(pool))).unwrap_or_default()
}

fn because(hidden: &Hidden<'_>) -> String {
    let Hidden { grant, role: _, propagate: _, pool: _, reason } = hidden;
    match reason {
        Reason::NotPropagated => format!("does not propagate: it counts at {} alone", visible(&grant.path)),
        Reason::Replaced { at } => format!("what is granted at {} replaces what comes from above", visible(at)),
        Reason::OwnGrant { by } => format!(
            "{} has an entry of its own at {}, {}, and that hides those of its groups",
            visible(&by.subject),
            visible(&by.path),
            visible(&by.role)
        ),
        Reason::NoAccess { by } => format!("{} takes it away", grant_name(by)),
        Reason::NoAccessAtPath { by } => {
            format!("{} takes away what comes through pools", grant_name(by))
        }
        Reason::NoAccessAtPool { by, pool } => {
            format!("{} takes it away, through pool {}", grant_name(by), visible(pool))
        }
    }
}

/// Some of many.
pub(super) fn some(names: &[String]) -> String {
    const SOME: usize = 8;
    listed(&shortened(names.to_vec(), SOME, |more| format!("{more} more")))
}

/// The grants by which `privilege` is held, in few words; for lists of many principals.
pub(in super::super) fn held_by(explanation: &Explanation<'_>, privilege: &Privilege) -> String {
    let grants =
        |side: &Side<'_>| -> Vec<String> { side.giving(privilege).map(|deciding| short(deciding, side)).collect() };
    match &explanation.basis {
        Basis::NoUser | Basis::NoToken => String::new(),
        Basis::Everything(_) => "everything, without a grant".to_owned(),
        Basis::User(side) => match &explanation.who {
            Principal::User(_) => some(&grants(side)),
            Principal::Token(token) => format!("as {}: {}", visible(token.user()), some(&grants(side))),
        },
        Basis::Token(side) => some(&grants(side)),
        Basis::Both { token, user } => {
            format!("{}; {}: {}", some(&grants(token)), visible(explanation.who.user()), some(&grants(user)))
        }
    }
}

fn short(deciding: &Deciding<'_>, side: &Side<'_>) -> String {
    let Grant { path, subject, role } = deciding.grant;
    let to = if *subject == side.subject { String::new() } else { format!(" to {subject}") };
    let is_elsewhere = |pool: &&&PoolId| path.as_str() != format!("/pool/{pool}");
    let pools: Vec<String> = deciding.pools.iter().filter(is_elsewhere).map(visible).collect();
    let pool = if pools.is_empty() { String::new() } else { format!(" (pool {})", pools.join(", ")) };
    format!("{}{pool}", visible(format!("{role} on {path}{to}")))
}
