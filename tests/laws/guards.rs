//! What holds of the guards `escalation` and `lockout`, and of the order that avoids both: held against asking the whole of
//! every state on the way.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use pve_access::desired::Desired;
use pve_access::live::{Sight, Snapshot};
use pve_access::model::{AccessState, Enable};
use pve_access::permissions::Evaluator;
use pve_access::plan::{Aim, Escalation, Gain, Lockout, Objection, Op, Plan};
use pve_access::pve::{GroupId, Principal, Privilege, Subject, UserId};

use super::generate::{crowd, draft, state};
use super::{NOW, fold, ops, planned, resolved, unmet};
use crate::everywhere;

/// The plan of somebody who sees everything.
fn planned_by(reader: Option<&Principal>, desired: &Desired, live: &AccessState) -> Plan {
    let cluster = "test".to_owned();
    let live = Snapshot {
        state: live.clone(),
        sight: Sight::Full,
        reader: reader.cloned(),
        cluster,
        lock: None,
        ignored: Vec::new(),
    };
    Plan::new(Aim::new(resolved(desired, &live)))
}

/// Every user and token of any of some states.
fn everybody<'a>(states: impl IntoIterator<Item = &'a AccessState>) -> BTreeSet<Principal> {
    states.into_iter().flat_map(everywhere::everybody).collect()
}

/// What somebody can do: at each of some paths, and right below each.
type Held = BTreeMap<(Principal, String), BTreeSet<Privilege>>;

fn held(state: &AccessState, who: &BTreeSet<Principal>, paths: &BTreeSet<String>) -> Held {
    let evaluator = Evaluator::new(state);
    let mut held = Held::new();
    for who in who.iter().filter(|who| state.refusals(who, NOW).is_empty()) {
        for path in paths {
            held.insert((who.clone(), path.clone()), evaluator.at(who, path).into_keys().collect());
        }
    }
    held
}

/// The states before the first op and after each.
fn states(ops: &[Op], live: &AccessState) -> Vec<AccessState> {
    let mut states = vec![live.clone()];
    for op in ops {
        let mut next = states[states.len() - 1].clone();
        op.apply_to(&mut next);
        states.push(next);
    }
    states
}

/// All paths that decide.
fn paths(states: &[AccessState]) -> BTreeSet<String> {
    states.iter().flat_map(everywhere::paths).collect()
}

/// Who holds what, after any of the ops, that it holds at the same path neither before nor after all of them.
fn excess(ops: &[Op], live: &AccessState) -> BTreeMap<Principal, BTreeSet<Privilege>> {
    let states = states(ops, live);
    let (who, paths) = (everybody(&states), paths(&states));
    let [before, after] = [&states[0], &states[states.len() - 1]].map(|state| held(state, &who, &paths));
    let nothing = BTreeSet::new();
    let mut excess: BTreeMap<Principal, BTreeSet<Privilege>> = BTreeMap::new();
    for state in &states {
        for (place, privileges) in held(state, &who, &paths) {
            let bounds = [&before, &after].map(|bound| bound.get(&place).unwrap_or(&nothing));
            let new = privileges.into_iter().filter(|held| bounds.iter().all(|bound| !bound.contains(held)));
            let new: BTreeSet<Privilege> = new.collect();
            if !new.is_empty() {
                excess.entry(place.0).or_default().extend(new);
            }
        }
    }
    excess
}

/// What the plan says of the same.
fn said(plan: &Plan) -> BTreeMap<Principal, BTreeSet<Privilege>> {
    let mut said = BTreeMap::new();
    for objection in &plan.objections {
        let Objection::Escalation(Escalation { gains, unexamined }) = objection else { continue };
        assert!(unexamined.is_empty());
        for Gain { who, like, held, from, until } in gains {
            assert!(from.number < until.number && until.number <= plan.steps.len());
            let privileges: BTreeSet<Privilege> = held.values().flatten().cloned().collect();
            assert!(!privileges.is_empty());
            for who in like.iter().chain([who]) {
                assert_eq!(said.insert(who.clone(), privileges.clone()), None, "{who} is named once");
            }
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In both directions: what nobody holds on the way is not objected to, and what somebody holds is.
    #[test]
    fn what_anybody_holds_on_the_way_alone_is_objected_to((live, draft) in crowd()) {
        let plan = planned_by(None, &draft.against(&live), &live);
        prop_assert_eq!(said(&plan), excess(&ops(&plan), &live));
    }

    #[test]
    fn the_same_in_wider_states(live in state(), draft in draft()) {
        let plan = planned_by(None, &draft.against(&live), &live);
        prop_assert_eq!(said(&plan), excess(&ops(&plan), &live));
    }

    #[test]
    fn steps_out_of_order_lead_to_the_target_too((live, draft) in crowd(), reader in any::<prop::sample::Index>(), stop in any::<prop::sample::Index>()) {
        let who = everybody([&live]);
        let reader = reader.get(&who.iter().cloned().collect::<Vec<_>>()).clone();
        let desired = draft.against(&live);
        let plan = planned_by(Some(&reader), &desired, &live);
        let ops = ops(&plan);
        let mut state = live.clone();
        for step in &plan.steps {
            prop_assert_eq!(unmet(&step.op, &state), None);
            let before = state.clone();
            prop_assert_eq!(&step.op.apply_to(&mut state), &step.along);
            prop_assert_ne!(&state, &before, "a request that changes nothing");
        }
        prop_assert_eq!(&state, &plan.aim.target);
        let halfway = fold(&ops[..stop.index(ops.len() + 1)], &live);
        let (again, same) = planned(&desired, &halfway);
        prop_assert_eq!(&same, &plan.aim.target);
        prop_assert_eq!(fold(&self::ops(&again), &halfway), same);
    }
}

/// What a request needs and somebody held in the beginning, asked of whole states: the server's own table, once more.
pub fn needs(op: &Op, who: &Principal, live: &AccessState) -> Vec<(Vec<String>, Vec<&'static str>)> {
    let at = |path: &str, any: &[&'static str]| (vec![path.to_owned()], any.to_vec());
    let manage = |groups: &BTreeSet<GroupId>| {
        let each = groups.iter().map(|group| format!("/access/groups/{group}"));
        (std::iter::once("/access/groups".to_owned()).chain(each).collect(), vec!["User.Modify"])
    };
    let realm = |user: &UserId| at(&format!("/access/realm/{}", user.realm()), &["Realm.AllocateUser"]);
    let joins = |groups: &BTreeSet<GroupId>| -> Vec<_> {
        if groups.is_empty() {
            return vec![manage(groups)];
        }
        groups.iter().map(|group| manage(&BTreeSet::from([group.clone()]))).collect()
    };
    match op {
        Op::CreateRole { .. } | Op::SetRole { .. } | Op::DeleteRole { .. } => vec![at("/access", &["Sys.Modify"])],
        Op::CreateGroup { .. } | Op::SetGroup { .. } | Op::DeleteGroup { .. } => {
            vec![at("/access/groups", &["Group.Allocate"])]
        }
        Op::CreateUser { user, account } => [vec![realm(user)], joins(&account.groups)].concat(),
        Op::SetUser { user, before, after } => {
            // Where no groups are sent, to manage some is not enough.
            if before.groups == after.groups {
                return vec![manage(&BTreeSet::new())];
            }
            [vec![manage(live.groups_of(user))], joins(&after.groups)].concat()
        }
        Op::SetPassword { user } if *who == Principal::User(user.clone()) => Vec::new(),
        Op::SetPassword { user } | Op::DeleteUser { user } => vec![realm(user), manage(live.groups_of(user))],
        Op::CreateToken { token, .. }
        | Op::SetToken { token, .. }
        | Op::RotateToken { token, .. }
        | Op::DeleteToken { token } => {
            let is_self = *who == Principal::User(token.user().clone());
            if is_self { Vec::new() } else { vec![manage(live.groups_of(token.user()))] }
        }
        Op::Grant { batch, .. } | Op::Revoke { batch } => {
            let path = batch.path().as_str();
            let own: &[&str] = match path.split('/').nth(1) {
                Some("vms") if path != "/vms" => &["Permissions.Modify", "VM.Allocate"],
                Some("pool") if path != "/pool" => &["Permissions.Modify", "Pool.Allocate"],
                _ => &["Permissions.Modify"],
            };
            vec![at(path, own)]
        }
    }
}

/// Whether `who` has in `state` all that it has in `live` and that the ops, giving rights and seeing everything take.
fn keeps_power(who: &Principal, ops: &[Op], live: &AccessState, state: &AccessState) -> bool {
    let mut needs: Vec<_> = ops.iter().flat_map(|op| needs(op, who, live)).collect();
    // With the others one hands out no more than one has.
    let paths: Vec<_> = needs.iter().filter(|(_, any)| any.len() > 1).map(|(paths, _)| paths.clone()).collect();
    needs.extend(paths.into_iter().map(|paths| (paths, vec!["Permissions.Modify"])));
    for (path, any) in [
        ("/", &["Permissions.Modify"][..]),
        ("/access", &["Sys.Audit"]),
        ("/access/groups", &["Sys.Audit", "User.Modify"]),
        ("/pool", &["Pool.Audit"]),
    ] {
        needs.push((vec![path.to_owned()], any.to_vec()));
    }
    let has = |state: &AccessState, (paths, any): &(Vec<String>, Vec<&str>)| {
        let evaluator = Evaluator::new(state);
        let holds = |path: &String| evaluator.at(who, path).keys().any(|held| any.contains(&held.as_str()));
        state.refusals(who, NOW).is_empty() && paths.iter().any(holds)
    };
    // For some requests it is enough to be let in.
    let is_let_in = |state: &AccessState| state.has_principal(who) && state.refusals(who, NOW).is_empty();
    let relies_on_that = ops.iter().any(|op| self::needs(op, who, live).is_empty());
    (!relies_on_that || !is_let_in(live) || is_let_in(state))
        && needs.iter().all(|need| !has(live, need) || has(state, need))
}

fn is_administered(state: &AccessState) -> bool {
    let evaluator = Evaluator::new(state);
    everywhere::everybody(state).iter().any(|who| {
        state.refusals(who, NOW).is_empty()
            && evaluator.at(who, "/").keys().any(|held| held.as_str() == "Permissions.Modify")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In both directions, and it is the last that is done.
    #[test]
    fn who_loses_what_it_needs_is_told_the_step_and_keeps_it_until_then((live, draft) in crowd(), reader in any::<prop::sample::Index>()) {
        let mut live = live;
        let who = everybody([&live]);
        let reader = reader.get(&who.iter().cloned().collect::<Vec<_>>()).clone();
        // Most have nothing to lose; these have.
        let privs = ["VM.Allocate", "Group.Allocate", "Permissions.Modify", "Realm.AllocateUser", "Sys.Audit", "Sys.Modify", "User.Modify"];
        if let Some(role) = live.roles.get_mut(&"R0".parse().unwrap()) {
            role.privs.extend(privs.map(|privilege| privilege.parse().unwrap()));
        }
        let plan = planned_by(Some(&reader), &draft.against(&live), &live);
        let ops = ops(&plan);
        let states = states(&ops, &live);
        let lost = states.iter().position(|state| !keeps_power(&reader, &ops, &live, state));
        let named = plan.objections.iter().find_map(|objection| match objection {
            Objection::Lockout(Lockout::Reader { who, loss: _, turn, undone: _ }) if *who == reader => Some(turn.number),
            _ => None,
        });
        prop_assert_eq!(named, lost);
        let Some(number) = named else { return Ok(()) };
        // Whatever comes after the step would have taken something too, or needs what it does.
        let before = &states[number - 1];
        for op in &ops[number..] {
            let mut instead = before.clone();
            op.apply_to(&mut instead);
            prop_assert!(
                unmet(op, before).is_some() || !keeps_power(&reader, &ops, &live, &instead),
                "{op:?} could have been done before step {number}"
            );
        }
    }

    #[test]
    fn the_last_administrator_is_named((live, draft) in crowd(), is_root_shut_out in prop::bool::weighted(0.9)) {
        let mut live = live;
        if is_root_shut_out && let Some(root) = live.users.get_mut(&UserId::root()) {
            root.enable = Enable::No;
        }
        let plan = planned_by(None, &draft.against(&live), &live);
        let states = states(&ops(&plan), &live);
        let left = states.iter().position(|state| !is_administered(state)).filter(|_| is_administered(&live));
        let named = plan.objections.iter().find_map(|objection| match objection {
            Objection::Lockout(Lockout::Administrator { who: _, turn }) => Some(turn.number),
            _ => None,
        });
        prop_assert_eq!(named, left);
    }

    /// Nothing is moved without a reason.
    #[test]
    fn phases_come_in_order_unless_somebody_would_come_to_harm((live, draft) in crowd()) {
        let plan = planned_by(None, &draft.against(&live), &live);
        let ops = ops(&plan);
        let mut sorted = ops.clone();
        sorted.sort_by_key(Op::phase);
        prop_assert!(ops == sorted || !excess(&sorted, &live).is_empty());
    }
}

/// The search goes back a few times only, so now and then it misses an order: not more often than the documentation says.
/// With many cases (PROPTEST_CASES) it says how often.
#[test]
fn an_order_that_harms_nobody_is_found_if_there_is_one() {
    const MOST_OPS: usize = 7;
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256);
    let mut runner = TestRunner::deterministic();
    let (mut moved, mut refused, mut missed) = (0, 0, 0);
    for _ in 0..cases {
        let (live, draft) = crowd().new_tree(&mut runner).unwrap().current();
        let plan = planned_by(None, &draft.against(&live), &live);
        let ops = ops(&plan);
        moved += usize::from(!ops.iter().map(Op::phase).is_sorted());
        if !said(&plan).is_empty() && ops.len() <= MOST_OPS {
            refused += 1;
            missed += usize::from(harmless(&ops, &live));
        }
    }
    println!(
        "of {cases} plans {moved} go another way than others and {refused} small ones are refused, {missed} of these in vain"
    );
    assert!(moved > 0 && refused > 0, "they do not get in each other's way");
    assert!(missed * 1_000 <= cases, "{missed} of {cases}");
}

/// Whether there is an order in which each op can be done at its turn and nobody gets what it should not have.
fn harmless(ops: &[Op], live: &AccessState) -> bool {
    let states = states(ops, live);
    let (who, paths) = (everybody(&states), paths(&states));
    let [before, after] = [&states[0], &states[ops.len()]].map(|state| held(state, &who, &paths));
    let nothing = BTreeSet::new();
    let is_safe = |state: &AccessState| {
        held(state, &who, &paths).into_iter().all(|(place, privileges)| {
            let bounds = [&before, &after].map(|bound| bound.get(&place).unwrap_or(&nothing));
            privileges.iter().all(|held| bounds.iter().any(|bound| bound.contains(held)))
        })
    };
    has_order(ops, live, &is_safe)
}

fn has_order(left: &[Op], state: &AccessState, is_safe: &dyn Fn(&AccessState) -> bool) -> bool {
    let goes_on = |at: usize| {
        let mut rest = left.to_vec();
        let op = rest.remove(at);
        if unmet(&op, state).is_some() || rest.iter().any(|other| names_what_goes(other, &op)) {
            return false;
        }
        let mut next = state.clone();
        op.apply_to(&mut next);
        is_safe(&next) && has_order(&rest, &next, is_safe)
    };
    left.is_empty() || (0..left.len()).any(goes_on)
}

/// Whether `op` could not be done after `gone`.
fn names_what_goes(op: &Op, gone: &Op) -> bool {
    match (op, gone) {
        (Op::Grant { batch, .. } | Op::Revoke { batch }, Op::DeleteRole { role }) => batch.roles().contains(role),
        (Op::Grant { batch, .. } | Op::Revoke { batch }, Op::DeleteGroup { group }) => {
            batch.subjects().contains(&Subject::Group(group.clone()))
        }
        _ => false,
    }
}
