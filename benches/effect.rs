//! How long it takes to know what a plan means, by the number of users.
//!
//! `cargo bench --bench effect`; what the clusters look like is said in `tests/support/largest.rs`.

use divan::Bencher;
use pve_access::model::{AccessState, Propagate, user_cfg};
use pve_access::plan::Effect;
use pve_access::pve::{Privilege, Release};

#[path = "../tests/support/largest.rs"]
mod largest;

const USERS: [usize; 3] = [1_000, 2_000, 5_000];

fn main() {
    divan::main();
}

fn read(text: &str) -> AccessState {
    user_cfg::read(text.as_bytes(), Release::MEASURED).state
}

/// Each grant at another role and with the other flag, each token with the other kind of rights, and every user in one group
/// less.
fn turned_over(state: &AccessState) -> AccessState {
    let mut other = state.clone();
    let audit: Privilege = "VM.Audit".parse().expect("a privilege");
    for role in other.roles.values_mut().filter(|role| role.privs.len() < 4) {
        if !role.privs.remove(&audit) {
            role.privs.insert(audit.clone());
        }
    }
    other.acl = state.acl.iter().map(|(grant, reach)| (grant.clone(), Propagate::from(!reach.is_yes()))).collect();
    for token in other.tokens.values_mut() {
        token.privsep = (!token.privsep.is_yes()).into();
    }
    for groups in other.memberships.values_mut() {
        groups.pop_last();
    }
    other.memberships.retain(|_, groups| !groups.is_empty());
    other
}

#[divan::bench(args = USERS, sample_count = 10)]
fn nothing_changed(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::user_cfg(users));
    bencher.bench(|| Effect::between(&state, &state, 0));
}

#[divan::bench(args = USERS, sample_count = 10)]
fn everything_changed(bencher: Bencher<'_, '_>, users: usize) {
    let before = read(&largest::user_cfg(users));
    let after = turned_over(&before);
    bencher.bench(|| Effect::between(&before, &after, 0));
}

#[divan::bench(sample_count = 5)]
fn everything_changed_in_the_largest(bencher: Bencher<'_, '_>) {
    let before = read(&largest::largest().1);
    let after = turned_over(&before);
    bencher.bench(|| Effect::between(&before, &after, 0));
}

/// A group that is granted something at a thousand guests is gone; each member has something at `/`, so that no two
/// share what they lose.
#[divan::bench(args = [1_000, 2_000], sample_count = 5)]
fn a_crowd_lost_its_group(bencher: Bencher<'_, '_>, users: usize) {
    let before = read(&largest::crowd(users, |_| "/".to_owned()));
    let mut after = before.clone();
    after.remove_group(&"all".parse().expect("a group"));
    bencher.bench(|| Effect::between(&before, &after, 0));
}
