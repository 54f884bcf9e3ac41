//! What holds of writing a state down as a file: the file asks for nothing, and nothing is lost.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use pve_access::desired::{Accounts, File, Kind, Provenance, Selection, Written, parse, write};
use pve_access::diff::diff;
use pve_access::live::{Blind, Sight, Snapshot};
use pve_access::model::{AccessState, user_cfg};
use pve_access::plan::{Aim, Plan};
use pve_access::pve::Release;
use pve_access::resolve::{Unsunk, resolve};

use super::fixtures;
use super::generate::state;
use super::largest::file;
use super::odd::odd_state;
use super::outline::check_complete;

const WHOLE: &str = "roles,groups,users,tokens,acl";
const SELECTIONS: [&str; 12] = [
    WHOLE,
    "roles",
    "groups",
    "users",
    "tokens",
    "acl",
    "groups,acl",
    "users=*@pve,acl=/pool/**",
    "users=!*@pve,tokens",
    "roles=VM.*,acl=/,acl=/vms/*",
    "acl=!/vms/**",
    "roles=nothing-is-called-so",
];

fn exported(live: &AccessState, only: &str) -> Written {
    let selection = Selection::of([only]).unwrap();
    write(live, &selection, Provenance { origin: "test", unseen: None, accounts: Accounts::All })
}

/// What reading `text` and laying it over `live` leads to beside nothing at all: findings, or changes.
fn effects(text: &str, live: &AccessState) -> Vec<String> {
    let blind = [Blind::Accounts, Blind::Grants, Blind::Pools, Blind::Realms].into();
    effects_on(
        text,
        &Snapshot {
            state: live.clone(),
            sight: Sight::Partial(blind),
            reader: None,
            cluster: "test".to_owned(),
            lock: None,
            ignored: Vec::new(),
        },
    )
}

fn effects_on(text: &str, snapshot: &Snapshot) -> Vec<String> {
    let loaded = parse(vec![File { path: PathBuf::from("exported.yaml"), text: text.to_owned() }]);
    let mut effects: Vec<String> = loaded.findings.iter().map(|finding| finding.message.clone()).collect();
    match resolve(&loaded.desired, snapshot, Unsunk::Refuse, crate::NOW) {
        Err(findings) => effects.extend(findings.iter().map(|finding| finding.message.clone())),
        Ok(resolved) => {
            effects.extend(resolved.warnings.iter().map(|finding| finding.message.clone()));
            effects.extend(resolved.unseen.iter().map(|kind| format!("relies on {kind}")));
            let diff = diff(&snapshot.state, &resolved.target);
            if !diff.is_empty() {
                effects.push(format!("{diff:#?}"));
            }
            effects.extend(Plan::new(Aim::new(resolved)).steps.iter().map(|step| format!("{:?}", step.op)));
        }
    }
    effects
}

/// Whether what a reader sees, written down, asks for nothing of what the same reader sees.
pub fn check_seen(seen: &Snapshot) -> Result<(), String> {
    let accounts = if seen.sight.hidden().contains(&Blind::Accounts) { Accounts::Some } else { Accounts::All };
    let provenance = Provenance { origin: "test", unseen: None, accounts };
    let text = write(&seen.state, &Selection::default(), provenance).text;
    let effects = effects_on(&text, seen);
    if effects.is_empty() { Ok(()) } else { Err(format!("{effects:#?}\n{text}")) }
}

/// A line that holds a part of the file as a comment: the line without the `#`.
fn taken_out(line: &str) -> Option<String> {
    let (margin, rest) = line.split_once("#   ")?;
    margin.trim().is_empty().then(|| format!("{margin}{rest}"))
}

/// The whole file, what is a comment in it included.
fn uncommented(text: &str) -> String {
    text.lines().map(|line| taken_out(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// The file with one part more each time that is a comment otherwise.
fn with_one_more(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |at: usize| {
        taken_out(lines[at]).is_some_and(|line| {
            let margin = lines[at].len() - lines[at].trim_start().len();
            !line[margin..].starts_with([' ', ':'])
        })
    };
    let goes_on = |at: usize| at < lines.len() && taken_out(lines[at]).is_some() && !begins(at);
    let starts = (0..lines.len()).filter(|at| begins(*at));
    starts
        .map(|start| {
            let end = (start + 1..).find(|at| !goes_on(*at)).unwrap();
            let line = |(at, line): (usize, &&str)| {
                let inside = (start..end).contains(&at);
                taken_out(line).filter(|_| inside).unwrap_or_else(|| (*line).to_owned()) + "\n"
            };
            lines.iter().enumerate().map(line).collect()
        })
        .collect()
}

/// Nothing that ends a line, moves the cursor or turns the direction of writing.
fn check_visible(text: &str) -> Result<(), String> {
    let bad = |c: char| c != '\n' && (c.is_control() || "\u{2028}\u{2029}\u{200b}\u{200f}\u{202e}\u{feff}".contains(c));
    match text.chars().find(|c| bad(*c)) {
        Some(c) => Err(format!("{c:?} stands in\n{text}")),
        None => Ok(()),
    }
}

fn check(live: &AccessState, only: &str) -> Result<(), String> {
    let Written { text, undeclared, vanished, unsaid } = exported(live, only);
    let effects = effects(&text, live);
    if !effects.is_empty() {
        return Err(format!("{effects:#?}\n{text}"));
    }
    check_visible(&text)?;
    if text.contains("t=12345678-abcd-ef01-2345-6789abcdef01") {
        return Err(format!("a secret stands in\n{text}"));
    }
    check_complete(&uncommented(&text), live, only)?;
    let mut refused = 0;
    for more in with_one_more(&text) {
        refused += 1;
        if self::effects(&more, live).is_empty() {
            return Err(format!("this could have been declared:\n{more}"));
        }
    }
    // An entry of grants is one part of the text, and may be several grants.
    let counted: usize = undeclared.iter().filter(|(kind, _)| **kind != Kind::Acl).map(|(_, count)| count).sum();
    let counted = counted + vanished;
    if counted + unsaid > refused || (refused > 0) != (!undeclared.is_empty() || vanished + unsaid > 0) {
        return Err(format!("{undeclared:?} and {unsaid} are counted, {refused} stand in\n{text}"));
    }
    Ok(())
}

proptest! {
    // Each case reads dozens of files.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: ProptestConfig::default().cases / 4,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_odd_state_is_written_whole_and_asks_for_nothing(live in odd_state()) {
        prop_assert_eq!(check(&live, WHOLE), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plain_state_is_written_whole_and_asks_for_nothing(live in state()) {
        prop_assert_eq!(check(&live, WHOLE), Ok(()));
    }

    #[test]
    fn a_part_is_written_whole_and_asks_for_nothing(live in odd_state(), only in select(&SELECTIONS[..])) {
        prop_assert_eq!(check(&live, only), Ok(()));
    }

    #[test]
    fn writing_twice_gives_the_same(live in odd_state()) {
        prop_assert_eq!(exported(&live, WHOLE), exported(&live.clone(), WHOLE));
    }
}

fn read(file: &Path) -> Result<AccessState, String> {
    Ok(user_cfg::read(&fixtures::bytes(file)?, Release::MEASURED).state)
}

#[test]
fn every_recorded_file_is_written_whole_and_asks_for_nothing() {
    let mut files = fixtures::files("user-cfg", ".cfg");
    files.extend(fixtures::files("permissions", ".cfg"));
    fixtures::check_all(&files, |file| {
        let live = read(file)?;
        SELECTIONS.iter().try_for_each(|only| check(&live, only).map_err(|error| format!("{only}: {error}")))
    });
}

#[test]
fn the_order_of_a_recorded_file_does_not_matter() {
    fixtures::check_all(&fixtures::files("user-cfg", ".canonical.cfg"), |file| {
        let messy = file.with_file_name(file.file_name().unwrap().to_str().unwrap().replace(".canonical", ""));
        let canonical = user_cfg::read(fixtures::text(file)?.as_bytes(), Release::MEASURED).state;
        fixtures::compare(&exported(&canonical, WHOLE).text, &exported(&read(&messy)?, WHOLE).text)
    });
}

#[test]
fn the_largest_cluster_is_written_whole_and_asks_for_nothing() {
    let live = user_cfg::read(file::largest().1.as_bytes(), Release::MEASURED).state;
    assert_eq!(check(&live, WHOLE), Ok(()));
}
