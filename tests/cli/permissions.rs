//! Who may do what, asked of files, of a server and of the sandbox.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::desk::Desk;

/// A dashboard's token as the web interface makes it, and people who wonder.
const CLUSTER: &str = "\
user:root@pam:1:0:::root@example.test:::
user:api@pam:1:0::::Dashboard::
token:api@pam!homepage:0:1:Homepage:
token:api@pam!old:1000:0::
user:ann@pve:1:0::::::
token:ann@pve!deploy:0:1::
user:bob@pve:0:1000::::::
user:new@pve:1:0::::::

group:api-ro-users:api@pam:Read-only API consumers:
group:ops:ann@pve,bob@pve::
group:dev:ann@pve::

pool:lab::100,101:nfs1:

role:Power:VM.PowerMgmt:
role:Watch:VM.Audit:

acl:1:/:@api-ro-users:PVEAuditor:
acl:1:/vms:@ops:PVEVMAdmin:
acl:1:/vms/100:ann@pve:Watch:
acl:1:/vms/102:@ops:NoAccess:
acl:1:/pool/lab:@dev:Power:
acl:0:/nodes:@dev:PVEAuditor:
acl:1:/vms:ann@pve!deploy:Power:
acl:1:/storage:ann@pve!deploy:PVEDatastoreUser:
acl:1:/:api@pam!old:PVEAdmin:
";

/// A sandbox has its own, with a token that a second line would forget.
fn without_root(file: &str) -> String {
    file.split_once('\n').unwrap().1.to_owned()
}

fn asked(arguments: &[&str]) -> String {
    Desk::asked(CLUSTER, "permissions", arguments)
}

/// Somebody who has never heard of privilege separation.
#[test]
fn a_separated_token_without_grants_is_explained() {
    let desk = Desk::new();
    let ran = desk.pipe(CLUSTER, &["permissions", "api@pam!homepage", "--live", "-", "--why"]);
    insta::assert_snapshot!(ran.seen());
    let (shown, _) = ran.stdout.split_once("\nWhy at").unwrap();
    assert!(include_str!("../../README.md").contains(shown), "README.md shows it");
}

#[test]
fn what_somebody_may_do_is_outlined() {
    insta::assert_snapshot!(asked(&["ann@pve"]));
}

/// His own entry hides what his group gives.
#[test]
fn why_he_cannot_start_that_guest() {
    let told = asked(&["ann@pve", "--path", "/vms/100", "--why"]);
    insta::assert_snapshot!(told);
    // Not hidden behind "and 9 more": it is what was looked for.
    assert!(told.split_once("would add").unwrap().1.contains("VM.Console"), "{told}");
}

#[test]
fn no_access_is_named() {
    insta::assert_snapshot!(asked(&["ann@pve", "--path", "vms//102/", "--why"]));
}

#[test]
fn both_sides_of_a_separated_token_are_shown() {
    insta::assert_snapshot!(asked(&["ann@pve!deploy", "--why"]));
}

#[test]
fn a_token_without_separation_holds_what_its_user_holds() {
    insta::assert_snapshot!(asked(&["api@pam!old", "--why"]));
}

#[test]
fn who_is_refused_at_the_door_is_told_so() {
    insta::assert_snapshot!(asked(&["bob@pve", "--path", "/"]));
}

#[test]
fn somebody_without_grants_holds_nothing() {
    insta::assert_snapshot!(asked(&["new@pve", "--why"]));
}

#[test]
fn reasons_are_data_too() {
    insta::assert_snapshot!(asked(&["ann@pve", "--path", "/vms/100", "--why", "--format", "json"]));
}

#[test]
fn names_that_do_not_exist_are_met_with_near_ones() {
    let told: Vec<String> =
        ["homepage", "api@pve", "anne@pve", "ann@pve!deplyo", "api!homepage", "@ops", "nobody@ldap", "a b"]
            .into_iter()
            .map(|who| asked(&[who]))
            .chain([asked(&["ann@pve", "--path", "/vm/100"]), asked(&["ann@pve", "--path", "C:"])])
            .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_group_is_asked_for_by_members_that_exist() {
    let asked =
        |members: &str| Desk::asked(&format!("user:ann@pve:1\ngroup:ops:{members}:\n"), "permissions", &["@ops"]);
    assert!(asked("ann@pve,gone@corp").contains("such as `ann@pve`\n"), "{}", asked("ann@pve,gone@corp"));
    assert!(asked("gone@corp").contains("none of its members exists"), "{}", asked("gone@corp"));
}

#[test]
fn what_a_file_says_in_vain_is_warned_of() {
    let desk = Desk::new();
    desk.write("user.cfg", "# by hand\nuser:ann@pve:1\nacl:1:/vms:ann@pve:Lost,PVEVMUser\nuser:ann@pve:soon\n");
    insta::assert_snapshot!(desk.run(&["permissions", "ann@pve", "--live", "user.cfg", "--path", "/nodes"]).seen());
}

#[test]
fn what_is_no_user_cfg_is_refused() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", super::desk::HOMEPAGE);
    let told = [
        desk.pipe("", &["permissions", "ann@pve", "--live", "-"]),
        desk.run(&["permissions", "ann@pve", "--live", "desired-state.yaml"]),
        desk.run(&["permissions", "ann@pve", "--live", "missing.cfg"]),
        desk.run(&["apply", "--live", "user.cfg"]),
        desk.run(&["permissions", "ann@pve", "--live", "user.cfg", "--sandbox"]),
    ];
    insta::assert_snapshot!(told.map(|ran| ran.seen()).join("\n"));
}

/// With domains.cfg beside it a realm is known, without it none is missed.
#[test]
fn a_copy_is_planned_against() {
    let desk = Desk::new();
    desk.write("user.cfg", CLUSTER);
    desk.write("desired-state.yaml", "version: 1\nusers: {ann@pve: {enable: true}, eve@corp: {groups: ops}}\n");
    let (ran, requests) = desk.requests_of(|| desk.run(&["plan", "--live", "user.cfg", "--detailed-exitcode"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.is_empty(), "nobody was asked");
    desk.write("domains.cfg", "ldap: other\n\tserver1 ldap.example.test\n");
    assert!(desk.run(&["plan", "--live", "user.cfg"]).stderr.contains("there is no realm `corp`"));
}

/// The program's answers are the recorded ones, byte for byte what GET /access/permissions says.
#[test]
fn recorded_answers_are_given() {
    let folder = std::env::var_os("PVE_FIXTURES").map_or_else(|| "tests/fixtures/pve".into(), PathBuf::from);
    let mut asked = 0;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("permissions")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let case: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let sets = case["privilege_sets"].as_array().unwrap();
        // One of each file: which one depends on the file.
        let principals = case["principals"].as_object().unwrap();
        let (who, answers) = principals.iter().nth(asked % principals.len()).unwrap();
        let recorded: BTreeMap<&String, &Value> = answers["effective"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, set)| (path, &sets[usize::try_from(set.as_u64().unwrap()).unwrap()]))
            .collect();
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pve-access"))
            .env_clear()
            .args(["permissions", who, "--format", "json", "--live"])
            .arg(file.with_extension("cfg"))
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["schema"], "pve-access.permissions.v1");
        assert_eq!(answer["principal"], who.as_str());
        assert_eq!(answer["permissions"], serde_json::to_value(&recorded).unwrap(), "{who} in {}", file.display());
        asked += 1;
    }
    assert!(asked > 0);
}

/// Over the API as the server itself says, pools and their storages included; and in the sandbox's own folder.
#[test]
fn a_server_is_asked_and_agreed_with() {
    let desk = Desk::with_user_cfg(&without_root(&CLUSTER.replace("nfs1", "local")));
    for who in ["ann@pve", "api@pam", "ann@pve!deploy"] {
        let answer = desk.by_hand("GET", &format!("/access/permissions?userid={who}"), "");
        let server: Value = serde_json::from_str(&answer).unwrap();
        let ours = desk.run(&["permissions", who, "--format", "json"]);
        let mut ours: Value = serde_json::from_str(&ours.stdout).unwrap();
        // Guests that do not exist are hidden by GET /pools and GET /pools/{poolid}.
        let mut server = server["data"].clone();
        for permissions in [&mut server, &mut ours["permissions"]] {
            permissions.as_object_mut().unwrap().remove("/vms/101");
            permissions.as_object_mut().unwrap().remove("/vms/100");
        }
        assert_eq!(ours["permissions"], server, "{who}");
    }
    let ran = desk.run(&["permissions", "ann@pve", "--path", "/storage/local"]);
    assert!(ran.stdout.contains("/storage/local: all of Power"), "{}", ran.seen());
    let ran = desk.run(&["permissions", "ann@pve", "--path", "/vms/101", "--why", "--sandbox=cluster"]);
    assert!(ran.stdout.contains("through pool lab"), "{}", ran.seen());
}

fn credential(desk: &Desk) -> String {
    desk.new_token("ann@pve!ci", "privsep=0")
}

/// Who does not see what decides an answer says so, and has the server's own for itself.
#[test]
fn what_cannot_be_seen_is_said() {
    let desk = Desk::with_user_cfg(&without_root(CLUSTER));
    let credential = credential(&desk);
    let run = |arguments: &[&str]| {
        desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap()).seen()
    };
    desk.by_hand("PUT", "/access/acl", "path=/access/groups&roles=PVEUserAdmin&users=ann@pve");
    let told = [
        run(&["permissions", "ann@pve!ci", "--path", "/vms", "--why"]),
        run(&["permissions", "ann@pve", "--path", "/vms"]),
        run(&["permissions", "api@pan"]),
        run(&["permissions", "ann@pve!ci", "--path", "/vms/102", "--format", "json"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

/// A token that may do nothing may not even see that it is there: for itself it has the server's word.
#[test]
fn who_may_see_nothing_is_answered_for_itself() {
    let desk = Desk::with_user_cfg(&without_root(CLUSTER));
    let credential = desk.new_token("api@pam!zeros", "privsep=1");
    let run = |arguments: &[&str]| {
        desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap()).seen()
    };
    let told = [
        run(&["permissions", "api@pam!zeros", "--why"]),
        run(&["permissions", "api@pam!zeros", "--format", "json"]),
        run(&["permissions", "api@pam!homepage"]),
        run(&["who-can", "VM.Audit", "/"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

/// Nobody concludes from what cannot be seen that it is not there.
#[test]
fn reasons_do_not_deny_what_cannot_be_seen() {
    let desk = Desk::with_user_cfg(&without_root(CLUSTER));
    let credential = credential(&desk);
    desk.by_hand("PUT", "/access/acl", "path=/access/groups&roles=PVEUserAdmin&users=ann@pve");
    let run =
        |arguments: &[&str]| desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap());
    let told = run(&["permissions", "api@pam!homepage", "--why"]);
    insta::assert_snapshot!(told.stdout);
    assert!(
        desk.run(&["permissions", "api@pam!homepage", "--why"]).stdout.contains("To mend it"),
        "there is a way out"
    );
}

/// What is granted beside the token's own entry counts; above it, it would be replaced.
#[test]
fn what_is_advised_is_not_replaced() {
    let desk = Desk::new();
    let cluster =
        CLUSTER.to_owned() + "acl:1:/vms/101:ann@pve!deploy:PVEDatastoreUser:\nacl:1:/nodes:ann@pve!deploy:NoAccess:\n";
    let token = "ann@pve!deploy";
    let told = ["/vms/101", "/nodes"].map(|path| {
        desk.write("user.cfg", &cluster);
        let told = desk.run(&["permissions", token, "--path", path, "--why", "--live", "user.cfg"]);
        told.stdout.split_once("\nWhy at").unwrap().0.to_owned()
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_separated_token_of_root_is_explained_too() {
    let desk = Desk::new();
    desk.write("user.cfg", "token:root@pam!homepage:0:1::\n");
    insta::assert_snapshot!(desk.run(&["permissions", "root@pam!homepage", "--why", "--live", "user.cfg"]).seen());
}

/// Refused at the door, an empty answer is not what it gets; and the door can be opened.
#[test]
fn who_is_refused_is_told_the_way_in() {
    let desk = Desk::new();
    desk.write("user.cfg", &CLUSTER.replace("user:api@pam:1:0", "user:api@pam:0:1000"));
    let told = desk.run(&["permissions", "api@pam!homepage", "--why", "--live", "user.cfg"]);
    insta::assert_snapshot!(told.stdout.split_once("\nWhy at").unwrap().0);
    let told = asked(&["api@pam!old", "--why"]);
    assert!(told.contains("pveum user token modify api@pam old --expire 0"), "{told}");
}

#[test]
fn what_is_typed_in_place_of_a_name_is_recognised() {
    let left = CLUSTER.replace("acl:1:/:@api", "acl:1:/:gone@ldap:PVEAuditor:\nacl:1:/:@api");
    let desk = Desk::new();
    desk.write("user.cfg", &left);
    let run = |arguments: &[&str]| desk.run(&[&["permissions", "--live", "user.cfg"], arguments].concat()).seen();
    let told = [
        run(&["ops"]),
        run(&["@nobody"]),
        run(&["PVEAuditor"]),
        run(&["VM.Audit"]),
        run(&["/vms/100"]),
        run(&["ann@pve", "/vms/100"]),
        run(&["/vms/100", "ann@pve"]),
        run(&["ann@pve", "api@pam"]),
        run(&["gone@ldap"]),
        run(&["ann@pve", "--path", "100"]),
        run(&["ann@pve", "--path", "lab"]),
        run(&["ann@pve", "--path", "/vms/nfs1"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

/// Which side of a separated token lacks it, named however many there are.
#[test]
fn the_side_that_lacks_it_is_named() {
    insta::assert_snapshot!(asked(&["ann@pve!deploy", "--path", "/vms/103", "--why"]));
}

/// A typing error in the folder's name shows.
#[test]
fn a_sandbox_that_is_made_by_looking_is_said() {
    let desk = Desk::new();
    let first = desk.run(&["permissions", "root@pam", "--path", "/", "--sandbox=typo"]);
    assert!(first.stderr.contains("there was no sandbox in typo"), "{}", first.seen());
    let second = desk.run(&["permissions", "root@pam", "--path", "/", "--sandbox=typo"]);
    assert_eq!(second.stderr, "");
}

/// Hundreds of guests with the same grants: the privileges are listed once, and what is not explained is counted.
#[test]
fn a_long_answer_stays_readable() {
    let desk = Desk::new();
    let mut file = "user:ann@pve:1\nrole:Own:VM.Audit,VM.Console:\n".to_owned();
    for guest in 100..250 {
        let role = if guest % 50 == 0 { "Own" } else { "PVEVMUser" };
        file.push_str(&format!("acl:1:/vms/{guest}:ann@pve:{role}:\n"));
    }
    desk.write("user.cfg", &file);
    insta::assert_snapshot!(desk.run(&["permissions", "ann@pve", "--live", "user.cfg"]).seen());
    let told = desk.run(&["permissions", "ann@pve", "--why", "--live", "user.cfg"]).stdout;
    assert_eq!(told.matches("Why at /vms/").count(), 100);
    assert!(told.ends_with("Why at 50 more paths: ask for one with --path.\n"), "{told}");
    let data = desk.run(&["permissions", "ann@pve", "--why", "--format", "json", "--live", "user.cfg"]).stdout;
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["why"].as_array().unwrap().len(), 150);
}

/// A grant that never counts is found without naming its path.
#[test]
fn what_is_granted_in_vain_is_said_everywhere() {
    let desk = Desk::new();
    let file = "user:ann@pve:1\ntoken:ann@pve!ci:0:0\nacl:1:/:ann@pve:PVEAuditor:\nacl:1:/vms:ann@pve!ci:NoAccess:\n";
    desk.write("user.cfg", file);
    let told = desk.run(&["permissions", "ann@pve!ci", "--why", "--live", "user.cfg"]).stdout;
    let (_, vms) = told.split_once("Why at /vms\n").unwrap();
    assert!(vms.contains("never looked at") && vms.contains("NoAccess on /vms to ann@pve!ci"), "{told}");
}
