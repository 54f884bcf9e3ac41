//! What holds of writing a state down as a file: the file asks for nothing, and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use pve_access::desired::{Accounts, File, Kind, Provenance, Selection, Written, day_or_time, parse, write};
use pve_access::diff::diff;
use pve_access::live::{Blind, Sight, Snapshot};
use pve_access::model::{
    AccessState, Enable, Expire, Grant, Group, Origin, Privsep, Propagate, Role, Text, Token, User, user_cfg,
};
use pve_access::plan::Plan;
use pve_access::pve::{Release, Subject};
use pve_access::resolve::{Unsunk, resolve};
use serde::Deserialize;

use super::fixtures;
use super::generate::state;
use super::odd::odd_state;

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
    let loaded = parse(vec![File { path: PathBuf::from("exported.yaml"), text: text.to_owned() }]);
    let mut effects: Vec<String> = loaded.findings.iter().map(|finding| finding.message.clone()).collect();
    let blind = [Blind::Accounts, Blind::Grants, Blind::Pools, Blind::Realms].into();
    let snapshot = Snapshot {
        state: live.clone(),
        sight: Sight::Partial(blind),
        reader: None,
        cluster: "test".to_owned(),
        ignored: Vec::new(),
    };
    match resolve(&loaded.desired, &snapshot, Unsunk::Refuse) {
        Err(findings) => effects.extend(findings.iter().map(|finding| finding.message.clone())),
        Ok(resolved) => {
            effects.extend(resolved.warnings.iter().map(|finding| finding.message.clone()));
            effects.extend(resolved.unseen.iter().map(|kind| format!("relies on {kind}")));
            let diff = diff(live, &resolved.target);
            if !diff.is_empty() {
                effects.push(format!("{diff:#?}"));
            }
            effects.extend(Plan::new(resolved).steps.iter().map(|step| format!("{:?}", step.op)));
        }
    }
    effects
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

/// The file as somebody else's program reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline {
    version: u8,
    #[serde(default)]
    roles: Option<BTreeMap<String, RoleOutline>>,
    #[serde(default)]
    groups: Option<BTreeMap<String, GroupOutline>>,
    #[serde(default)]
    users: Option<BTreeMap<String, UserOutline>>,
    #[serde(default)]
    tokens: Option<BTreeMap<String, TokenOutline>>,
    #[serde(default)]
    acl: Option<Vec<EntryOutline>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleOutline {
    privs: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupOutline {
    #[serde(default)]
    comment: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserOutline {
    enable: Option<bool>,
    expire: Option<String>,
    groups: Vec<String>,
    #[serde(default)]
    firstname: String,
    #[serde(default)]
    lastname: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    comment: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenOutline {
    privsep: bool,
    expire: Option<String>,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl Default for Names {
    fn default() -> Names {
        Names::Several(Vec::new())
    }
}

impl Names {
    fn all(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Several(names) => names,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryOutline {
    path: Names,
    roles: Names,
    #[serde(default)]
    users: Names,
    #[serde(default)]
    groups: Names,
    #[serde(default)]
    tokens: Names,
    propagate: Option<bool>,
}

/// Text as it may be shown: a secret that somebody has put into a comment may not.
fn shown(text: &Text) -> String {
    text.as_str().replace("=12345678-abcd-ef01-2345-6789abcdef01", "=************************************")
}

fn end(expire: Expire) -> Option<String> {
    match expire {
        Expire::Never => None,
        Expire::At(seconds) => Some(day_or_time(expire).unwrap_or_else(|| seconds.to_string())),
    }
}

/// Holds what `text` says, comments included, against what `only` selects of `live`.
fn check_complete(text: &str, live: &AccessState, only: &str) -> Result<(), String> {
    let whole = uncommented(text);
    let outline: Outline = serde_saphyr::from_str(&whole).map_err(|error| format!("{error}\n{whole}"))?;
    assert_eq!(outline.version, 1);
    let selection = Selection::of([only]).unwrap();
    let names = |names: &BTreeSet<_>| names.iter().map(ToString::to_string).collect::<Vec<_>>();

    let is_custom = |role: &Role| role.origin == Origin::Custom;
    let roles = live.roles.iter().filter(|(id, role)| is_custom(role) && selection.selects(Kind::Roles, id.as_str()));
    let roles: BTreeMap<String, RoleOutline> = roles
        .map(|(id, Role { privs, origin: _ })| {
            (id.to_string(), RoleOutline { privs: privs.iter().map(ToString::to_string).collect() })
        })
        .collect();
    same("roles", &outline.roles.unwrap_or_default(), &roles)?;

    let groups = live.groups.iter().filter(|(id, _)| selection.selects(Kind::Groups, id.as_str()));
    let groups =
        groups.map(|(id, Group { comment })| (id.to_string(), GroupOutline { comment: shown(comment) })).collect();
    same("groups", &outline.groups.unwrap_or_default(), &groups)?;

    let user = |(id, user): (&_, &User)| {
        let User { enable, expire, firstname, lastname, email, comment, keys: _ } = user;
        let outline = UserOutline {
            enable: Some(*enable == Enable::Yes),
            expire: end(*expire),
            groups: names(live.groups_of(id)),
            firstname: shown(firstname),
            lastname: shown(lastname),
            email: email.to_string(),
            comment: shown(comment),
        };
        (id.to_string(), outline)
    };
    let vanished = |id: &_| UserOutline { enable: None, expire: None, ..user((id, &User::default())).1 };
    let mut users: BTreeMap<String, UserOutline> = live.users.iter().map(user).collect();
    for id in live.memberships.keys().filter(|id| !live.users.contains_key(id)) {
        users.insert(id.to_string(), vanished(id));
    }
    users.retain(|id, _| selection.selects(Kind::Users, id));
    same("users", &outline.users.unwrap_or_default(), &users)?;

    let tokens = live.tokens.iter().map(|(id, Token { comment, expire, privsep })| {
        let privsep = *privsep == Privsep::Yes;
        (id.to_string(), TokenOutline { privsep, expire: end(*expire), comment: shown(comment) })
    });
    let tokens = tokens.filter(|(id, _)| selection.selects(Kind::Tokens, id)).collect();
    same("tokens", &outline.tokens.unwrap_or_default(), &tokens)?;

    let mut found = BTreeMap::new();
    let mut count = 0;
    for EntryOutline { path, roles, users, groups, tokens, propagate } in outline.acl.unwrap_or_default() {
        let users = users.all().iter().map(|name| Subject::User(name.parse().unwrap()));
        let groups = groups.all().iter().map(|name| Subject::Group(name.parse().unwrap()));
        let tokens = tokens.all().iter().map(|name| Subject::Token(name.parse().unwrap()));
        let subjects: Vec<Subject> = users.chain(groups).chain(tokens).collect();
        for path in path.all() {
            for role in roles.all() {
                for subject in &subjects {
                    let (path, role) = (path.parse().unwrap(), role.parse().unwrap());
                    let grant = Grant { path, subject: subject.clone(), role };
                    found.insert(grant, Propagate::from(propagate.unwrap_or(true)));
                    count += 1;
                }
            }
        }
    }
    let mut acl = live.acl.clone();
    acl.retain(|grant, _| selection.selects(Kind::Acl, grant.path.as_str()));
    same("acl", &found, &acl)?;
    if count == acl.len() { Ok(()) } else { Err(format!("{count} grants are written for {}", acl.len())) }
}

fn same<K: std::fmt::Debug + Ord, V: std::fmt::Debug + PartialEq>(
    kind: &str,
    found: &BTreeMap<K, V>,
    live: &BTreeMap<K, V>,
) -> Result<(), String> {
    if found == live { Ok(()) } else { Err(format!("{kind}: found {found:#?}\nlive {live:#?}")) }
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
    let Written { text, undeclared, unsaid } = exported(live, only);
    let effects = effects(&text, live);
    if !effects.is_empty() {
        return Err(format!("{effects:#?}\n{text}"));
    }
    check_visible(&text)?;
    if text.contains("t=12345678-abcd-ef01-2345-6789abcdef01") {
        return Err(format!("a secret stands in\n{text}"));
    }
    check_complete(&text, live, only)?;
    let mut refused = 0;
    for more in with_one_more(&text) {
        refused += 1;
        if self::effects(&more, live).is_empty() {
            return Err(format!("this could have been declared:\n{more}"));
        }
    }
    // An entry of grants is one part of the text, and may be several grants.
    let counted: usize = undeclared.iter().filter(|(kind, _)| **kind != Kind::Acl).map(|(_, count)| count).sum();
    if counted + unsaid > refused || (refused > 0) != (!undeclared.is_empty() || unsaid > 0) {
        return Err(format!("{undeclared:?} and {unsaid} are counted, {refused} stand in\n{text}"));
    }
    Ok(())
}

proptest! {
    // Each case reads dozens of files.
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

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
