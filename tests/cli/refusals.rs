//! Runs that do not come about.

use super::desk::{Desk, HOMEPAGE};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    desk
}

#[test]
fn without_yes_and_without_anybody_to_ask_nothing_is_done() {
    let desk = desk();
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
}

#[test]
fn a_wrong_secret_is_explained() {
    let desk = desk();
    let credential = "root@pam!admin=00000000-0000-0000-0000-000000000000";
    let output = desk.command_at(&desk.serving.url(), credential, &["plan"]).output().unwrap();
    insta::assert_snapshot!(desk.ran(&output).seen());
}

#[test]
fn nobody_at_the_endpoint_is_explained() {
    let desk = desk();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = desk.command_at(&format!("http://127.0.0.1:{port}"), &desk.token, &["plan"]).output().unwrap();
    let seen = desk.ran(&output).seen().replace(&port.to_string(), "[PORT]");
    insta::assert_snapshot!(seen);
}

#[test]
fn no_endpoint_no_credential_and_nonsense_for_either_are_explained() {
    let desk = desk();
    let seen: Vec<String> = [
        ("", desk.token.as_str(), &["plan"][..]),
        (desk.serving.url().as_str(), "", &["plan"][..]),
        ("https://ci:hunter2@pve.example.com", desk.token.as_str(), &["plan"][..]),
        ("http://pve.example.com:8006", desk.token.as_str(), &["plan"][..]),
        (desk.serving.url().as_str(), "api@pam=0c0ffee0-secret", &["plan"][..]),
        (desk.serving.url().as_str(), desk.token.as_str(), &["plan", "--token-file", "nowhere"][..]),
        (desk.serving.url().as_str(), desk.token.as_str(), &["plan", "--fingerprint", "AB:CD"][..]),
        ("https://127.0.0.1:1", desk.token.as_str(), &["plan", "--ca-file", "desired-state.yaml"][..]),
    ]
    .into_iter()
    .map(|(url, token, arguments)| {
        let ran = desk.ran(&desk.command_at(url, token, arguments).output().unwrap());
        assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains("0c0ffee0"), "{}", ran.stderr);
        format!("$ {}\n{}", arguments.join(" "), ran.seen())
    })
    .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

/// Flags win over the environment, the environment over the files.
#[test]
fn where_the_cluster_is_may_be_said_in_three_ways() {
    let desk = desk();
    let url = desk.serving.url();
    desk.write_private("token", &format!("{}\n", desk.token));
    desk.write("cluster.yaml", &format!("version: 1\ncluster: {{endpoint: '{url}'}}\n"));
    desk.write("nowhere.yaml", "version: 1\ncluster: {endpoint: 'http://127.0.0.1:9'}\n");
    let run = |endpoint: &str, arguments: &[&str]| {
        let mut command = desk.command_at(endpoint, "", arguments);
        desk.ran(&command.output().unwrap())
    };
    assert_eq!(run("", &["plan", "-f", "cluster.yaml", "--token-file", "token"]).code, 0);
    let ran = run(&url, &["plan", "-f", "nowhere.yaml", "--token-file", "token"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (0, "PROXMOX_VE_ENDPOINT wins over `cluster.endpoint`, http://127.0.0.1:9.\n")
    );
    let ran = run("http://127.0.0.1:9", &["plan", "-f", "nowhere.yaml", "--token-file", "token", "--endpoint", &url]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    desk.write("ca.yaml", "version: 1\ncluster: {endpoint: 'https://127.0.0.1:9', ca_file: missing.pem}\n");
    let ran = run("", &["plan", "-f", "ca.yaml", "--token-file", "token"]);
    assert!(ran.code == 1 && ran.stderr.contains("missing.pem"), "{}", ran.seen());
}

#[test]
fn a_folder_with_something_else_in_it_does_not_become_a_sandbox() {
    let desk = desk();
    let before = std::fs::read_dir(desk.path(".")).unwrap().count();
    insta::assert_snapshot!(desk.run(&["plan", "--sandbox=."]).seen());
    assert_eq!(std::fs::read_dir(desk.path(".")).unwrap().count(), before, "nothing was left in it");
}
