//! A plan for people, for programs, for a comment on a pull request, and as a difference.

use std::path::Path;

use pve_access::render::plan_schema;
use serde_json::Value;

use super::desk::{Desk, Ran};
use super::golden;

const FORMATS: [&str; 4] = ["text", "json", "markdown", "diff"];

/// Something of everything, and texts that mean something to one or another format.
fn rich() -> Desk {
    let desk = Desk::with_user_cfg(
        "user:ann@pve:1:0:Ann:Lee:ann@example.com:gone soon::\n\
         token:ann@pve!one:0:1:with its user:\n\
         user:bob@pve:1:0::::a | b `c` <b>d</b>::\n\
         user:<i>|x`@pve:1:0::::::\n\
         group:ops:ann@pve,bob@pve:on call:\n\
         group:old:bob@pve::\n\
         role:Old:VM.Audit:\n\
         acl:1:/vms:@old,bob@pve:Old:\n\
         acl:1:/nodes:ann@pve:PVEAuditor:\n\
         acl:0:/storage:@ops:PVEDatastoreUser:\n\
         acl:1:/:ghost@pve:Administrator:\n",
    );
    desk.write(
        "desired-state.yaml",
        r#"version: 1
roles:
  Old: {state: absent}
  Watch: {privs: [VM.Audit, Sys.Audit]}
groups:
  ops: {comment: "``` | </details> @everyone"}
  dashboards: {comment: "two\nlines"}
users:
  ann@pve: {state: absent}
  bob@pve: {comment: "[a](javascript:x) | \u202e+++", groups: [ops, dashboards], expire: 2030-01-01}
  ghost@pve: {comment: New colleague}
tokens:
  bob@pve!app: {comment: "\e[31mred", secret: {file: secrets/app.env, format: env, name: APP}}
acl:
  - {path: /vms, roles: Watch, groups: dashboards, tokens: bob@pve!app}
  - {path: /storage, roles: PVEDatastoreUser, groups: ops, propagate: true}
  - {path: /nodes, roles: Watch, users: "<i>|x`@pve"}
"#,
    );
    desk
}

/// In which the file, where paths are absolute, names no folder of this run.
fn plan(desk: &Desk, format: &str, more: &[&str]) -> Ran {
    desk.run(&[&["plan", "--format", format], more].concat())
}

#[test]
fn a_rich_plan_in_every_format() {
    let desk = rich();
    for format in FORMATS {
        let ran = plan(&desk, format, &["--show-undeclared", "--detailed-exitcode"]);
        assert_eq!(ran.code, 2, "{}", ran.seen());
        insta::assert_snapshot!(format!("rich_{format}"), ran.seen());
    }
}

#[test]
fn nothing_to_do_in_every_format() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", "version: 1\n");
    for format in FORMATS {
        insta::assert_snapshot!(format!("nothing_{format}"), plan(&desk, format, &[]).seen());
    }
}

/// Whoever reads the document alone has to learn of it, and whoever reads the job's log too.
#[test]
fn a_refusal_is_in_the_document_and_beside_it() {
    let desk = Desk::with_user_cfg("user:blind@pve:1:0::::::\n");
    let credential = desk.new_token("blind@pve!tok", "privsep=0");
    desk.write("desired-state.yaml", "version: 1\ngroups: {ops: {comment: On call}}\n");
    let plan =
        |arguments: &[&str]| desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap());
    for format in FORMATS {
        let ran = plan(&["plan", "--format", format]);
        assert_eq!(ran.code, 3, "{}", ran.seen());
        assert!(ran.stderr.starts_with("refused: "), "{}", ran.seen());
        insta::assert_snapshot!(format!("refused_{format}"), ran.seen());
    }
    let waived: Value = serde_json::from_str(&plan(&["plan", "--format", "json", "--allow", "blind"]).stdout).unwrap();
    assert_eq!(
        (&waived["objections"][0]["guard"], &waived["objections"][0]["waived"]),
        (&"blind".into(), &true.into())
    );
    let waived = plan(&["plan", "--format", "markdown", "--allow", "blind"]);
    assert!(waived.code == 0 && waived.stdout.contains("waived with `--allow blind`."), "{}", waived.seen());
}

/// `BLESS=1 cargo test --test cli schema` writes it anew.
#[test]
fn the_schema_is_that_of_the_types_and_holds_for_what_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/pve-access.plan.v1.json");
    let schema = plan_schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if let Err(difference) = golden::check(&file, &text) {
        panic!("{difference}");
    }

    let schema = jsonschema::validator_for(&schema).unwrap();
    let desk = rich();
    let check = |arguments: &[&str]| {
        let printed = plan(&desk, "json", arguments).stdout;
        let printed: Value = serde_json::from_str(&printed).unwrap();
        let errors: Vec<String> = schema.iter_errors(&printed).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        printed
    };
    let printed = check(&[]);
    assert_eq!(printed["changes"][1]["after"]["comment"], "two\nlines");
    desk.write("shown.yaml", "version: 1\ntokens: {bob@pve!shown: {}}\n");
    let shown = check(&["-f", "shown.yaml", "--show-secrets"]);
    assert_eq!(shown["changes"][0]["secret"], Value::Null);
    desk.write("user.cfg", "user:bob@pve:1:0::::::\n");
    desk.write("live.yaml", "version: 1\nusers: {bob@pve: {state: absent}}\n");
    assert_eq!(check(&["-f", "live.yaml", "--live", "user.cfg"])["reader"], Value::Null);

    let mut broken = printed;
    broken["steps"][0]["op"] = "explode".into();
    assert!(!schema.is_valid(&broken));
    broken["steps"][0]["op"] = "create_role".into();
    assert!(schema.is_valid(&broken));
    broken["schema"] = "pve-access.plan.v2".into();
    assert!(!schema.is_valid(&broken));
}

/// The difference between what is exported before and after is what the plan shows.
#[test]
fn a_difference_is_that_of_two_exports() {
    let desk = rich();
    let export = || {
        let text = desk.run(&["export"]).stdout;
        text[text.find("version: 1").unwrap()..].to_owned()
    };
    let before = export();
    let shown = plan(&desk, "diff", &[]).stdout;
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let after = export();
    let gone = |line: &&str| !after.lines().any(|other| other == *line);
    for line in before.lines().filter(gone) {
        assert!(shown.contains(&format!("\n-{line}\n")), "{line:?} is not in\n{shown}");
    }
    let come = |line: &&str| !before.lines().any(|other| other == *line);
    for line in after.lines().filter(come) {
        assert!(shown.contains(&format!("\n+{line}\n")), "{line:?} is not in\n{shown}");
    }
    assert_eq!(plan(&desk, "diff", &[]).stdout, "");
}
