//! Who holds a privilege at a path, and through what.

use serde::Serialize;
use serde_json::Value;

use super::document::{Document, Line, Style};
use super::json::{json, not_visible};
use super::permissions::{closed, deciding_json, held_by};
use super::sight::{heading, is_whole};
use super::words::{count, listed, visible};
use crate::live::{Blind, Snapshot};
use crate::model::Propagate;
use crate::permissions::{Basis, Explanation};
use crate::pve::{AclPath, Principal, Privilege};

/// Everybody who holds a privilege at a path.
#[derive(Clone, Debug)]
pub struct Holders<'a> {
    /// What was looked at.
    pub snapshot: &'a Snapshot,
    /// What they hold.
    pub privilege: Privilege,
    /// Where.
    pub path: AclPath,
    /// Who they are.
    pub holders: Vec<Holder<'a>>,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Holder<'a> {
    /// Who.
    pub who: &'a Principal,
    /// Whether the privilege reaches below the path.
    pub propagate: Propagate,
    /// Through what.
    pub why: Explanation<'a>,
}

/// A line for each, with what it is held by.
pub fn who_can(Holders { snapshot, privilege, path, holders, now }: &Holders<'_>) -> Document {
    const WIDEST: usize = 40;
    let mut document = Document::default();
    document.push(heading(&format!("{privilege} on {}, asked of", visible(path)), snapshot));
    document.gap();
    let names: Vec<String> = holders.iter().map(|holder| visible(holder.who)).collect();
    let width = |text: &str| text.chars().count();
    let widest = names.iter().map(|name| width(name)).filter(|&width| width <= WIDEST).max().unwrap_or(0);
    for (Holder { who, propagate: _, why }, name) in holders.iter().zip(&names) {
        let closed = closed(who, &snapshot.state, *now);
        let line = Line::plain("  ")
            .with(if closed.is_empty() { Style::Strong } else { Style::Dim }, name)
            .with(Style::Plain, " ".repeat(widest.saturating_sub(width(name)) + 2))
            .with(Style::Plain, held_by(why, privilege));
        document.push(if closed.is_empty() {
            line
        } else {
            line.with(Style::Bad, format!("  but gets no access: {}", listed(&closed)))
        });
    }
    let seen = if snapshot.sight.hidden().contains(&Blind::Accounts) { " that can be seen" } else { "" };
    if holders.is_empty() {
        document.push(Line::plain(format!("  Nobody{}.", if is_whole(snapshot) { "" } else { " that can be seen" })));
    }
    document.gap();
    let users = holders.iter().filter(|holder| matches!(holder.who, Principal::User(_))).count();
    let refused = holders.iter().filter(|holder| !closed(holder.who, &snapshot.state, *now).is_empty()).count();
    let refused = match refused {
        0 => String::new(),
        1 => "; 1 of them gets no access".to_owned(),
        many => format!("; {many} of them get no access"),
    };
    document.push(Line::plain(format!(
        "{} of {} and {} of {}{seen}{refused}.",
        users,
        count(snapshot.state.users.len(), "user"),
        holders.len() - users,
        count(snapshot.state.tokens.len(), "token")
    )));
    document
}

/// The same as one object.
pub fn who_can_json(Holders { snapshot, privilege, path, holders, now }: &Holders<'_>) -> Document {
    #[derive(Serialize)]
    struct Answer<'a> {
        schema: &'static str,
        privilege: &'a str,
        path: &'a str,
        principals: Vec<One>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        not_visible: Vec<&'static str>,
    }
    #[derive(Serialize)]
    struct One {
        principal: String,
        propagate: u8,
        everything: bool,
        through: Vec<Value>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        refused: Vec<String>,
    }
    let one = |Holder { who, propagate, why }: &Holder<'_>| One {
        principal: who.to_string(),
        propagate: u8::from(propagate.is_yes()),
        everything: matches!(why.basis, Basis::Everything(_)),
        through: why.sides().flat_map(|side| side.giving(privilege)).map(deciding_json).collect(),
        refused: closed(who, &snapshot.state, *now),
    };
    json(&Answer {
        schema: "pve-access.who-can.v1",
        privilege: privilege.as_str(),
        path: path.as_str(),
        principals: holders.iter().map(one).collect(),
        not_visible: not_visible(snapshot.sight.hidden()),
    })
}
