//! How long it takes to find an order of many steps in which nobody comes to harm, and to say who would.
//!
//! `cargo bench --bench planning`; what the clusters look like is said in `tests/support/largest.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use divan::Bencher;
use pve_access::live::{Sight, Snapshot};
use pve_access::model::{AccessState, Grant, Propagate, user_cfg};
use pve_access::plan::{Aim, Plan};
use pve_access::pve::{Release, RoleId, Subject};

#[allow(dead_code, reason = "other benchmarks and tests use the rest")]
#[path = "../tests/support/largest.rs"]
mod largest;

fn main() {
    divan::main();
}

fn id(role: &str) -> RoleId {
    role.parse().expect("a role's name")
}

/// Every grant is of another role, and some roles are narrower.
fn everything_changed(live: &AccessState) -> AccessState {
    let mut target = live.clone();
    let next = |role: &RoleId| match role.as_str() {
        "PVEVMUser" => id("PVEAuditor"),
        "PVEAuditor" => id("PVEVMUser"),
        "r0" => id("PVEVMAdmin"),
        _ => id("r0"),
    };
    let swap =
        |(grant, propagate): (&Grant, &Propagate)| (Grant { role: next(&grant.role), ..grant.clone() }, *propagate);
    target.acl = live.acl.iter().map(swap).collect();
    for role in ["r0", "r1"] {
        if let Some(role) = target.roles.get_mut(&id(role)) {
            role.privs.pop_last();
        }
    }
    target
}

/// Every second user's own grant is of another role.
fn much_changed(live: &AccessState) -> AccessState {
    let mut target = live.clone();
    let own = live.acl.keys().filter(|grant| matches!(&grant.subject, Subject::User(_))).step_by(2);
    let swapped: BTreeMap<Grant, Grant> =
        own.map(|grant| (grant.clone(), Grant { role: id("PVETemplateUser"), ..grant.clone() })).collect();
    for (before, after) in swapped {
        if let Some(propagate) = target.acl.remove(&before) {
            target.acl.insert(after, propagate);
        }
    }
    target
}

fn plan(bencher: Bencher<'_, '_>, users: usize, change: fn(&AccessState) -> AccessState) {
    let live = user_cfg::read(largest::user_cfg(users).as_bytes(), Release::MEASURED).state;
    let target = change(&live);
    let reader = "u1@pve".parse().ok();
    let live =
        Snapshot { state: live, sight: Sight::Full, reader, cluster: String::new(), lock: None, ignored: Vec::new() };
    let aim = || Aim {
        live: live.clone(),
        target: target.clone(),
        kept: Vec::new(),
        unseen: BTreeSet::new(),
        renewed: BTreeSet::new(),
        sinks: BTreeMap::new(),
        passwords: BTreeMap::new(),
        uncompared: BTreeMap::new(),
        policies: Vec::new(),
        now: 1_800_000_000,
    };
    bencher.with_inputs(aim).bench_local_values(|aim| black_box(Plan::new(aim)));
}

const USERS: [usize; 3] = [1_000, 4_000, 7_900];

#[divan::bench(args = USERS, sample_count = 3)]
fn of_everything(bencher: Bencher<'_, '_>, users: usize) {
    plan(bencher, users, everything_changed);
}

#[divan::bench(args = USERS, sample_count = 3)]
fn of_much(bencher: Bencher<'_, '_>, users: usize) {
    plan(bencher, users, much_changed);
}
