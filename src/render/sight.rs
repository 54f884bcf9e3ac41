//! What a reader does not see, and what would let it.

use std::collections::BTreeSet;

use super::document::{Document, Line, Style};
use super::words::{listed, shell, visible};
use crate::live::{Blind, Snapshot};
use crate::pve::{Principal, Release};

/// `CLUSTER (Proxmox VE 9.2), read as READER`; a copy of a file does not say which release wrote it.
pub(super) fn origin(cluster: &str, release: Release, reader: Option<&Principal>) -> String {
    match reader {
        Some(reader) => format!("{} (Proxmox VE {release}), read as {}", visible(cluster), visible(reader)),
        None => format!("{} (read as Proxmox VE {release})", visible(cluster)),
    }
}

/// `WHAT CLUSTER (Proxmox VE 9.2), read as READER`
pub(super) fn heading(what: &str, snapshot: &Snapshot) -> Line {
    let origin = origin(&snapshot.cluster, snapshot.state.release, snapshot.reader.as_ref());
    Line::default().with(Style::Strong, what).with(Style::Plain, format!(" {origin}"))
}

/// What an answer that is computed from `snapshot` may leave out; nothing where the reader sees all that matters to it.
pub fn partly(snapshot: &Snapshot) -> Document {
    let mut document = Document::default();
    let hidden = snapshot.sight.hidden_deciding();
    if hidden.is_empty() {
        return document;
    }
    let reader = snapshot.reader.as_ref();
    document.push(Line::default().with(Style::Change, "warning: ").with(
        Style::Strong,
        format!("{} does not see all {}, so this may be wrong", reader_name(reader), hidden_kinds(&hidden)),
    ));
    document.extend(remedy(&hidden, reader));
    document
}

/// Said where the server's own answer takes the place of one that cannot be computed.
pub fn told(snapshot: &Snapshot) -> Document {
    let reader = reader_name(snapshot.reader.as_ref());
    let mut document = Document::default();
    document.push(Line::default().with(Style::Change, "note: ").with(
        Style::Plain,
        format!(
            "{reader} does not see all that decides this, so here is what the server says; it says neither why, nor where \
             nothing is held"
        ),
    ));
    if let Some(who) = &snapshot.reader {
        document.push(Line::plain("  A copy of a node's user.cfg tells why:"));
        document.push(Line::plain(format!(
            "    ssh root@NODE cat /etc/pve/user.cfg | pve-access permissions {} --live - --why",
            shell(who)
        )));
    }
    document
}

/// Whether what the reader sees is all that decides what anybody holds.
pub(super) fn is_whole(snapshot: &Snapshot) -> bool {
    snapshot.sight.hidden_deciding().is_empty()
}

/// What the reader needs, and the command that gives it.
pub(super) fn remedy(hidden: &BTreeSet<Blind>, reader: Option<&Principal>) -> Document {
    let mut document = Document::default();
    needs(hidden, reader).into_iter().for_each(|line| document.push(Line::plain(format!("  {line}"))));
    document.push(Line::plain(format!("    {}", grant_command(reader))));
    document
}

/// Which privileges let a reader see what is hidden, and whom to grant them so that nothing else is lost.
pub(super) fn needs(hidden: &BTreeSet<Blind>, reader: Option<&Principal>) -> Vec<String> {
    let needs: Vec<String> = hidden.iter().filter_map(|kind| Some(kind.needs()?.to_string())).collect();
    let all = match needs.len() {
        1 => "it",
        2 => "both",
        _ => "all of them",
    };
    let user = reader.map_or_else(|| "the user".to_owned(), |who| visible(who.user()));
    vec![
        format!("It needs {}. PVEAuditor on / has {all}.", listed(&needs)),
        // Its groups' grants may be among what cannot be seen.
        format!(
            "If {user} has roles on / through a group, grant it to that group in place of the user, whose own would hide them. If not:"
        ),
    ]
}

pub(super) fn reader_name(reader: Option<&Principal>) -> String {
    reader.map_or_else(|| "the credential".to_owned(), visible)
}

/// `grants`, `users, groups and tokens, nor all grants`
pub(super) fn hidden_kinds(hidden: &BTreeSet<Blind>) -> String {
    hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join(", nor all ")
}

/// The command that lets `reader` see; a separated token sees only what its user sees too.
pub(super) fn grant_command(reader: Option<&Principal>) -> String {
    match reader {
        Some(Principal::Token(token)) => format!(
            "pveum acl modify / --users {user} --tokens {token} --roles PVEAuditor",
            user = shell(token.user()),
            token = shell(token),
        ),
        Some(Principal::User(user)) => format!("pveum acl modify / --users {} --roles PVEAuditor", shell(user)),
        None => "pveum acl modify / --users USER@REALM --roles PVEAuditor".to_owned(),
    }
}
