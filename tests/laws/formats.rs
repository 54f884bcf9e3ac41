//! What holds of a plan in every format, whatever things are called.

use std::collections::BTreeSet;

use jsonschema::Validator;
use proptest::prelude::*;
use pve_access::desired::{Accounts, Provenance, Selection, write};
use pve_access::live::{Blind, Sight};
use pve_access::model::AccessState;
use pve_access::plan::{Aim, Op, Plan, Waiver};
use pve_access::render::{Colour, Detail, Shown, Undeclared, plan_diff, plan_json, plan_markdown, plan_schema};
use pve_access::resolve::Kept;
use serde_json::Value;

use super::odd::odd_state;

/// What GitHub takes.
const COMMENT: usize = 65_536;

/// From one state to the other, keeping some and being blind to some, so that there is something to say everywhere.
pub fn between(live: &AccessState, target: &AccessState) -> Plan {
    let mut snapshot = super::seen(live);
    snapshot.sight = Sight::Partial([Blind::Grants].into());
    "a`b ``` <b>\u{202e}\n@x".clone_into(&mut snapshot.cluster);
    let kept = live.users.keys().cloned().map(Kept::User).chain(live.acl.keys().cloned().map(Kept::Grant)).collect();
    let unseen = [Blind::Grants].into();
    Plan::new(Aim {
        live: snapshot,
        target: target.clone(),
        kept,
        unseen,
        policies: Vec::new(),
        renewed: live.tokens.keys().filter(|token| target.tokens.contains_key(token)).take(1).cloned().collect(),
        sinks: std::collections::BTreeMap::new(),
        passwords: std::collections::BTreeMap::new(),
        uncompared: std::collections::BTreeMap::new(),
        now: super::NOW,
    })
}

/// Nothing that moves the cursor, ends a line or turns the direction of writing.
fn is_visible(text: &str) -> bool {
    let bad = "\u{2028}\u{2029}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202d}\u{202e}\u{2066}\u{2067}\u{feff}";
    text.chars().all(|c| c == '\n' || !(c.is_control() || bad.contains(c)))
}

/// The lines within fences, and those outside, as a forge tells them apart.
fn fenced(text: &str) -> Result<(Vec<Vec<&str>>, Vec<&str>), String> {
    let ticks = |line: &str| line.len() - line.trim_start_matches('`').len();
    let (mut blocks, mut outside, mut open): (Vec<Vec<&str>>, Vec<&str>, Option<usize>) = Default::default();
    for line in text.lines() {
        let indented = line.len() - line.trim_start_matches(' ').len();
        let bare = line.trim();
        match open {
            Some(fence) if indented < 4 && ticks(bare) == bare.len() && bare.len() >= fence => open = None,
            Some(_) => blocks.last_mut().unwrap().push(line),
            None if indented < 4 && ticks(bare) >= 3 && !bare.trim_start_matches('`').contains('`') => {
                open = Some(ticks(bare));
                blocks.push(Vec::new());
            }
            None => outside.push(line),
        }
    }
    if open.is_some() { Err(format!("a block has no end:\n{text}")) } else { Ok((blocks, outside)) }
}

fn check_markdown(plan: &Plan) -> Result<(), String> {
    let text = plan_markdown(plan, Shown { undeclared: Undeclared::List, detail: Detail::Full }, &BTreeSet::new())
        .to_text(Colour::No);
    let (blocks, outside) = fenced(&text)?;
    let own = |line: &&str| {
        let line = *line;
        let title = line.strip_prefix("<details><summary>").and_then(|line| line.strip_suffix("</summary>"));
        let plain = |line: &str| line.chars().all(|c| c.is_ascii_alphanumeric() || " ,.:;*()-'".contains(c));
        line == "</details>"
            || title.is_some_and(plain)
            || plain(line)
            || line.starts_with("````a`b ``` <b>") && line.ends_with("````")
    };
    if let Some(line) = outside.iter().find(|line| !own(line)) {
        return Err(format!("{line:?} stands outside of any block:\n{text}"));
    }
    let count = |what: &str| outside.iter().filter(|line| line.starts_with(what)).count();
    let cut = outside.iter().any(|line| line.contains("Left out"));
    let changes = plan.steps.iter().map(|step| match step.op {
        Op::Grant { .. } | Op::Revoke { .. } => step.grants.len(),
        _ => 1,
    });
    let changes: usize = changes.sum();
    let refused = usize::from(!plan.objections.is_empty());
    let rows = blocks.get(refused).filter(|_| changes > 0).map(Vec::as_slice).unwrap_or_default();
    let meaning = blocks.get(refused + 1).filter(|_| changes > 0).map(Vec::as_slice).unwrap_or_default();
    let is_marked = |line: &&str| line.starts_with(['+', '-', '!', ' ']) && line.chars().nth(1) == Some(' ');
    if !cut && (rows.len() != changes || !rows.iter().all(is_marked) || !meaning.iter().all(is_marked)) {
        return Err(format!("{} rows for {changes} changes:\n{text}", rows.len()));
    }
    if count("<details>") != count("</details>") || text.len() > COMMENT || !is_visible(&text) {
        return Err(format!("too long, not visible, or badly folded:\n{text}"));
    }
    Ok(())
}

fn check_json(plan: &Plan, schema: &Validator) -> Result<(), String> {
    let text = plan_json(plan, &BTreeSet::from([Waiver::Blind]), &[]).to_text(Colour::No);
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{error}:\n{text}"))?;
    if let Some(error) = schema.iter_errors(&value).next() {
        return Err(format!("{error} at {}:\n{text}", error.instance_path()));
    }
    let users = |verb: &str| -> Vec<String> {
        let steps = value["steps"].as_array().unwrap().iter().filter(|step| step["op"] == verb);
        steps.map(|step| step["objects"][0]["user"].as_str().unwrap().to_owned()).collect()
    };
    let planned: Vec<String> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.op {
            Op::CreateUser { user, account: _ } => Some(user.to_string()),
            _ => None,
        })
        .collect();
    let comments = value["changes"].as_array().unwrap().iter().filter_map(|change| change["after"]["comment"].as_str());
    let comments: BTreeSet<&str> = comments.collect();
    let meant = plan.steps.iter().filter_map(|step| match &step.op {
        Op::CreateUser { user: _, account } => Some(account.user.comment.as_str()),
        Op::CreateGroup { group: _, comment } => Some(comment.as_str()),
        Op::SetToken { token: _, before: _, after } | Op::RotateToken { token: _, before: _, after } => {
            Some(after.comment.as_str())
        }
        _ => None,
    });
    let is_exact = users("create_user") == planned && meant.into_iter().all(|comment| comments.contains(comment));
    if is_exact && is_visible(&text) { Ok(()) } else { Err(format!("not the exact names:\n{text}")) }
}

fn yaml(state: &AccessState) -> String {
    let provenance = Provenance { origin: "x", unseen: None, accounts: Accounts::All };
    let text = write(state, &Selection::default(), provenance).text;
    text[text.find("version: 1\n").unwrap()..].to_owned()
}

/// `text` with a unified difference made to it, as `patch` does it.
fn patched(text: &str, difference: &str) -> Result<String, String> {
    let old: Vec<&str> = text.lines().collect();
    let (mut new, mut at): (Vec<&str>, usize) = Default::default();
    for line in difference.lines().skip(2) {
        if let Some(ranges) = line.strip_prefix("@@ -") {
            let from: String = ranges.chars().take_while(char::is_ascii_digit).collect();
            let from: usize = from.parse().map_err(|error| format!("{line}: {error}"))?;
            new.extend(&old[at..from.max(1) - 1]);
            at = from.max(1) - 1;
            continue;
        }
        let (sign, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
        if sign != "+" {
            if old.get(at) != Some(&rest) {
                return Err(format!("{rest:?} is not {:?}", old.get(at)));
            }
            at += 1;
        }
        if sign != "-" {
            new.push(rest);
        }
    }
    new.extend(&old[at..]);
    Ok(new.into_iter().flat_map(|line| [line, "\n"]).collect())
}

fn check_diff(plan: &Plan) -> Result<(), String> {
    let text = plan_diff(plan).to_text(Colour::No);
    let (live, planned) = (yaml(&plan.aim.live.state), yaml(&plan.aim.target));
    if text.is_empty() != (live == planned) || !text.is_empty() && !text.starts_with("--- live\n+++ planned\n@@ ") {
        return Err(format!("not a difference:\n{text}"));
    }
    if !is_visible(&text) {
        return Err(format!("not visible:\n{text}"));
    }
    let applied = patched(&live, &text)?;
    if applied == planned { Ok(()) } else { Err(format!("leads elsewhere:\n{text}")) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_name_breaks_a_format(live in odd_state(), target in odd_state()) {
        let plan = between(&live, &target);
        let schema = jsonschema::validator_for(&plan_schema()).unwrap();
        prop_assert_eq!(check_markdown(&plan), Ok(()));
        prop_assert_eq!(check_json(&plan, &schema), Ok(()));
        prop_assert_eq!(check_diff(&plan), Ok(()));
    }
}

/// A comment is cut at the end of a line, however much there is to say. As many as need it, and no more: what is left out
/// is counted all the same.
#[test]
fn a_plan_of_any_size_fits_into_a_comment() {
    let live = super::largest::file::user_cfg(1_000);
    let live = pve_access::model::user_cfg::read(live.as_bytes(), pve_access::pve::Release::MEASURED).state;
    let empty = AccessState { roles: live.roles.clone(), ..AccessState::empty(live.release) };
    assert_eq!(check_markdown(&between(&live, &empty)), Ok(()));
    let made = between(&empty, &live);
    assert_eq!(check_markdown(&made), Ok(()));
    let shown = Shown { undeclared: Undeclared::Count, detail: Detail::Brief };
    let text = plan_markdown(&made, shown, &BTreeSet::new()).to_text(Colour::No);
    assert!(text.contains("**Left out: ") && text.len() > 50_000, "{}", text.len());
}
