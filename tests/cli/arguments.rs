//! Help, and what is typed wrong.

use super::desk::Desk;

#[test]
fn help_teaches() {
    let desk = Desk::new();
    for (name, arguments) in [
        ("help", &["--help"][..]),
        ("help_validate", &["validate", "--help"][..]),
        ("help_plan", &["plan", "--help"][..]),
        ("help_apply", &["apply", "--help"][..]),
        ("help_export", &["export", "--help"][..]),
        ("help_permissions", &["permissions", "--help"][..]),
        ("help_who_can", &["who-can", "--help"][..]),
        ("help_sandbox", &["sandbox", "--help"][..]),
    ] {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 0);
        insta::assert_snapshot!(name, ran.stdout);
    }
}

#[test]
fn what_is_typed_wrong_exits_with_1() {
    let desk = Desk::new();
    let seen: Vec<String> = [
        &["pln"][..],
        &["plan", "--sandbox", "--endpoint", "x"][..],
        &["plan", "--allow", "everything"][..],
        &["validate", "--release", "nine"][..],
        &["sandbox", "--listen", "192.0.2.1:8006"][..],
        &["plan"][..],
        &["rotate", "api@pam!homepage", "--set-passwords"][..],
    ]
    .into_iter()
    .map(|arguments| {
        let ran = desk.run(arguments);
        assert_eq!(ran.code, 1, "{}", ran.seen());
        format!("$ {}\n{}", arguments.join(" "), ran.seen())
    })
    .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", super::desk::HOMEPAGE);
    assert!(!desk.run(&["plan"]).stdout.contains('\u{1b}'));
    assert!(desk.run(&["plan", "--color", "always"]).stdout.contains("\u{1b}[32m+\u{1b}[0m"));
    assert!(!desk.run(&["plan", "--color", "never"]).stdout.contains('\u{1b}'));
}
