//! What must hold, and what is said where it does not.

use super::desk::Desk;

const LIVE: &str = "\
user:api@pve:1:0::::::
token:api@pve!homepage:0:0::
user:ann@pve:1:0::::::
user:bob@pve:1:0::::::
user:old@pve:0:0::::::
group:operators:ann@pve,bob@pve::
group:nobody:::
role:Power:VM.PowerMgmt,VM.Console,VM.Audit:
acl:1:/:api@pve:PVEAuditor:
acl:1:/vms:@operators:Power:
";

const POLICIES: &str = "\
version: 1
policies:
  - name: dashboards never write
    who: \"api@pve*\"
    never: [\"*.Modify\", \"*.Allocate*\", VM.PowerMgmt]
  - name: operators reach consoles
    who: \"@operators\"
    always: VM.Console
    on: \"/vms/*\"
";

fn desk(files: &str) -> Desk {
    let desk = Desk::with_user_cfg(LIVE);
    desk.write("desired-state.yaml", files);
    desk
}

#[test]
fn policies_that_hold_are_counted() {
    let desk = desk(POLICIES);
    insta::assert_snapshot!(desk.run(&["plan", "--detailed-exitcode"]).seen());
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
}

#[test]
fn a_plan_that_would_break_one_is_refused_and_nothing_waives_it() {
    let files = format!(
        "{POLICIES}\
acl:
  - {{path: /pool/dev, roles: PVEVMAdmin, users: api@pve}}
  - {{path: /vms/100, roles: PVEAuditor, users: ann@pve, propagate: false}}
"
    );
    let desk = desk(&files);
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
    let all = ["blind", "deletes", "escalation", "lockout", "size", "stale"].map(|name| format!("--allow={name}"));
    let mut arguments = vec!["apply", "--yes"];
    arguments.extend(all.iter().map(String::as_str));
    let (ran, requests) = desk.requests_of(|| desk.run(&arguments));
    assert_eq!(ran.code, 3, "{}", ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
}

/// Somebody has granted something by hand: there is nothing to do, and yet something is wrong.
#[test]
fn what_breaks_one_already_is_told_though_there_is_nothing_to_do() {
    let desk = desk(POLICIES);
    desk.by_hand("PUT", "/access/acl", "path=/vms/100&roles=PVEVMAdmin&users=api@pve&propagate=0");
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
    desk.write(
        "desired-state.yaml",
        &format!("{POLICIES}acl:\n  - {{path: /vms/100, roles: PVEVMAdmin, users: api@pve, state: absent}}\n"),
    );
    let mended = desk.run(&["apply", "--yes"]);
    assert_eq!(mended.code, 0, "{}", mended.seen());
}

#[test]
fn who_is_named_must_be_there_and_let_in() {
    let files = "\
version: 1
policies:
  - {name: emergency, who: [old@pve, gone@pve, bob@pve], always: Permissions.Modify, on: \"/**\"}
  - {name: nobody, who: [\"@nobody\", \"@typo\", \"x*@pve\"], never: \"*\"}
  - {name: old ones are passed over, who: \"old@*\", always: \"*\", on: \"/**\"}
users:
  bob@pve: {enable: false}
";
    insta::assert_snapshot!(desk(files).run(&["plan"]).seen());
}

/// Many who do the same are told together, many things of one policy up to a number that is said.
#[test]
fn many_breaches_are_told_in_few_words() {
    let mut live = LIVE.to_owned();
    for number in 100..140 {
        live.push_str(&format!("user:u{number}@pve:1:0::::::\nacl:1:/vms/{number}:u{number}@pve:Power:\n"));
        live.push_str(&format!("user:w{number}@pve:1:0::::::\nacl:1:/nodes:w{number}@pve:Power:\n"));
    }
    let desk = Desk::with_user_cfg(&live);
    desk.write("desired-state.yaml", "version: 1\npolicies: [{name: quiet, who: '*@pve', never: VM.PowerMgmt}]\n");
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn a_reader_who_does_not_see_all_is_told_so() {
    let desk = desk(&format!("{POLICIES}  - {{name: not missing, who: ann@pve, always: VM.Console, on: /vms/100}}\n"));
    desk.by_hand("POST", "/access/users", "userid=ci@pve");
    let credential = desk.new_token("ci@pve!sync", "privsep=0");
    let ran = desk.ran(&desk.command_at(&desk.serving.url(), &credential, &["plan"]).output().unwrap());
    insta::assert_snapshot!(ran.seen());
    assert_eq!(desk.run(&["plan"]).code, 0, "she is there");
}

/// However many are out of sight: a policy tells of ten breaches at most, and these are none.
#[test]
fn nobody_out_of_sight_is_missing() {
    let names: Vec<String> = (0..12).map(|number| format!("u{number}@pve")).collect();
    let users: String = names.iter().map(|name| format!("user:{name}:1:0::::::\n")).collect();
    let desk = Desk::with_user_cfg(&format!("{users}user:ci@pve:1:0::::::\n"));
    desk.write(
        "desired-state.yaml",
        &format!(
            "version: 1\npolicies: [{{name: crew, who: [{}], always: VM.Audit, on: /vms/100}}]\n",
            names.join(", ")
        ),
    );
    let credential = desk.new_token("ci@pve!sync", "privsep=0");
    let ran = desk.ran(&desk.command_at(&desk.serving.url(), &credential, &["plan"]).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(desk.run(&["plan"]).code, 3, "who sees them all sees what they lack");
}

#[test]
fn policies_that_make_no_sense_are_found_without_a_cluster() {
    let files = "\
version: 1
policies:
  - {name: one, who: ann@pve, never: [VM.Monitor, \"VM.Foo*\", VM.Replicate], on: \"/vms/*\"}
  - {name: two, who: ann@pve, never: \"VM.*\", always: [VM.Audit, VM.Console], on: \"/**\"}
  - {name: three, who: \"*@pve\", never: Sys.Audit}
  - {name: four, who: ann@pve, always: Sys.Audit, on: [/, /nodes]}
  - {name: root, who: \"*\", never: VM.Audit, on: /vms}
";
    let desk = desk(files);
    let seen: Vec<String> = [&["validate"][..], &["validate", "--release", "8.4"], &["plan"]]
        .iter()
        .map(|arguments| format!("$ {}\n{}", arguments.join(" "), desk.run(arguments).seen()))
        .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

/// Names of files and policies are somebody's.
#[test]
fn nothing_in_a_policy_reaches_the_terminal_raw() {
    let files = "version: 1\npolicies: [{name: \"a\\e[31m\\u202eb\", who: '@operators', never: '*'}]\n";
    let seen = desk(files).run(&["plan"]).seen();
    assert!(
        seen.contains("a\\u{1b}[31m\\u{202e}b") && !seen.contains('\u{1b}') && !seen.contains('\u{202e}'),
        "{seen}"
    );
}
