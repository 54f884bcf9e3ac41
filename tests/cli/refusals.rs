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
