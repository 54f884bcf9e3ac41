//! What README.md and docs/guards.md show is what is printed.

use crate::desk::Desk;

const README: &str = include_str!("../../README.md");
const GUARDS: &str = include_str!("../../docs/guards.md");

const OPERATORS: &str = "user:ann@pve:1:0::::::
group:operators:ann@pve::
acl:1:/vms:@operators:PVEVMAdmin:
";

/// A grant that takes away, and a policy that does not let it.
const FILE: &str = r#"version: 1

acl:
  - {path: /vms/101, roles: PVEVMUser, users: ann@pve}

policies:
  - name: operators can snapshot the gateways
    who: "@operators"
    always: VM.Snapshot
    on: [/vms/100, /vms/101]
"#;

/// Every paragraph of `said` stands in `text`.
fn assert_shown(text: &str, said: &str) {
    for paragraph in said.trim_end().split("\n\n") {
        assert!(text.contains(paragraph), "not shown:\n{paragraph}");
    }
}

#[test]
fn a_plan_that_takes_away_is_shown_with_its_refusal() {
    let desk = Desk::with_user_cfg(OPERATORS);
    desk.write("desired-state.yaml", FILE);
    let ran = desk.run(&["plan"]);
    assert_eq!(ran.code, 3);
    let (_, plan) = ran.stdout.split_once("\n\n").unwrap();
    assert_shown(README, plan.split_once("\n\nPlan:").unwrap().0);
    assert_shown(README, &ran.stderr);
    for line in FILE.lines().skip(2).filter(|line| !line.is_empty()) {
        assert!(README.contains(line), "{line}");
    }
}

#[test]
fn what_lint_finds_is_shown() {
    let said = Desk::asked(
        "user:api@pam:1:0::::::
token:api@pam!homepage:1924992000:1::
user:ann@pve:1:0::::::
group:operators:ann@pve::
acl:1:/:@operators:PVEAdmin:
acl:1:/:ann@pve,api@pam:PVEAuditor:
",
        "lint",
        &[],
    );
    for rule in ["error: powerless-token", "warning: hidden-group-grant"] {
        let finding = &said[said.find(rule).unwrap()..];
        assert_shown(README, &finding[..finding.find("\n  help:").unwrap()]);
    }
}

#[test]
fn what_is_deleted_at_once_is_refused_and_the_waiver_is_told() {
    let desk = Desk::with_user_cfg(&(0..10).map(|at| format!("group:g{at}:::\n")).collect::<String>());
    desk.write(
        "desired-state.yaml",
        "version: 1\ngroups: {g0: {state: absent}, g1: {state: absent}, g2: {state: absent}, g3: {state: absent}}\n",
    );
    let refused = desk.run(&["plan"]);
    assert_eq!(refused.code, 3);
    assert_shown(GUARDS, &refused.stderr);
    assert_shown(README, refused.stderr.lines().next().unwrap());
    let waived = desk.run(&["apply", "--yes", "--allow", "deletes"]);
    assert_eq!(waived.code, 0, "{}", waived.seen());
    let line = waived.stdout.lines().find(|line| line.starts_with("Waived")).unwrap();
    assert_shown(GUARDS, line);
}

/// The role that its group gives it on / would be hidden by one of its own, and nothing would get better.
#[test]
fn who_has_its_roles_through_a_group_gets_more_through_the_group() {
    let desk = Desk::with_user_cfg(
        "role:Half:Group.Allocate,Permissions.Modify,User.Modify:
user:half@pve:1:0::::::
group:half:half@pve::
acl:1:/:@half:Half:
",
    );
    let credential = desk.new_token("half@pve!ci", "privsep=0");
    desk.write(
        "desired-state.yaml",
        "version: 1\ngroups: {ops: {}}\nacl: [{path: /vms, roles: PVEVMUser, groups: ops}]\n",
    );
    let run =
        |command: &[&str]| desk.ran(&desk.command_at(&desk.serving.url(), &credential, command).output().unwrap());
    let refused = run(&["plan"]);
    assert_eq!(refused.code, 3);
    assert_shown(GUARDS, &refused.stderr);
    desk.by_hand("PUT", "/access/acl", "path=/&roles=PVEAuditor&groups=half");
    let applied = run(&["apply", "--yes"]);
    assert_eq!(applied.code, 0, "{}", applied.seen());
}
