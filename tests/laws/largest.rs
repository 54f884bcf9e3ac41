//! The largest cluster that there can be, of the shape that the benchmarks have.

use pve_access::model::{AccessState, user_cfg};
use pve_access::permissions::Evaluator;
use pve_access::pve::Release;

use crate::everywhere;

#[path = "../support/largest.rs"]
pub mod file;

#[test]
fn the_largest_fills_what_a_cluster_can_hold() {
    let (users, text) = file::largest();
    assert!(text.len() < file::LIMIT);
    assert!(file::LIMIT <= file::user_cfg(users + 1).len());
    assert!(users > 5_000, "{users}");
}

#[test]
fn nothing_of_it_is_in_vain() {
    let reading = user_cfg::read(file::user_cfg(500).as_bytes(), Release::MEASURED);
    assert_eq!(reading.ignored, []);
    let (users, text) = file::largest();
    let reading = user_cfg::read(text.as_bytes(), Release::MEASURED);
    assert_eq!(reading.ignored, []);
    assert_eq!(reading.state.users.len(), users + 1);
}

#[test]
fn everybodys_outline_of_it_is_what_asking_says() {
    let (users, text) = file::largest();
    let state = user_cfg::read(text.as_bytes(), Release::MEASURED).state;
    check_some(&state, users / 40);
}

#[test]
fn a_crowd_shares_its_groups_part_and_loses_nothing_by_it() {
    for own in [|user| format!("/vms/{}", user + 100), |_| "/".to_owned()] {
        let reading = user_cfg::read(file::crowd(60, own).as_bytes(), Release::MEASURED);
        assert_eq!(reading.ignored, []);
        check_some(&reading.state, 7);
    }
}

/// Holds what everybody's outlines say against asking, for one in `step` of everybody at some paths.
fn check_some(state: &AccessState, step: usize) {
    let evaluator = Evaluator::new(state);
    let everyone = evaluator.everyone();
    let all: Vec<String> = everywhere::paths(state).into_iter().collect();
    for (number, who) in everywhere::everybody(state).into_iter().enumerate().step_by(step) {
        let mut paths: Vec<&str> = all.iter().skip(number % 211).step_by(211).map(String::as_str).collect();
        let own = state.acl.keys().filter(|grant| grant.subject.to_string().starts_with(&who.to_string()));
        paths.extend(own.map(|grant| grant.path.as_str()));
        for path in paths {
            assert_eq!(**everyone.at(&who, path), evaluator.at(&who, path), "{who} at {path}");
        }
    }
}

/// What makes the cost follow the number of users and grants, and not that of users times paths.
#[test]
fn an_outline_is_as_long_as_what_is_granted() {
    // A pool with those in it has 63 members, and each of a user's teams is granted something at one; the rest is what is
    // granted at other paths.
    const LONGEST: usize = 2 * 63 + 14;
    for users in [1_000, 4_000] {
        let state = user_cfg::read(file::user_cfg(users).as_bytes(), Release::MEASURED).state;
        let evaluator = Evaluator::new(&state);
        let longest = evaluator.everyone().iter().map(|(_, outline)| outline.entries().count()).max();
        assert!(longest.is_some_and(|entries| entries <= LONGEST), "{longest:?} for {users} users");
    }
}
