//! What holds of comparing and planning whatever the states and the files.

mod effect;
#[path = "../support/everywhere.rs"]
mod everywhere;
mod exported;
#[path = "../conformance/fixtures.rs"]
mod fixtures;
mod formats;
mod generate;
mod guards;
mod interrupted;
mod largest;
mod lint;
mod odd;
mod outline;
mod passwords;
mod permissions;
mod policies;
mod power;
mod rotation;
mod saved;
mod scripted;
mod served;
mod sight;
mod size;

use std::collections::BTreeSet;

use generate::{draft, state};
use proptest::prelude::*;
use pve_access::desired::{Desired, Presence, Wish};
use pve_access::diff::{diff, patch};
use pve_access::live::{Sight, Snapshot};
use pve_access::model::{AccessState, Grant};
use pve_access::plan::{AclBatch, Aim, Op, Plan};
use pve_access::pve::Subject;
use pve_access::resolve::{Resolved, Unsunk, resolve};

/// When it is, in all laws: seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

fn seen(state: &AccessState) -> Snapshot {
    Snapshot {
        state: state.clone(),
        sight: Sight::Full,
        reader: None,
        cluster: "test".to_owned(),
        lock: None,
        ignored: Vec::new(),
    }
}

fn resolved<'a>(desired: &Desired, live: &'a Snapshot) -> Resolved<'a> {
    match resolve(desired, live, Unsunk::Show, NOW) {
        Ok(resolved) => resolved,
        Err(findings) => panic!("{:#?}", findings.iter().collect::<Vec<_>>()),
    }
}

/// The plan and the target that it aims at.
fn planned(desired: &Desired, live: &AccessState) -> (Plan, AccessState) {
    let live = seen(live);
    let resolved = resolved(desired, &live);
    let target = resolved.target.clone();
    (Plan::new(Aim::new(resolved)), target)
}

fn ops(plan: &Plan) -> Vec<Op> {
    plan.steps.iter().map(|step| step.op.clone()).collect()
}

fn fold<'a>(ops: impl IntoIterator<Item = &'a Op>, live: &AccessState) -> AccessState {
    let mut state = live.clone();
    for op in ops {
        op.apply_to(&mut state);
    }
    state
}

/// What the server would answer 4xx or 5xx to (api-facts.md: names that must or must not exist at each request).
fn unmet(op: &Op, state: &AccessState) -> Option<String> {
    let has = |ok: bool, what: String| (!ok).then_some(what);
    let batch_is_known = |batch: &AclBatch| {
        batch.grants().find_map(|Grant { path: _, subject, role }| {
            has(
                state.has_subject(&subject) && state.roles.contains_key(&role),
                format!("{subject} or {role} is missing"),
            )
        })
    };
    match op {
        Op::CreateRole { role, .. } => has(!state.roles.contains_key(role), format!("{role} exists")),
        Op::CreateGroup { group, .. } => has(!state.groups.contains_key(group), format!("{group} exists")),
        Op::CreateUser { user, account } => {
            has(!state.users.contains_key(user), format!("{user} exists")).or_else(|| {
                account
                    .groups
                    .iter()
                    .find_map(|group| has(state.groups.contains_key(group), format!("{group} is missing")))
            })
        }
        Op::CreateToken { token, .. } => has(!state.tokens.contains_key(token), format!("{token} exists"))
            .or_else(|| has(state.users.contains_key(token.user()), format!("{} is missing", token.user()))),
        Op::Grant { batch, propagate: _ } | Op::Revoke { batch } => batch_is_known(batch),
        Op::SetRole { role, before, .. } => {
            has(state.roles.get(role).is_some_and(|role| role.privs == *before), format!("{role} is another"))
        }
        Op::SetGroup { group, before, .. } => {
            has(state.groups.get(group).is_some_and(|group| group.comment == *before), format!("{group} is another"))
        }
        Op::SetUser { user, before, after } => {
            has(state.users.get(user) == Some(&before.user), format!("{user} is another")).or_else(|| {
                after
                    .groups
                    .iter()
                    .find_map(|group| has(state.groups.contains_key(group), format!("{group} is missing")))
            })
        }
        Op::SetPassword { user } => has(state.users.contains_key(user), format!("{user} is missing")),
        Op::SetToken { token, before, .. } => {
            has(state.tokens.get(token) == Some(before), format!("{token} is another"))
        }
        Op::RotateToken { token, before, .. } => {
            has(state.tokens.get(token) == Some(before), format!("{token} is another"))
                .or_else(|| has(state.release.renews_in_place(), "no such parameter".to_owned()))
        }
        Op::DeleteToken { token } => has(state.tokens.contains_key(token), format!("{token} is missing")),
        Op::DeleteUser { user } => {
            has(state.users.contains_key(user) && !user.is_root(), format!("{user} is missing or root@pam"))
        }
        Op::DeleteGroup { group } => has(state.groups.contains_key(group), format!("{group} is missing")),
        Op::DeleteRole { role } => has(state.roles.contains_key(role), format!("{role} is missing")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_differs_from_itself(a in state()) {
        prop_assert!(diff(&a, &a).is_empty());
    }

    #[test]
    fn a_diff_leads_there_and_back(a in state(), b in state()) {
        let there = diff(&a, &b);
        prop_assert_eq!(&patch(&a, &there), &b);
        prop_assert_eq!(&patch(&b, &there.inverted()), &a);
        prop_assert_eq!(there.inverted(), diff(&b, &a));
    }

    #[test]
    fn nothing_desired_changes_nothing(live in state()) {
        let (plan, target) = planned(&Desired::default(), &live);
        prop_assert_eq!(target, live);
        prop_assert!(plan.is_empty());
    }

    #[test]
    fn the_steps_lead_to_the_target(live in state(), draft in draft()) {
        let (plan, target) = planned(&draft.against(&live), &live);
        prop_assert_eq!(fold(&ops(&plan), &live), target);
    }

    #[test]
    fn every_step_can_be_done_at_its_turn(live in state(), draft in draft()) {
        let (plan, _) = planned(&draft.against(&live), &live);
        let mut state = live.clone();
        for step in &plan.steps {
            prop_assert_eq!(unmet(&step.op, &state), None);
            let before = state.clone();
            prop_assert_eq!(&step.op.apply_to(&mut state), &step.along);
            prop_assert_ne!(&state, &before, "a request that changes nothing");
        }
    }

    #[test]
    fn planning_again_after_any_prefix_reaches_the_same_target(live in state(), draft in draft(), stop in any::<prop::sample::Index>()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        let ops = ops(&plan);
        let halfway = fold(&ops[..stop.index(ops.len() + 1)], &live);
        let (again, same) = planned(&desired, &halfway);
        prop_assert_eq!(&same, &target);
        prop_assert_eq!(fold(&self::ops(&again), &halfway), target);
    }

    #[test]
    fn what_was_applied_needs_no_plan(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (plan, target) = planned(&desired, &live);
        prop_assert!(plan.residue(&target).is_empty());
        let (again, _) = planned(&desired, &target);
        prop_assert!(again.is_empty(), "{:#?}", again.steps);
    }

    #[test]
    fn what_is_missing_is_the_residue(live in state(), draft in draft()) {
        let (plan, _) = planned(&draft.against(&live), &live);
        prop_assert_eq!(plan.residue(&live).is_empty(), plan.diff.is_empty());
        prop_assert_eq!(plan.residue(&live), plan.diff);
    }

    #[test]
    fn batches_say_the_same_as_single_grants(grants in prop::collection::btree_set((0_u8..3, 0_u8..5, 0_u8..4), 0..40)) {
        let grants: BTreeSet<Grant> = grants.into_iter().map(|(path, user, role)| Grant {
            path: format!("/nodes/n{path}").parse().unwrap(),
            subject: Subject::User(format!("u{user}@pve").parse().unwrap()),
            role: format!("R{role}").parse().unwrap(),
        }).collect();
        let said: BTreeSet<Grant> = AclBatch::cover(&grants).iter().flat_map(AclBatch::grants).collect();
        prop_assert_eq!(said, grants);
    }

    #[test]
    fn what_a_file_does_not_mention_stays(live in state(), draft in draft()) {
        let desired = draft.against(&live);
        let (_, target) = planned(&desired, &live);
        for (id, before) in &live.users {
            let wish = desired.users.get(id).map(|declared| &declared.wish);
            if wish == Some(&Presence::Absent) {
                prop_assert!(!target.users.contains_key(id));
                continue;
            }
            let after = &target.users[id];
            let Some(Presence::Present(wish)) = wish else {
                prop_assert_eq!(after, before);
                continue;
            };
            prop_assert!(wish.enable != Wish::Leave || after.enable == before.enable);
            prop_assert!(wish.expire != Wish::Leave || after.expire == before.expire);
            prop_assert!(wish.comment != Wish::Leave || after.comment == before.comment);
            prop_assert_eq!(&after.keys, &before.keys);
            if wish.groups == Wish::Leave {
                let deleted = |group: &_| !target.groups.contains_key(group);
                let kept: BTreeSet<_> = live.groups_of(id).iter().filter(|group| !deleted(group)).cloned().collect();
                prop_assert_eq!(target.groups_of(id), &kept);
            }
        }
        for (id, before) in &live.tokens {
            if !desired.tokens.contains_key(id) && target.users.contains_key(id.user()) {
                prop_assert_eq!(&target.tokens[id], before);
            }
        }
        for (grant, before) in &live.acl {
            let goes = !desired.acl.contains_key(grant) && !target.acl.contains_key(grant);
            if goes {
                // Only with its subject or its role.
                prop_assert!(!target.has_subject(&grant.subject) || !target.roles.contains_key(&grant.role));
            } else if !desired.acl.contains_key(grant) {
                prop_assert_eq!(&target.acl[grant], before);
            }
        }
    }
}
