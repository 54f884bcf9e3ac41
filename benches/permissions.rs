//! How long it takes to know who may do what, by the number of users.
//!
//! `cargo bench`; what the clusters look like is said in `tests/support/largest.rs`.

use std::hint::black_box;

use divan::Bencher;
use pve_access::model::{AccessState, user_cfg};
use pve_access::permissions::Evaluator;
use pve_access::pve::Release;

#[path = "../tests/support/largest.rs"]
mod largest;

const USERS: [usize; 4] = [1_000, 2_000, 5_000, 10_000];

fn main() {
    divan::main();
}

fn read(text: &str) -> AccessState {
    user_cfg::read(text.as_bytes(), Release::MEASURED).state
}

fn everyone(state: &AccessState) {
    black_box(Evaluator::new(state).everyone());
}

#[divan::bench(args = USERS, sample_count = 10)]
fn reading(bencher: Bencher<'_, '_>, users: usize) {
    let text = largest::user_cfg(users);
    bencher.bench(|| read(&text));
}

#[divan::bench(args = USERS, sample_count = 10)]
fn outlines_of_everyone(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::user_cfg(users));
    bencher.bench(|| everyone(&state));
}

/// A group that is granted something at a thousand guests, its members each something at a guest.
#[divan::bench(args = USERS, sample_count = 10)]
fn outlines_of_a_crowd(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::crowd(users, |user| format!("/vms/{}", user + 100)));
    bencher.bench(|| everyone(&state));
}

/// The same, its members each something at `/`, above all that the group is granted, so that an outline has
/// a thousand entries that nobody shares.
#[divan::bench(args = USERS[..2].iter().copied(), sample_count = 10)]
fn outlines_of_a_crowd_with_grants_at_the_top(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::crowd(users, |_| "/".to_owned()));
    bencher.bench(|| everyone(&state));
}

#[divan::bench(args = USERS, sample_count = 10)]
fn one_whole_answer(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::user_cfg(users));
    let evaluator = Evaluator::new(&state);
    let who = "u500@pve".parse().expect("a user id");
    bencher.bench(|| evaluator.effective(&who));
}

#[divan::bench(args = USERS, sample_count = 10)]
fn one_explanation(bencher: Bencher<'_, '_>, users: usize) {
    let state = read(&largest::user_cfg(users));
    let evaluator = Evaluator::new(&state);
    let who = "u500@pve!ci".parse().expect("a token id");
    bencher.bench(|| evaluator.explain(&who, "/vms/600"));
}

#[divan::bench(sample_count = 10)]
fn reading_and_outlines_of_the_largest(bencher: Bencher<'_, '_>) {
    let (_, text) = largest::largest();
    bencher.bench(|| everyone(&read(&text)));
}
