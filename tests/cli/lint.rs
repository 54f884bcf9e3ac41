//! What lint says, how loudly, and how it exits.

use std::path::Path;

use pve_access::lint::RULES;
use pve_access::render::lint_schema;
use serde_json::{Value, json};

use super::desk::{Desk, Ran};
use super::golden;

const FAULTS: &str = "\
user:root@pam:1:0::::::
user:ann@pve:1:0::::::
token:ann@pve!ci:0:1::
token:ann@pve!full:0:0::
user:bob@pve:1:0::::::
user:eve@pve:0:0::::::
token:eve@pve!backup:0:0::
user:temp@corp:1:1700000000::::::
group:ops:ann@pve,bob@pve,gone@pve::
group:retired:::
role:Leftover:VM.Audit,VM.Console:
role:Templates:VM.Audit,VM.Clone:
acl:1:/:@ops:PVEAuditor:
acl:1:/storage:@ops:PVEAuditor:
acl:1:/vms:@ops:PVEVMUser:
acl:1:/vms:ann@pve:Templates:
acl:1:/vms/100:@ops:NoAccess:
acl:1:/vms/100:bob@pve:PVEVMAdmin:
acl:1:/vms:ann@pve!full:PVEVMUser:
acl:1:/:gone@pve:Administrator:
";

/// Untidy, and nothing worse.
const NOTES: &str = "user:ann@pve:1:0::::::\nrole:Leftover:VM.Audit:\nacl:1:/:ann@pve:PVEAuditor:\n";

fn run(user_cfg: &str, arguments: &[&str]) -> Ran {
    let desk = Desk::new();
    desk.write("user.cfg", user_cfg);
    desk.run(&[&["lint", "--live", "user.cfg"], arguments].concat())
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.seen()))
}

#[test]
fn a_cluster_full_of_faults_is_told_of_by_rule() {
    insta::assert_snapshot!(run(FAULTS, &[]).seen());
}

/// `BLESS=1 cargo test --test cli schema` writes the schema anew.
#[test]
fn findings_are_data_too_and_have_a_schema() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/pve-access.lint.v1.json");
    let schema = lint_schema();
    if let Err(difference) = golden::check(&file, &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())) {
        panic!("{difference}");
    }
    let ran = run(FAULTS, &["--format", "json"]);
    insta::assert_snapshot!(ran.stdout);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (user_cfg, arguments) in [(FAULTS, &["--allow", "ended"][..]), (NOTES, &[]), (HOSTILE, &[])] {
        let answer = parsed(&run(user_cfg, &[&["--format", "json"], arguments].concat()));
        let faults: Vec<String> = validator.iter_errors(&answer).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
    let mut wrong = parsed(&ran);
    wrong["findings"][0]["severity"] = json!("fatal");
    assert!(!validator.is_valid(&wrong));
}

/// What SARIF 2.1.0 asks of each of the parts that there are, and forges of SARIF.
#[test]
fn forges_get_sarif() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:1::\ngroup:retired:::\n");
    desk.write("desired-state.yaml", "version: 1\ngroups:\n  empty: {}\n");
    let ran = desk.run(&["lint", "--planned", "--format", "sarif"]);
    insta::assert_snapshot!(without_rules(&ran));
    let log = parsed(&ran);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for rule in rules {
        for text in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
            assert!(
                rule.pointer(text).and_then(Value::as_str).is_some_and(|text| !text.is_empty()),
                "{text} of {rule}"
            );
        }
    }
    for result in run["results"].as_array().unwrap() {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[at]["id"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].is_string());
    }
}

fn without_rules(ran: &Ran) -> String {
    let mut log = parsed(ran);
    log["runs"][0]["tool"]["driver"]["rules"] = json!("[RULES]");
    log["runs"][0]["tool"]["driver"]["semanticVersion"] = json!("[VERSION]");
    serde_json::to_string_pretty(&log).unwrap()
}

#[test]
fn only_what_is_worse_than_a_note_is_told_by_the_exit_status() {
    assert_eq!(run(FAULTS, &[]).code, 2);
    let notes = run(NOTES, &[]);
    insta::assert_snapshot!(notes.seen());
    assert_eq!(run(NOTES, &["--deny", "unused-role"]).code, 2);
    assert_eq!(
        run("user:ann@pve:1:0::::::\n", &["--allow", "missing-realm"]).stdout.lines().last(),
        Some("Nothing found.")
    );
    assert_eq!(run("", &[]).code, 1);
}

#[test]
fn the_command_line_comes_before_the_file() {
    let desk = Desk::new();
    desk.write("user.cfg", FAULTS);
    desk.write("desired-state.yaml", "version: 1\nlint: {allow: [powerless-token, endless-token, ended]}\n");
    let run = |arguments: &[&str]| desk.run(&[&["lint", "--live", "user.cfg"], arguments].concat());
    let told = run(&[]).stdout;
    assert!(!told.contains("error: powerless-token"), "{told}");
    assert!(
        told.contains("Allowed, and not shown: 1 of powerless-token, 2 of endless-token and 1 of ended."),
        "{told}"
    );
    assert!(run(&["--deny", "endless-token"]).stdout.contains("error: endless-token"));
    let both = run(&["--deny", "ended", "--allow", "ended"]);
    assert_eq!(
        (both.code, both.stderr.as_str()),
        (1, "error: `ended` is both allowed and denied\n  help: keep one of the two\n")
    );

    let all: Vec<&str> = RULES.iter().flat_map(|rule| ["--allow", rule.name]).collect();
    let quiet = run(&all);
    assert_eq!((quiet.code, quiet.stdout.lines().last()), (0, Some("Nothing found.")), "{}", quiet.seen());

    desk.write("desired-state.yaml", "version: 1\nlint: {allow: [ended}\n");
    let unsound = run(&[]);
    assert!(unsound.stderr.contains("warning: desired-state.yaml has errors"), "{}", unsound.seen());
    assert!(unsound.stdout.contains("error: powerless-token"));
}

#[test]
fn rules_that_do_not_exist_are_told() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", "version: 1\nlint: {allow: [empty-groups, nonsense]}\n");
    let told: Vec<String> = [
        &["validate"][..],
        &["plan"],
        &["lint", "-f", "desired-state.yaml"],
        &["lint", "--deny", "powerless-tokens"],
        &["lint", "--explain", "nonsense"],
    ]
    .iter()
    .map(|arguments| desk.run(arguments).seen())
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_plan_is_looked_at_before_it_is_made() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\nacl:1:/:ann@pve:PVEAuditor:\n");
    desk.write(
        "desired-state.yaml",
        "version: 1\nlint: {allow: [endless-token, powerful-token]}\ntokens:\n  ann@pve!homepage:\n    comment: Zeros\n",
    );
    assert_eq!(desk.run(&["lint"]).code, 0, "it is not there yet");
    insta::assert_snapshot!(desk.run(&["lint", "--planned"]).seen());
    let answer = parsed(&desk.run(&["lint", "--planned", "--format", "json"]));
    assert_eq!(answer["side"], "planned");
    assert_eq!(answer["findings"][0]["place"], json!({"file": "desired-state.yaml", "line": 4, "column": 3}));
    desk.write("desired-state.yaml", "version: 1\ntokens:\n  gone@pve!homepage: {}\n");
    assert_eq!(desk.run(&["lint", "--planned"]).code, 1, "it cannot be made");
}

const HOSTILE: &str = "user:\u{1b}[31mred\u{202e}$(id)@pve:1:0::::::\ntoken:\u{1b}[31mred\u{202e}$(id)@pve!ci:0:1::\n\
                       user:`id`;x|\"@pve:0:0::::::\ntoken:`id`;x|\"@pve!ci:0:1::\nuser:'@pve:1:1::::::\ngroup:ops:\u{7}gone@pve::\n";

#[test]
fn names_are_never_obeyed() {
    insta::assert_snapshot!(run(HOSTILE, &[]).seen());
    for format in ["text", "json", "sarif"] {
        let ran = run(HOSTILE, &["--format", format]);
        assert!(ran.stdout.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{}", ran.seen());
    }
}

#[test]
fn many_findings_are_counted_and_all_are_shown_on_demand() {
    let many: String = (0..40).map(|role| format!("role:R{role}:VM.Audit,VM.Backup:\n")).collect();
    let some = run(&many, &[]).stdout;
    assert!(some.contains("  and 30 more (--full shows all)\n") && some.ends_with("40 notes.\n"), "{some}");
    let all = run(&many, &["--full"]).stdout;
    assert!(all.contains("role R39 is granted nowhere") && !all.contains("more"), "{all}");
}

/// A reader that does not see everything is told what was not looked for.
#[test]
fn what_cannot_be_seen_is_not_missed() {
    let desk = Desk::with_user_cfg("group:retired:::\nrole:Leftover:VM.Audit:\nacl:1:/:gone@pve:PVEAuditor:\n");
    desk.by_hand("POST", "/access/users", "userid=ci@pve");
    let token = desk.new_token("ci@pve!look", "privsep=0");
    let ran = desk.ran(&desk.command_at(&desk.serving.url(), &token, &["lint"]).output().unwrap());
    insta::assert_snapshot!(ran.seen());
    assert!(!ran.stdout.contains("error:") && !ran.stdout.contains("warning:"), "{}", ran.seen());
    assert!(desk.run(&["lint"]).stdout.contains("vanished-subject"));
}

#[test]
fn rules_are_listed_and_explained() {
    let desk = Desk::new();
    let listed = desk.run(&["lint", "--list"]);
    assert_eq!(listed.stdout.lines().count(), RULES.len());
    insta::assert_snapshot!(desk.run(&["lint", "--explain", "powerless-token"]).seen());
}
