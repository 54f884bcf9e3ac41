//! Where secrets go, and where they never do.

use std::fs;

use super::desk::{Desk, HOMEPAGE};

/// Everything that the program printed, the secrets that there are, and what must not be in the first.
fn canary(desk: &Desk, arguments: &[&str]) {
    let ran = desk.run(arguments);
    let admin = desk.token.split_once('=').unwrap().1.to_owned();
    let stored = desk.read("cluster/priv/token.cfg");
    let secrets: Vec<&str> = stored.lines().filter_map(|line| line.split_once(' ')).map(|(_, secret)| secret).collect();
    assert!(secrets.contains(&admin.as_str()));
    for secret in secrets {
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(secret), "{arguments:?} prints a secret:\n{text}");
        }
    }
}

#[test]
fn no_secret_is_printed_at_any_verbosity() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    canary(&desk, &["validate", "-vvv"]);
    canary(&desk, &["plan", "-vvv"]);
    canary(&desk, &["apply", "--yes", "-vvv"]);
    canary(&desk, &["plan", "-vvv", "--show-undeclared"]);
    canary(&desk, &["doctor", "-vvv"]);
    canary(&desk, &["doctor", "-vvv", "--format", "json", "--token-file", "secrets/homepage.env"]);
    canary(&desk, &["apply", "--yes", "-vvv", "--sandbox"]);
    desk.write("desired-state.yaml", "version: 1\ntokens: {api@pam!homepage: {comment: x, expire: 2}}\n");
    canary(&desk, &["apply", "--yes", "-vvv"]);
}

#[test]
fn a_token_without_a_place_for_its_secret_is_shown_on_request_alone() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\n");
    desk.write("desired-state.yaml", "version: 1\ntokens:\n  ann@pve!one: {}\n  ann@pve!two: {secret: {file: two}}\n");
    let refused = desk.run(&["apply", "--yes"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("nothing says where its secret goes"), "{}", refused.stderr);

    let ran = desk.run(&["apply", "--yes", "--show-secrets"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    let stored = desk.read("cluster/priv/token.cfg");
    let secret = |token: &str| {
        let line = stored.lines().find(|line| line.starts_with(token)).unwrap();
        line.split_once(' ').unwrap().1.to_owned()
    };
    assert!(ran.stdout.lines().any(|line| line == format!("ann@pve!one={}", secret("ann@pve!one"))), "{}", ran.stdout);
    assert!(!ran.stdout.contains(&secret("ann@pve!two")), "what has a place is not shown");
    assert_eq!(desk.read("two"), secret("ann@pve!two"));
}

#[test]
fn a_place_that_takes_no_secret_is_found_before_anything_is_sent() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    desk.write("secrets", "a file where the folder should be");
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
}

#[test]
fn an_env_file_keeps_what_else_is_in_it() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    fs::create_dir(desk.path("secrets")).unwrap();
    desk.write_private("secrets/homepage.env", "# dashboard\nHOMEPAGE_VAR_PROXMOX_TOKEN=5a9db0c5-stale\nPORT=3000\n");
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let file = desk.read("secrets/homepage.env");
    assert!(file.starts_with("# dashboard\nHOMEPAGE_VAR_PROXMOX_TOKEN=") && file.ends_with("\nPORT=3000\n"), "{file}");
    assert!(!file.contains("stale"));
}

/// The sandbox is for trying things, also in a folder where real secrets are.
#[test]
fn the_sandbox_overwrites_no_secret_but_its_own() {
    const REAL: &str = "0b6a2f0e-3c2c-4d0b-9d52-0a6c1b1f8a11";
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    fs::create_dir(desk.path("secrets")).unwrap();
    let real = format!("HOMEPAGE_VAR_PROXMOX_TOKEN={REAL}\n");
    desk.write_private("secrets/homepage.env", &real);
    insta::assert_snapshot!(desk.run(&["apply", "--sandbox", "--yes"]).seen());
    assert_eq!(desk.read("secrets/homepage.env"), real);

    desk.write("secrets/homepage.env", "");
    assert_eq!(desk.run(&["apply", "--sandbox", "--yes"]).code, 0);
    fs::remove_dir_all(desk.path(".pve-access-sandbox")).unwrap();
    assert_eq!(desk.run(&["apply", "--sandbox", "--yes"]).code, 0, "its own it may replace");
}

#[test]
fn a_secret_that_is_not_where_the_file_says_is_missed() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(desk.run(&["plan"]).stderr, "");
    fs::remove_file(desk.path("secrets/homepage.env")).unwrap();
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn two_secrets_do_not_meet_in_one_file() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\n");
    fs::create_dir(desk.path("real")).unwrap();
    std::os::unix::fs::symlink(desk.path("real"), desk.path("link")).unwrap();
    desk.write(
        "desired-state.yaml",
        "version: 1\ntokens:\n  ann@pve!one: {secret: {file: real/secret}}\n  ann@pve!two: {secret: {file: link/secret}}\n",
    );
    insta::assert_snapshot!(desk.run(&["apply", "--yes"]).seen());
}
