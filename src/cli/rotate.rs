//! `pve-access rotate`

use std::collections::BTreeSet;

use super::arguments::Rotate;
use super::carry_out::{CarryingOut, carry_out};
use super::exit::Exit;
use super::failure::Failure;
use super::intent::Intent;
use super::pipeline;
use super::source;
use super::terminal::Terminal;
use crate::desired::{Desired, Presence};
use crate::diagnostic::nearest;
use crate::live::{Blind, Snapshot};
use crate::model::{Against, Pattern, Sense};
use crate::pve::TokenId;
use crate::render::{Followed, Trial};

const FORM: &str = "a token is named like 'api@pam!homepage' (quote the `!` in a shell), several like '*@pve!*'";

pub(super) async fn run(Rotate { tokens, carrying, planning }: Rotate, terminal: Terminal) -> Result<Exit, Failure> {
    if planning.target.live.is_some() {
        return Err(Failure::new("a copy of a user.cfg holds no secrets: --live is not for `rotate`"));
    }
    let (desired, sources) = pipeline::load(&planning.files, terminal)?;
    let source = source::open(&planning.target, &desired.cluster, terminal).await?;
    let unsunk = Intent::unsunk(&planning);
    let intent = Intent::Renewal { desired: Box::new(desired), sources, unsunk, typed: tokens };
    let live = source.read(terminal).await?;
    let planned = pipeline::planned(&intent, live, source, Trial::Looked, terminal).await?;
    let (planning, carrying, followed) = (&planning, &carrying, Followed::Renewal);
    let how = CarryingOut { command: "rotate", planning, carrying, followed, fingerprint: None };
    carry_out(planned, &how, |live| intent.plan(live, terminal), terminal).await
}

/// The tokens that were typed, each by its id or with others by a pattern.
///
/// # Errors
/// If one of them is not there, or not declared: then nothing says where its secret goes.
pub(super) fn chosen(typed: &[String], desired: &Desired, snapshot: &Snapshot) -> Result<BTreeSet<TokenId>, Failure> {
    let is_known = |token: &TokenId| desired.tokens.contains_key(token) || snapshot.state.tokens.contains_key(token);
    let mut chosen = BTreeSet::new();
    for text in typed {
        let is_glob = text.contains(['*', '?', '[', '{']);
        match text.parse::<TokenId>() {
            // A name may hold any of those.
            Ok(token) if is_known(&token) || !is_glob => {
                check(&token, desired, snapshot)?;
                chosen.insert(token);
            }
            _ if is_glob => chosen.extend(matching(text, desired, snapshot)?),
            _ => {
                return Err(suggesting(
                    Failure::new(format!("`{text}` is no token")).help(FORM),
                    text,
                    desired,
                    snapshot,
                ));
            }
        }
    }
    Ok(chosen)
}

fn check(token: &TokenId, desired: &Desired, snapshot: &Snapshot) -> Result<(), Failure> {
    let is_there = snapshot.state.tokens.contains_key(token);
    let is_declared = declared(desired).any(|declared| declared == token);
    let failure = match (is_there, is_declared) {
        (true, true) => return Ok(()),
        (true, false) => Failure::new(format!("token `{token}` is not declared in the files"))
            .help("they say where its secret goes: declare it under `tokens` with a `secret`"),
        (false, true) => Failure::new(format!("there is no token `{token}` on {} yet", snapshot.cluster))
            .help("`apply` makes it, and puts its secret where the files say"),
        (false, false) => Failure::new(format!("there is no token `{token}` on {}", snapshot.cluster)),
    };
    let is_unknown = !is_there && !is_declared;
    let failure = if is_unknown { suggesting(failure, &token.to_string(), desired, snapshot) } else { failure };
    let needed = Blind::Accounts.needs();
    Err(match needed.filter(|_| !is_there && snapshot.sight.hidden().contains(&Blind::Accounts)) {
        Some(needed) => failure.help(format!(
            "it may exist all the same: this credential does not see all {} (it lacks {needed})",
            Blind::Accounts
        )),
        None => failure,
    })
}

/// The tokens that are declared, there, and match a pattern.
fn matching(text: &str, desired: &Desired, snapshot: &Snapshot) -> Result<Vec<TokenId>, Failure> {
    let pattern = Pattern::new(text, Against::Names).map_err(|error| Failure::of(&error).help(FORM))?;
    if pattern.sense() == Sense::Exclude {
        return Err(Failure::new(format!("`{text}` says which tokens are not meant")).help(FORM));
    }
    let is_chosen =
        |token: &&TokenId| snapshot.state.tokens.contains_key(*token) && pattern.matches(&token.to_string());
    let found: Vec<TokenId> = declared(desired).filter(is_chosen).cloned().collect();
    if found.is_empty() {
        return Err(Failure::new(format!("`{text}` matches no token that is both declared and there")).help(FORM));
    }
    Ok(found)
}

/// The tokens that shall be there.
fn declared(desired: &Desired) -> impl Iterator<Item = &TokenId> {
    desired.tokens.iter().filter(|(_, declared)| matches!(declared.wish, Presence::Present(_))).map(|(id, _)| id)
}

/// With the token that may have been meant.
fn suggesting(failure: Failure, typed: &str, desired: &Desired, snapshot: &Snapshot) -> Failure {
    let there = declared(desired).filter(|token| snapshot.state.tokens.contains_key(*token));
    let names: Vec<String> = there.map(ToString::to_string).collect();
    // Proxmox VE's own form asks for the name alone.
    let by_name = names.iter().find(|name| name.split_once('!').is_some_and(|(_, name)| name == typed));
    match by_name.map(String::as_str).or_else(|| nearest(typed, names.iter().map(String::as_str))) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure,
    }
}
