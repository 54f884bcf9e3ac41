//! Where passwords come from, and where they never are.

use std::fs;

use super::desk::{Desk, Ran, http};
use super::saved::seen;

const PASSWORD: &str = "cAnary-5 ü/&=%";

/// One user for each kind of source.
const THREE: &str = "\
version: 1
users:
  env@pve: {password: {env: ENV_PASSWORD}}
  file@pve: {password: {file: secrets/password}}
  command@pve: {password: {command: [sh, -c, cat secrets/password]}}
";

/// A desk on which all three can be had.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("desired-state.yaml", THREE);
    fs::create_dir(desk.path("secrets")).unwrap();
    desk.write_private("secrets/password", &format!("{PASSWORD}\n"));
    desk
}

fn run(desk: &Desk, arguments: &[&str]) -> Ran {
    run_with(desk, PASSWORD, arguments)
}

fn run_with(desk: &Desk, password: &str, arguments: &[&str]) -> Ran {
    let mut command = desk.command(arguments);
    command.env("ENV_PASSWORD", password).env("PATH", "/usr/bin:/bin");
    desk.ran(&command.output().unwrap())
}

/// Whether somebody else's client is let in.
fn logs_in(desk: &Desk, user: &str, password: &str) -> bool {
    let url = format!("{}/api2/json/access/ticket", desk.serving.url());
    let body = serde_json::json!({ "username": user, "password": password }).to_string();
    let request = http().post(url).header("Content-Type", "application/json").body(body);
    desk.wait(async { request.send().await.unwrap().status() }).is_success()
}

#[test]
fn a_user_that_is_made_gets_its_password() {
    let desk = desk();
    let ran = run(&desk, &["apply", "--yes"]);
    insta::assert_snapshot!(ran.seen());
    for user in ["env@pve", "file@pve", "command@pve"] {
        assert!(logs_in(&desk, user, PASSWORD), "{user}");
        assert!(!logs_in(&desk, user, "cAnary-5"), "{user}");
    }
    // Whether it is still that one, nobody can tell; what it says does not depend on where it could be read.
    fs::remove_file(desk.path("secrets/password")).unwrap();
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn a_plan_does_without_passwords_and_apply_does_not() {
    let desk = desk();
    desk.set_mode("secrets/password", 0o644);
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert!(!requests.iter().any(|request| request.is_write()));
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn what_cannot_be_a_password_is_told_before_anything_is_sent() {
    let desk = Desk::new();
    let mut said = String::new();
    for (source, text) in [
        ("{env: ENV_PASSWORD}", ""),
        ("{env: ENV_PASSWORD}", "seven77"),
        ("{env: ENV_PASSWORD}", "password\n"),
        ("{file: password}", ""),
        ("{file: password}", "\n"),
        ("{file: password}", "password\n\n"),
        ("{file: .}", ""),
        ("{file: nowhere/password}", ""),
        ("{command: [sh, -c, 'echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx']}", ""),
        ("{command: [sh, -c, 'printf %s-%s canary word; echo it says why >&2; exit 3']}", ""),
        ("{command: [/nonexistent/program, --flag]}", ""),
    ] {
        desk.write("desired-state.yaml", &format!("version: 1\nusers:\n  ann@pve: {{password: {source}}}\n"));
        desk.write_private("password", text);
        let (ran, requests) = desk.requests_of(|| run_with(&desk, text, &["apply", "--yes"]));
        assert_eq!(ran.code, 1, "{source}: {}", ran.seen());
        assert!(!requests.iter().any(|request| request.is_write()), "{source}");
        assert!(!ran.seen().contains("seven77") && !ran.seen().contains("canary-word"), "{}", ran.seen());
        said.push_str(&format!("=== {source} {text:?}\n{}", ran.stderr));
    }
    insta::assert_snapshot!(said);
}

/// The server keeps the password of a user that it refuses (api-facts.md, Users): for whoever makes one next.
#[test]
fn the_password_of_a_user_that_was_refused_is_taken_away_again() {
    let desk = Desk::new();
    desk.by_hand("POST", "/access/groups", "groupid=gone");
    desk.write("desired-state.yaml", "version: 1\nusers:\n  ann@pve: {groups: gone, password: {env: ENV_PASSWORD}}\n");
    assert_eq!(run(&desk, &["plan", "--out", "plan.json"]).code, 0);
    desk.by_hand("DELETE", "/access/groups/gone", "");
    let ran = run(&desk, &["apply", "plan.json", "--yes", "--allow", "stale"]);
    insta::assert_snapshot!(seen(&ran));
    assert!(!desk.read("cluster/user.cfg").contains("ann@pve"));
    desk.by_hand("POST", "/access/users", "userid=ann@pve");
    assert!(!logs_in(&desk, "ann@pve", PASSWORD), "the password that was refused works");
}

/// What the test above is about: without taking it away, it works.
#[test]
fn the_sandbox_keeps_the_password_of_a_user_that_it_refuses() {
    let desk = Desk::new();
    let url = format!("{}/api2/json/access/users", desk.serving.url());
    let request = http()
        .post(url)
        .header("Authorization", format!("PVEAPIToken={}", desk.token))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("userid=ann@pve&password=password1&groups=gone");
    assert_eq!(desk.wait(async { request.send().await.unwrap().status() }).as_u16(), 500);
    desk.by_hand("POST", "/access/users", "userid=ann@pve");
    assert!(logs_in(&desk, "ann@pve", "password1"));
}

#[test]
fn grants_that_wait_for_a_refused_user_are_not_taken_along() {
    let desk = Desk::with_user_cfg("acl:1:/vms:ann@pve:PVEAuditor:\ngroup:gone::::\n");
    desk.write("desired-state.yaml", "version: 1\nusers:\n  ann@pve: {groups: gone, password: {env: ENV_PASSWORD}}\n");
    assert_eq!(run(&desk, &["plan", "--out", "plan.json"]).code, 0);
    desk.by_hand("DELETE", "/access/groups/gone", "");
    let ran = run(&desk, &["apply", "plan.json", "--yes", "--allow", "stale"]);
    assert!(ran.stdout.contains("would take along the grants and groups that wait for the name"), "{}", ran.seen());
    assert!(desk.read("cluster/user.cfg").contains("acl:1:/vms:ann@pve:PVEAuditor:"));
}

#[test]
fn a_token_is_told_that_it_cannot_set_the_passwords_of_users_that_are_there() {
    let desk = desk();
    desk.by_hand("POST", "/access/users", "userid=env@pve");
    desk.by_hand("POST", "/access/users", "userid=file@pve");
    let (ran, requests) = desk.requests_of(|| run(&desk, &["apply", "--yes", "--set-passwords"]));
    insta::assert_snapshot!(ran.seen());
    assert!(!requests.iter().any(|request| request.is_write()));
}

#[test]
fn a_saved_plan_says_where_passwords_come_from_and_sets_them_anywhere() {
    let desk = desk();
    assert_eq!(run(&desk, &["plan", "--out", "plan.json"]).code, 0);
    let saved: serde_json::Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let file = desk.path("secrets/password").display().to_string();
    assert_eq!(
        saved["plan"]["passwords"],
        serde_json::json!({
            "env@pve": { "env": "ENV_PASSWORD" },
            "file@pve": { "file": file },
            "command@pve": { "command": ["sh", "-c", "cat secrets/password"] },
        })
    );
    let with = run(&desk, &["apply", "plan.json", "--yes", "--set-passwords"]);
    assert_eq!(with.code, 1);
    assert!(with.stderr.contains("--set-passwords is not for a saved plan"), "{}", with.stderr);
    assert_eq!(run(&desk, &["apply", "plan.json", "--yes"]).code, 0);
    assert!(logs_in(&desk, "file@pve", PASSWORD));
}

#[test]
fn a_password_is_in_no_output_and_no_plan() {
    let desk = desk();
    let mut ran = Vec::new();
    for format in ["text", "json", "markdown", "diff"] {
        ran.push(run(&desk, &["plan", "-vvv", "--set-passwords", "--full", "--format", format, "--out", "plan.json"]));
    }
    ran.push(run(&desk, &["validate", "-vvv"]));
    ran.push(run(&desk, &["apply", "plan.json", "--yes", "-vvv"]));
    assert!(logs_in(&desk, "command@pve", PASSWORD), "{}", ran[5].seen());
    ran.push(run(&desk, &["plan", "-vvv"]));
    ran.push(run(&desk, &["export", "-vvv"]));
    // As it is, as it is sent, and as it stands in a text in quotes.
    for trace in ["cAnary", "5+%C3%BC", "5%20%C3%BC", "5 ü"] {
        for ran in &ran {
            assert!(!ran.seen().contains(trace), "{}", ran.seen());
        }
        assert!(!desk.read("plan.json").contains(trace));
    }
}

/// A desk whose ann@pve looks after users, and logs in; its file sets the passwords of these users, who are there.
fn desk_of_ann(users: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.by_hand("POST", "/access/users", "userid=ann@pve&password=annspass1");
    desk.by_hand("PUT", "/access/acl", "path=/&users=ann@pve&roles=PVEAuditor,PVEUserAdmin");
    let mut file = "version: 1\nusers:\n".to_owned();
    for user in users {
        if *user != "ann@pve" {
            desk.by_hand("POST", "/access/users", &format!("userid={user}&password=former-pass"));
        }
        file.push_str(&format!("  {user}: {{password: {{env: ENV_PASSWORD}}}}\n"));
    }
    desk.write("desired-state.yaml", &file);
    desk
}

/// Applies with --set-passwords, as whom these variables let in.
fn set(desk: &Desk, credential: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let arguments = [&["apply", "--yes", "--set-passwords"], arguments].concat();
    let mut command = desk.command_at(&desk.serving.url(), "", &arguments);
    command.env("ENV_PASSWORD", PASSWORD).envs(credential.iter().copied());
    desk.ran(&command.output().unwrap())
}

const ROOT: [(&str, &str); 2] = [("PROXMOX_VE_USERNAME", "root@pam"), ("PROXMOX_VE_PASSWORD", "rootpass")];
const ANN: [(&str, &str); 2] = [("PROXMOX_VE_USERNAME", "ann@pve"), ("PROXMOX_VE_PASSWORD", "annspass1")];

#[test]
fn root_sets_the_password_of_a_user_that_is_there() {
    let desk = desk_of_ann(&["bob@pve", "new@pve"]);
    desk.by_hand("DELETE", "/access/users/new@pve", "");
    let ran = set(&desk, &ROOT, &[]);
    insta::assert_snapshot!(ran.seen());
    assert!(logs_in(&desk, "bob@pve", PASSWORD) && logs_in(&desk, "new@pve", PASSWORD));
    assert!(!logs_in(&desk, "bob@pve", "former-pass"));
}

/// Each request shows the server its own password once more, and the one that changes that is the last.
#[test]
fn who_looks_after_users_sets_passwords_and_its_own_last() {
    let desk = desk_of_ann(&["ann@pve", "bob@pve", "eve@pve"]);
    let (ran, requests) = desk.requests_of(|| set(&desk, &ANN, &[]));
    insta::assert_snapshot!(ran.seen());
    for user in ["ann@pve", "bob@pve", "eve@pve"] {
        assert!(logs_in(&desk, user, PASSWORD), "{user}");
    }
    assert!(!logs_in(&desk, "ann@pve", "annspass1"));
    let logins = requests.iter().filter(|request| request.to_string().contains("/access/ticket")).count();
    assert_eq!(logins, 1, "a ticket outlives the password that it was given for");
}

#[test]
fn a_wrong_password_of_its_own_sets_none() {
    let desk = desk_of_ann(&["bob@pve"]);
    let ran = set(&desk, &[ANN[0], ("PROXMOX_VE_PASSWORD", "annspass2")], &[]);
    assert_eq!(ran.code, 1, "{}", ran.seen());
    assert!(logs_in(&desk, "bob@pve", "former-pass"));
}

/// Nobody knows the password that the ticket was given for.
#[test]
fn a_ticket_alone_is_told_beforehand() {
    let desk = desk_of_ann(&["bob@pve"]);
    let ticket = desk.ticket("ann@pve", "annspass1");
    let (ran, requests) = desk.requests_of(|| set(&desk, &[("PROXMOX_VE_AUTH_TICKET", &ticket)], &[]));
    insta::assert_snapshot!(ran.stderr);
    assert!(!requests.iter().any(|request| request.is_write() && !request.to_string().contains("/access/ticket")));
    assert!(logs_in(&desk, "bob@pve", "former-pass"));
}
