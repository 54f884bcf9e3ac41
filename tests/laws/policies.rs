//! What holds of policies: they are broken exactly if there is a path at which they are.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use pve_access::desired::{Policy, Who, WrittenAt, selected};
use pve_access::model::{AccessState, Against, Patterns};
use pve_access::permissions::Evaluator;
use pve_access::policy::{Accounts, Fault, Since, judge};
use pve_access::pve::{AclPath, Principal};

use crate::NOW;
use crate::everywhere::everybody;
use crate::permissions::state;

const WHO: [&str; 9] = ["*", "*@pve", "@g0", "@g*", "!@g1", "u0@pve", "!u1@*", "*!*", "root@pam!*"];
const PRIVILEGES: [&str; 6] = ["*", "VM.*", "*.Audit", "VM.PowerMgmt", "!VM.Audit", "Datastore.Audit"];
const ON: [&str; 19] = [
    "/**",
    "/",
    "/vms",
    "/vms/*",
    "/vms/**",
    "/vms/100",
    "/vms/10[0-2]",
    "/vms/1??",
    "!/vms/1*",
    "!/vms/[!1]*",
    "/vms/777",
    "/pool/*/**",
    "/pool/*",
    "!/pool/p/**",
    "/pool/{p,q}/a*",
    "/*/s?",
    "!/storage/s0",
    "!/**",
    "**",
];

/// Some patterns, the first of which is no exception.
fn patterns(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let texts = vec(select(texts).prop_map(str::to_owned), 1..4);
    texts.prop_filter("an exception from nothing", |texts| !texts[0].starts_with('!'))
}

fn policy() -> impl Strategy<Value = Policy> {
    let privileges = || prop_oneof![Just(Vec::new()), patterns(&PRIVILEGES)];
    (patterns(&WHO), privileges(), privileges(), patterns(&ON)).prop_map(|(who, never, always, on)| {
        let texts = |texts: &[String], against| Patterns::new(texts.iter().map(String::as_str), against).unwrap();
        Policy {
            name: "test".to_owned(),
            who: Who::try_from(who).unwrap(),
            never: texts(&never, Against::Names),
            always: texts(&always, Against::Names),
            on: texts(&on, Against::Paths),
            written: WrittenAt { file: "test.yaml".to_owned(), line: 1 },
        }
    })
}

/// Paths of every shape, named by the state or by nobody.
fn paths() -> Vec<String> {
    let mut paths = vec!["/".to_owned()];
    for guest in [100, 101, 102, 103, 111, 200, 777, 1000] {
        paths.push(format!("/vms/{guest}"));
    }
    let words = ["p", "q", "r", "a", "b", "ab", "s0", "s1", "s9", "none", "elsewhere", "pve"];
    for root in
        ["/access", "/access/groups", "/access/realm", "/nodes", "/storage", "/vms", "/pool", "/mapping", "/sdn"]
    {
        paths.push(root.to_owned());
        for word in words {
            paths.push(format!("{root}/{word}"));
            paths.extend(words.iter().map(|second| format!("{root}/{word}/{second}")));
        }
    }
    paths.extend(words.iter().map(|word| format!("/pool/p/a/{word}")));
    paths.retain(|path| path.parse::<AclPath>().unwrap().check_shape().is_ok());
    paths
}

/// Whether `policy` is about `who`, whoever is let in.
fn is_about(policy: &Policy, who: &Principal, state: &AccessState) -> bool {
    policy.who.selects(who, state.groups_of(who.user()))
}

/// Those who break `policy`, each with a path at which it does, looked for one by one.
fn breaking(policy: &Policy, state: &AccessState) -> BTreeMap<Principal, String> {
    let mut breaking = BTreeMap::new();
    let evaluator = Evaluator::new(state);
    let known = state.known_privileges();
    let on: Vec<String> = paths().into_iter().filter(|path| policy.on.select(path)).collect();
    for who in everybody(state).into_iter().filter(|who| is_about(policy, who, state)) {
        let is_root = matches!(&who, Principal::User(user) if user.is_root());
        let is_asked = state.refusals(&who, NOW).is_empty() || policy.who.named().any(|named| named == who);
        for path in &on {
            let held = evaluator.at(&who, path);
            let holds = !is_root && held.keys().any(|held| policy.never.select(held.as_str()));
            let lacks = is_asked && selected(&policy.always, &known).any(|asked| !held.contains_key(asked));
            if holds || lacks {
                breaking.insert(who.clone(), path.clone());
                break;
            }
        }
    }
    breaking
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whoever_breaks_a_policy_anywhere_is_found(policy in policy(), state in state()) {
        let violations = judge(std::slice::from_ref(&policy), &state, &state, Accounts::All, NOW);
        let told = |who: &Principal| {
            violations.iter().any(|violation| violation.breaches.iter().any(|breach| breach.who.contains(who)))
        };
        let is_cut = violations.iter().any(|violation| violation.more > 0);
        for (who, path) in breaking(&policy, &state) {
            prop_assert!(told(&who) || is_cut, "{who} at {path}: {policy:?}");
        }
    }

    #[test]
    fn what_is_told_is_so(policy in policy(), live in state(), target in state()) {
        let (before, after) = (Evaluator::new(&live), Evaluator::new(&target));
        for violation in judge(std::slice::from_ref(&policy), &live, &target, Accounts::All, NOW) {
            prop_assert!(!violation.breaches.is_empty());
            for breach in violation.breaches {
                for who in &breach.who {
                    let (privileges, places, held) = match &breach.fault {
                        Fault::Missing => {
                            prop_assert!(!everybody(&target).contains(who));
                            continue;
                        }
                        Fault::Refused(refusals) => {
                            prop_assert_eq!(refusals, &target.refusals(who, NOW));
                            continue;
                        }
                        Fault::Holds { privileges, places, .. } => (privileges, places, true),
                        Fault::Lacks { privileges, places, .. } => (privileges, places, false),
                    };
                    prop_assert!(is_about(&policy, who, &target) && !places.is_empty() && !privileges.is_empty());
                    let patterns = if held { &policy.never } else { &policy.always };
                    for place in places {
                        prop_assert!(policy.on.select(place.example()), "{place:?}: {policy:?}");
                        let has = after.at(who, place.example());
                        for privilege in privileges {
                            prop_assert!(patterns.select(privilege.as_str()));
                            prop_assert_eq!(has.contains_key(privilege), held, "{} {} {:?}", who, privilege, place);
                        }
                    }
                    let was = before.at(who, places[0].example());
                    let was_so = privileges.iter().all(|privilege| was.contains_key(privilege) == held);
                    prop_assert!(was_so || breach.since == Since::Plan, "{breach:?}");
                }
                if let Fault::Holds { privileges, through, .. } = &breach.fault {
                    let gives = |role| target.roles[role].privs.iter().any(|given| privileges.contains(given));
                    prop_assert!(through.iter().all(|grant| target.acl.contains_key(grant) && gives(&grant.role)));
                    let of_root = |who: &Principal| who.user().is_root();
                    prop_assert!(!through.is_empty() || breach.who.iter().all(of_root), "{breach:?}");
                }
            }
        }
    }

    #[test]
    fn a_stored_policy_is_the_same_policy(policy in policy()) {
        let stored = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<Policy>(&stored).unwrap(), policy);
    }
}
