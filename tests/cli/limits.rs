//! Plans that delete too much, or that the cluster's file has no room for.

use std::fmt::Write as _;

use super::desk::Desk;

/// Ten groups, of which the file has the first ones deleted.
fn deleting(groups: usize) -> Desk {
    let lines: String = (0..10).map(|at| format!("group:team-{at}:::\n")).collect();
    let desk = Desk::with_user_cfg(&lines);
    let absent: String = (0..groups).map(|at| format!("  team-{at}: {{state: absent}}\n")).collect();
    desk.write("desired-state.yaml", &format!("version: 1\ngroups:\n{absent}"));
    desk
}

#[test]
fn four_of_ten_groups_are_not_deleted_without_a_word() {
    let desk = deleting(4);
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("4 of 10 (40 %)"), "{}", ran.stderr);
    assert!(requests.iter().all(|request| !request.is_write()));
    insta::assert_snapshot!(ran.seen());
    assert_eq!(desk.run(&["apply", "--yes", "--allow", "deletes"]).code, 0);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}

#[test]
fn three_of_ten_are() {
    assert_eq!(deleting(3).run(&["apply", "--yes"]).code, 0);
}

#[test]
fn what_the_file_of_the_cluster_has_no_room_for_is_not_begun() {
    let desk = Desk::new();
    let mut file = "version: 1\ngroups:\n".to_owned();
    let comment = "x".repeat(10_000);
    for at in 0..110 {
        let _ = writeln!(file, "  g{at:03}: {{comment: {comment}}}");
    }
    desk.write("desired-state.yaml", &file);
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 3);
    assert!(requests.iter().all(|request| !request.is_write()));
    insta::assert_snapshot!(ran.stderr);
}

/// What the guard says the cluster would do is what it does.
#[test]
fn the_step_that_is_named_is_the_one_that_is_refused() {
    let desk = Desk::new();
    let comment = "x".repeat(10_000);
    let groups: String = (0..110).map(|at| format!("  g{at:03}: {{comment: {comment}}}\n")).collect();
    desk.write("desired-state.yaml", &format!("version: 1\ngroups:\n{groups}"));
    let refused = desk.run(&["plan"]).stderr;
    let number = refused.split("with step ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let ran = desk.run(&["apply", "--yes", "--allow", "size"]);
    assert_eq!(ran.code, 4);
    assert!(ran.stdout.contains(&format!("Request {number} of 110 failed.")), "{}", ran.stdout);
}
