//! What holds of lint whatever the state: it survives it, and what it says has no effect has none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::sample::select;
use pve_access::desired;
use pve_access::lint::{Cure, Effect, Finding, Levels, Object, Report, Severity, Subject, lint};
use pve_access::live::Sight;
use pve_access::model::{AccessState, Group, Privsep, User, user_cfg};
use pve_access::permissions::{Evaluator, Privileges};
use pve_access::pve::{AclPath, Principal, Release, UserId};
use pve_access::resolve::{Unsunk, resolve};

use crate::generate::state;
use crate::largest::file;
use crate::odd::odd_state;
use crate::{NOW, everywhere, permissions, seen};

fn linted(state: &AccessState) -> Report {
    lint(Subject { state, sight: &Sight::Full, now: NOW, rotating: &BTreeSet::new() }, &Levels::default())
}

fn found<'r>(report: &'r Report, name: &str) -> &'r [Finding] {
    let checked = report.checked.iter().find(|checked| checked.rule.name == name);
    checked.map(|checked| checked.findings.as_slice()).unwrap_or_default()
}

/// What the server would make of a cure (api-facts.md: what a deletion takes along).
fn cure(cure: &Cure, state: &mut AccessState) {
    match cure {
        Cure::Grant(grant, propagate) => _ = state.acl.insert(grant.clone(), *propagate),
        Cure::Revoke(grant) => _ = state.acl.remove(grant),
        Cure::AddUser(user) => _ = state.users.insert(user.clone(), User::default()),
        Cure::AddGroup(group) => _ = state.groups.insert(group.clone(), Group::default()),
        Cure::DeleteToken(token) => _ = state.remove_token(token),
        Cure::DeleteUser(user) => _ = state.remove_user(user),
        Cure::DeleteGroup(group) => _ = state.remove_group(group),
        Cure::DeleteRole(role) => _ = state.remove_role(role),
    }
}

/// What everybody holds at every path that the state speaks of.
fn held(state: &AccessState, asked: &AccessState) -> BTreeMap<(Principal, String), Privileges> {
    let evaluator = Evaluator::new(state);
    let paths = everywhere::paths(asked);
    let everybody = everywhere::everybody(asked).into_iter();
    let asked = everybody.flat_map(|who| paths.iter().map(move |path| (who.clone(), path.clone())));
    asked.map(|(who, path)| ((who.clone(), path.clone()), evaluator.at(&who, &path))).collect()
}

/// Fails if anybody holds something else after the cures.
fn changes_nothing<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    state: &AccessState,
    before: &BTreeMap<(Principal, String), Privileges>,
) -> Result<(), String> {
    let mut after = state.clone();
    for finding in findings {
        finding.cures.iter().for_each(|step| cure(step, &mut after));
    }
    let after = held(&after, state);
    match before.iter().find(|(asked, held)| after.get(asked) != Some(held)) {
        Some((asked, held)) => Err(format!("{asked:?}: {held:?} before, {:?} after", after.get(asked))),
        None => Ok(()),
    }
}

/// Each cure that is said to have no effect, and those of each rule together.
fn holds_what_it_says(state: &AccessState) -> Result<(), String> {
    let report = linted(state);
    let before = held(state, state);
    for checked in &report.checked {
        let harmless: Vec<&Finding> =
            checked.findings.iter().filter(|finding| finding.effect == Effect::None).collect();
        for finding in &harmless {
            changes_nothing([*finding], state, &before).map_err(|fault| format!("{finding:#?}\n{fault}"))?;
        }
        changes_nothing(harmless, state, &before).map_err(|fault| format!("all of {}\n{fault}", checked.rule.name))?;
    }
    Ok(())
}

/// States over so few names that grants are often in vain, or nearly.
fn dense_state() -> impl Strategy<Value = AccessState> {
    const BASE: &str = "user:ann@pve:1\nuser:bob@pve:1\ntoken:ann@pve!sep:0:1\ntoken:bob@pve!full:0:0\n\
                        group:ops:ann@pve,bob@pve\ngroup:dev:ann@pve\npool:p::100\nrole:Look:VM.Audit\n\
                        role:Both:VM.Audit,VM.PowerMgmt\n";
    const SUBJECTS: [&str; 6] = ["ann@pve", "bob@pve", "@ops", "@dev", "ann@pve!sep", "bob@pve!full"];
    const PATHS: [&str; 5] = ["/", "/vms", "/vms/100", "/pool", "/pool/p"];
    const ROLES: [&str; 4] = ["Look", "Look", "Both", "NoAccess"];
    let grant = (select(&PATHS[..]), select(&SUBJECTS[..]), select(&ROLES[..]));
    let propagate = prop_oneof![1 => Just(0), 4 => Just(1)];
    btree_map(grant, propagate, 3..14).prop_map(|grants| {
        let lines = grants.iter().map(|((path, subject, role), yes)| format!("acl:{yes}:{path}:{subject}:{role}:\n"));
        user_cfg::read(format!("{BASE}{}", lines.collect::<String>()).as_bytes(), Release::MEASURED).state
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_to_have_no_effect_has_none(state in dense_state()) {
        prop_assert_eq!(holds_what_it_says(&state), Ok(()));
    }
}

proptest! {
    // Each case asks for everybody everywhere, again for each finding.
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nor_has_it_among_pools(state in permissions::state()) {
        prop_assert_eq!(holds_what_it_says(&state), Ok(()));
    }

    #[test]
    fn nor_has_it_among_odd_names(state in odd_state()) {
        prop_assert_eq!(holds_what_it_says(&state), Ok(()));
    }

    #[test]
    fn nor_has_it_in_any_state_of_a_server(state in state()) {
        prop_assert_eq!(holds_what_it_says(&state), Ok(()));
    }

    #[test]
    fn a_token_is_powerless_if_it_is_separated_and_may_do_nothing(state in permissions::state()) {
        let report = linted(&state);
        let told: BTreeSet<_> =
            found(&report, "powerless-token").iter().flat_map(|finding| finding.objects.clone()).collect();
        let evaluator = Evaluator::new(&state);
        let powerless = state.tokens.iter().filter(|(id, token)| {
            let who = Principal::Token((*id).clone());
            let below = |path: &str| format!("{}/0-below", path.trim_end_matches('/'));
            let is_full = |path: &AclPath| !path.is_leaf() && !evaluator.at(&who, &below(path.as_str())).is_empty();
            let holds_below = is_full(&AclPath::root()) || state.acl.keys().any(|grant| is_full(&grant.path));
            token.privsep == Privsep::Yes && evaluator.effective(&who).is_empty() && !holds_below
        });
        prop_assert_eq!(told, powerless.map(|(id, _)| Object::Token(id.clone())).collect::<BTreeSet<_>>());
    }

    #[test]
    fn what_is_offered_to_a_powerless_token_gives_it_something(state in permissions::state()) {
        let report = linted(&state);
        for finding in found(&report, "powerless-token").iter().filter(|finding| !finding.cures.is_empty()) {
            let mut after = state.clone();
            finding.cures.iter().for_each(|step| cure(step, &mut after));
            let Some(Object::Token(token)) = finding.objects.first() else {
                return Err(TestCaseError::fail("no token"));
            };
            let evaluator = Evaluator::new(&after);
            prop_assert!(!evaluator.outline(&Principal::Token(token.clone())).is_empty(), "{:#?}", finding);
        }
    }

    #[test]
    fn a_vanished_name_is_gone_after_its_cure(state in odd_state()) {
        let report = linted(&state);
        let mut after = state.clone();
        for finding in found(&report, "vanished-subject") {
            finding.cures.iter().for_each(|step| cure(step, &mut after));
        }
        let again = linted(&after);
        prop_assert_eq!(found(&again, "vanished-subject"), &[]);
    }

    #[test]
    fn every_finding_is_about_something(state in odd_state()) {
        for checked in linted(&state).checked {
            prop_assert!(!checked.findings.is_empty());
            let messages: BTreeSet<&String> = checked.findings.iter().map(|finding| &finding.message).collect();
            prop_assert_eq!(messages.len(), checked.findings.len(), "{:#?}", checked.findings);
            prop_assert!(checked.findings.iter().all(|finding| !finding.objects.is_empty()));
        }
    }
}

/// What the example makes of a fresh cluster is as its author meant it.
#[test]
fn the_example_has_no_faults() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("desired-state.example.yaml");
    let desired = desired::load(&[file]).desired;
    let mut fresh = user_cfg::read(b"user:root@pam:1:0::::::\ntoken:root@pam!admin:0:0::\n", Release::MEASURED).state;
    fresh.users.entry(UserId::root()).or_default();
    let live = seen(&fresh);
    let target = match resolve(&desired, &live, Unsunk::Show, crate::NOW) {
        Ok(resolved) => resolved.target,
        Err(findings) => panic!("{findings:?}"),
    };
    let report = linted(&target);
    assert_eq!(report.worst(), Some(Severity::Note), "{report:#?}");
}

/// The largest there can be is looked at whole, and what is said of it holds.
#[test]
fn the_largest_is_no_trouble() {
    let (_, text) = file::largest();
    let state = user_cfg::read(text.as_bytes(), Release::MEASURED).state;
    let report = linted(&state);
    assert!(found(&report, "endless-token").len() > 1_000);
    assert!(!found(&report, "powerless-token").is_empty(), "some are granted roles without privileges");
}

#[test]
fn a_crowd_is_one_finding_for_each_cause() {
    let text = file::crowd(500, |_| "/vms/100".to_owned());
    let report = linted(&user_cfg::read(text.as_bytes(), Release::MEASURED).state);
    let hidden = found(&report, "hidden-group-grant");
    assert_eq!(hidden.len(), 1, "{hidden:#?}");
    assert_eq!(hidden[0].objects.len(), 501);
}
