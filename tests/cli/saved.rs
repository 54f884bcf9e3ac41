//! A plan that is made now and carried out later, as it was shown or not at all.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::desk::{Desk, HOMEPAGE, Ran};

fn desk() -> Desk {
    let desk = Desk::with_user_cfg(
        "user:ann@pve:1:0::::on leave:x!oath-JBSWY3DPEHPK3PXP:\ngroup:ops:ann@pve::\nacl:1:/vms:@ops:PVEVMUser:\n",
    );
    desk.write("desired-state.yaml", HOMEPAGE);
    desk
}

/// What is the same in every run: times and fingerprints are not.
pub fn seen(ran: &Ran) -> String {
    let mut seen = String::new();
    for line in ran.seen().lines() {
        let words = line.split(' ').map(|word| {
            let bare = word.trim_end_matches(',');
            let is_time = bare.len() == 20 && bare.ends_with('Z') && bare.starts_with("20");
            let is_fingerprint = bare.len() == 12 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            match (is_time, is_fingerprint) {
                (true, _) => word.replace(bare, "[TIME]"),
                (_, true) => word.replace(bare, "[FINGERPRINT]"),
                _ => word.to_owned(),
            }
        });
        seen.push_str(&words.collect::<Vec<_>>().join(" "));
        seen.push('\n');
    }
    seen
}

fn save(desk: &Desk) {
    let ran = desk.run(&["plan", "--out", "plan.json"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
}

#[test]
fn what_was_shown_is_what_is_done() {
    let desk = desk();
    let (planned, requests) = desk.requests_of(|| desk.run(&["plan", "--out", "plan.json"]));
    insta::assert_snapshot!(seen(&planned));
    assert!(requests.iter().all(|request| !request.is_write()));
    let mode = fs::metadata(desk.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // The file is not looked at any more, and the folder is another one.
    desk.write("desired-state.yaml", "version: 1\nusers: {mallory@pve: {}}\n");
    fs::create_dir(desk.path("elsewhere")).unwrap();
    let mut command = desk.command(&["apply", "../plan.json", "--yes"]);
    let ran = desk.ran(&command.current_dir(desk.path("elsewhere")).output().unwrap());
    insta::assert_snapshot!(seen(&ran));
    assert_eq!(ran.code, 0);
    assert!(desk.path("secrets/homepage.env").exists() && !desk.path("elsewhere/secrets").exists());
    desk.write("desired-state.yaml", HOMEPAGE);
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}

#[test]
fn a_second_time_there_is_nothing_to_do() {
    let desk = desk();
    save(&desk);
    assert_eq!(desk.run(&["apply", "plan.json", "--yes"]).code, 0);
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "plan.json", "--yes"]));
    insta::assert_snapshot!(seen(&ran));
    assert!(ran.code == 0 && requests.iter().all(|request| !request.is_write()));
}

#[test]
fn a_plan_for_a_cluster_that_has_changed_is_refused() {
    let desk = desk();
    save(&desk);
    desk.by_hand("POST", "/access/users", "userid=eve@pve&comment=%3Cb%3E%1b%5B31m&groups=ops");
    desk.by_hand("PUT", "/access/users/ann@pve", "enable=0&comment=back");
    desk.by_hand("PUT", "/access/acl", "path=/&roles=Administrator&users=eve@pve");
    desk.by_hand("PUT", "/access/acl", "path=/vms&roles=PVEVMUser&groups=ops&delete=1");
    desk.by_hand("PUT", "/access/groups/ops", "comment=new");
    desk.by_hand("POST", "/access/roles", "roleid=Extra&privs=VM.Audit");
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "plan.json", "--yes"]));
    insta::assert_snapshot!(seen(&ran));
    assert!(ran.code == 3 && requests.iter().all(|request| !request.is_write()));

    let ran = desk.run(&["apply", "plan.json", "--yes", "--allow", "stale"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    let after = desk.read("cluster/user.cfg");
    assert!(after.contains("user:eve@pve:") && after.contains("token:api@pam!homepage:"), "{after}");
}

/// Where a run was interrupted, what is left of the plan can still be done.
#[test]
fn what_is_done_already_is_not_done_again() {
    let desk = desk();
    save(&desk);
    desk.by_hand("POST", "/access/groups", "groupid=api-ro-users&comment=Read-only API consumers");
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "plan.json", "--yes", "--no-lock"]));
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert!(!requests.iter().any(|request| request.is_write() && request.path.ends_with("/access/groups")));
}

#[test]
fn a_plan_for_another_cluster_is_never_applied() {
    let (desk, other) = (desk(), desk());
    save(&desk);
    for more in [&[][..], &["--allow", "stale"][..]] {
        let mut command = desk.command_at(&other.serving.url(), &other.token, &["apply", "plan.json", "--yes"]);
        let (ran, requests) = other.requests_of(|| desk.ran(&command.args(more).output().unwrap()));
        let text = seen(&ran).replace(&other.serving.url(), "[OTHER]");
        insta::assert_snapshot!("elsewhere", text);
        assert!(ran.code == 3 && requests.iter().all(|request| !request.is_write()));
    }
}

#[test]
fn what_is_no_sound_plan_is_refused_with_a_reason() {
    let desk = desk();
    save(&desk);
    let text = desk.read("plan.json");
    let printed = desk.run(&["plan", "--format", "json"]).stdout;
    let files = [
        ("altered", text.replace("Read-only API consumers", "Read-write API consumers")),
        ("truncated", text[..text.len() / 2].to_owned()),
        ("newer", text.replace("pve-access.saved-plan.v1", "pve-access.saved-plan.v2")),
        ("printed", printed),
        ("empty", String::new()),
        ("other", "{\"schema\": \"something\"}".to_owned()),
    ];
    let (seen, requests) = desk.requests_of(|| {
        let mut seen = String::new();
        for (name, text) in files {
            desk.write(name, &text);
            let ran = desk.run(&["apply", name, "--yes"]);
            assert_eq!(ran.code, 1, "{}", ran.seen());
            seen.push_str(&ran.seen());
        }
        for arguments in [
            &["apply", "desired-state.yaml", "--yes"][..],
            &["apply", "nowhere", "--yes"][..],
            &["apply", ".", "--yes"][..],
            &["apply", "plan.json", "-f", "desired-state.yaml"][..],
            &["apply", "plan.json", "--live", "cluster/user.cfg"][..],
            &["plan", "--out", "plan.json", "--live", "cluster/user.cfg"][..],
        ] {
            let ran = desk.run(arguments);
            assert_eq!(ran.code, 1, "{}", ran.seen());
            seen.push_str(&ran.seen());
        }
        seen
    });
    insta::assert_snapshot!(seen);
    assert!(requests.iter().all(|request| !request.is_write()));
}

#[test]
fn a_plan_is_saved_over_nothing_but_a_plan() {
    let desk = desk();
    let ran = desk.run(&["plan", "--out", "desired-state.yaml"]);
    assert_eq!((ran.code, desk.read("desired-state.yaml").as_str()), (1, HOMEPAGE));
    assert!(ran.stderr.contains("something else than a saved plan"), "{}", ran.stderr);
    save(&desk);
    save(&desk);
    assert_eq!(desk.run(&["plan", "--out", "no/such/folder"]).code, 1);
    std::os::unix::fs::symlink(desk.path("plan.json"), desk.path("link")).unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(desk.path("socket")).unwrap();
    for name in ["link", "folder", "socket"] {
        let ran = desk.run(&["plan", "--out", name]);
        assert!(ran.code == 1 && !fs::symlink_metadata(desk.path(name)).unwrap().is_file(), "{}", ran.seen());
    }
    drop(socket);
}

#[test]
fn what_is_allowed_has_to_be_allowed_again() {
    let desk = desk();
    let credential = desk.new_token("ann@pve!blind", "privsep=1");
    desk.write("desired-state.yaml", "version: 1\ngroups: {dev: {comment: Developers}}\n");
    let run =
        |arguments: &[&str]| desk.ran(&desk.command_at(&desk.serving.url(), &credential, arguments).output().unwrap());
    let refused = run(&["plan", "--out", "plan.json"]);
    assert!(refused.code == 3 && !desk.path("plan.json").exists(), "{}", refused.seen());
    insta::assert_snapshot!(seen(&refused));
    let saved = run(&["plan", "--out", "plan.json", "--allow", "blind"]);
    insta::assert_snapshot!(seen(&saved));
    assert_eq!(run(&["apply", "plan.json", "--yes"]).code, 3);
    // Who sees all finds another cluster than the one who planned.
    assert!(desk.run(&["apply", "plan.json", "--yes"]).stderr.contains("+ user"));
}

#[test]
fn a_secret_without_a_place_is_shown_where_the_plan_is_applied() {
    let desk = desk();
    desk.write("desired-state.yaml", "version: 1\ntokens: {ann@pve!one: {}}\n");
    assert_eq!(desk.run(&["plan", "--show-secrets", "--out", "plan.json"]).code, 0);
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "plan.json", "--yes"]));
    insta::assert_snapshot!(seen(&ran));
    assert!(ran.code == 1 && requests.is_empty());
    let ran = desk.run(&["apply", "plan.json", "--yes", "--show-secrets"]);
    assert!(ran.code == 0 && ran.stdout.contains("\nann@pve!one=5a9db0c5-"), "{}", ran.seen());
}

#[test]
fn a_plan_that_has_nothing_to_do_can_be_saved_and_applied() {
    let desk = desk();
    desk.write("desired-state.yaml", "version: 1\n");
    save(&desk);
    let ran = desk.run(&["apply", "plan.json", "--yes"]);
    assert!(ran.code == 0 && ran.stdout.contains("Nothing to do."), "{}", ran.seen());
}

/// Neither a token's secret nor a second factor's, and of a realm nothing at all.
#[test]
fn no_secret_is_saved_or_printed() {
    let desk = desk();
    desk.by_hand(
        "POST",
        "/access/domains",
        "realm=sso&type=openid&issuer-url=https://sso.example.com&client-id=pve&client-key=hunter2-key",
    );
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    desk.write(
        "more.yaml",
        "version: 1\nusers: {ann@pve: {comment: back}}\ntokens: {ann@pve!two: {secret: {file: two}}, api@pam!homepage: {comment: x}}\n",
    );
    let mut secrets = vec!["JBSWY3DPEHPK3PXP".to_owned(), "hunter2".to_owned()];
    let stored = desk.read("cluster/priv/token.cfg");
    secrets.extend(stored.lines().filter_map(|line| line.split_once(' ')).map(|(_, secret)| secret.to_owned()));
    assert!(secrets.len() >= 4);
    for format in ["text", "json", "markdown", "diff"] {
        let ran = desk.run(&["plan", "-f", "more.yaml", "-vvv", "--format", format, "--out", "plan.json"]);
        assert_eq!(ran.code, 0, "{}", ran.seen());
        let all = format!("{}{}{}", ran.stdout, ran.stderr, desk.read("plan.json"));
        for secret in &secrets {
            assert!(!all.contains(secret.as_str()), "{format}: {all}");
        }
    }
}

/// What was done already does not make the saved plan stale; what else has changed does.
#[test]
fn a_saved_plan_that_fails_half_way_says_how_to_go_on() {
    let desk = Desk::with_user_cfg(
        "role:Groups:Group.Allocate,Pool.Audit,Sys.Audit:\nuser:half@pve:1:0::::::\nacl:1:/:half@pve:Groups:\n",
    );
    let credential = desk.new_token("half@pve!ci", "privsep=0");
    desk.write(
        "desired-state.yaml",
        "version: 1\ngroups: {ops: {}}\nacl: [{path: /vms, roles: PVEVMUser, groups: ops}]\n",
    );
    assert_eq!(desk.run(&["plan", "--out", "plan.json"]).code, 0);
    let apply = || {
        desk.ran(&desk.command_at(&desk.serving.url(), &credential, &["apply", "plan.json", "--yes"]).output().unwrap())
    };
    let ran = apply();
    assert_eq!(ran.code, 4, "{}", ran.seen());
    assert!(ran.stdout.contains("Once the fault is mended, apply goes on from here."), "{}", ran.seen());
    let again = apply();
    assert_eq!(again.code, 1, "{}", again.seen());
    assert!(again.stdout.contains("1 of its 2 steps is done already."), "{}", again.seen());
    desk.by_hand("POST", "/access/groups", "groupid=other");
    let stale = apply();
    assert_eq!(stale.code, 3, "{}", stale.seen());
    assert!(stale.stderr.contains("+ group  other") && !stale.stderr.contains("ops"), "{}", stale.seen());
    desk.by_hand("DELETE", "/access/groups/other", "");
    let done = desk.run(&["apply", "plan.json", "--yes"]);
    assert_eq!(done.code, 0, "{}", done.seen());
    assert!(done.stdout.ends_with("read back, the cluster is as the plan says.\n"), "{}", done.seen());
}
