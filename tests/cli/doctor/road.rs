//! On the way to the server.

use std::time::{SystemTime, UNIX_EPOCH};

use super::seen;
use super::server::{Behind, Identity, answer, listen};
use crate::desk::{Desk, Ran};

const LATER: (i32, u8, u8) = (2099, 1, 1);

fn examine(desk: &Desk, url: &str, arguments: &[&str]) -> Ran {
    desk.ran(&desk.command_at(url, &desk.token, &[&["doctor"], arguments].concat()).output().unwrap())
}

fn named(ran: &Ran, port: u16, identity: Option<&Identity>) -> String {
    let port = format!("127.0.0.1:{port}");
    let fingerprint = identity.map_or("no fingerprint", |identity| &identity.fingerprint);
    seen(ran, &[(&port, "127.0.0.1:PORT"), (fingerprint, "FINGERPRINT")])
}

/// The sandbox, over TLS.
fn over_tls(desk: &Desk, identity: &Identity) -> (u16, String) {
    let sandbox = desk.serving.url().rsplit(':').next().unwrap().parse().unwrap();
    let port = listen(desk, Some(identity), Behind::Port(sandbox));
    (port, format!("https://127.0.0.1:{port}"))
}

#[test]
fn a_pinned_certificate_and_one_of_a_known_authority_are_good() {
    let desk = Desk::new();
    let identity = Identity::new("127.0.0.1", LATER);
    let (port, url) = over_tls(&desk, &identity);
    insta::assert_snapshot!(named(
        &examine(&desk, &url, &["--fingerprint", &identity.fingerprint]),
        port,
        Some(&identity)
    ));
    desk.write("ca.pem", &identity.authority);
    let ran = examine(&desk, &url, &["--ca-file", "ca.pem"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
}

#[test]
fn that_nobody_is_checked_is_said_once() {
    let desk = Desk::new();
    let identity = Identity::new("127.0.0.1", LATER);
    let (_, url) = over_tls(&desk, &identity);
    desk.write("token", &desk.token);
    for arguments in [&["--insecure"][..], &["--insecure", "--token-file", "token"]] {
        let ran = examine(&desk, &url, arguments);
        let said = |text: &str| ran.stderr.matches(text).count();
        assert_eq!((said("WARNING: nobody checks"), said(&identity.fingerprint)), (1, 1), "{}", ran.seen());
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_shown_with_the_way_to_pin_it() {
    let desk = Desk::new();
    let (identity, other) = (Identity::new("127.0.0.1", LATER), Identity::new("127.0.0.1", LATER));
    let (port, url) = over_tls(&desk, &identity);
    desk.write("ca.pem", &other.authority);
    let (ran, requests) = desk.requests_of(|| examine(&desk, &url, &["--ca-file", "ca.pem"]));
    insta::assert_snapshot!(named(&ran, port, Some(&identity)));
    assert!(requests.is_empty(), "nothing is asked of whom nobody trusts");
    let line = ran.stdout.lines().find(|line| line.contains("--fingerprint")).unwrap();
    let advised = line.split_whitespace().last().unwrap();
    assert_eq!(examine(&desk, &url, &["--fingerprint", advised]).code, 0, "what is advised helps");
}

#[test]
fn another_certificate_than_the_pinned_one_is_not_invited_in() {
    let desk = Desk::new();
    let (identity, other) = (Identity::new("127.0.0.1", LATER), Identity::new("127.0.0.1", LATER));
    let (port, url) = over_tls(&desk, &identity);
    let ran = examine(&desk, &url, &["--fingerprint", &other.fingerprint]);
    insta::assert_snapshot!(named(&ran, port, Some(&identity)));
}

#[test]
fn an_expired_certificate_and_one_of_another_name_are_told_apart() {
    let desk = Desk::new();
    for (name, identity) in
        [("expired", Identity::new("127.0.0.1", (2020, 1, 1))), ("another_name", Identity::new("pve.example", LATER))]
    {
        let (port, url) = over_tls(&desk, &identity);
        desk.write("ca.pem", &identity.authority);
        let ran = examine(&desk, &url, &["--ca-file", "ca.pem"]);
        insta::assert_snapshot!(name, named(&ran, port, Some(&identity)));
    }
}

/// A pin holds as long as it is the same certificate, so its end is worth no more than a doubt.
#[test]
fn the_end_of_a_pinned_certificate_is_doubtful() {
    let desk = Desk::new();
    let identity = Identity::new("127.0.0.1", (2020, 1, 1));
    let (_, url) = over_tls(&desk, &identity);
    let ran = examine(&desk, &url, &["--fingerprint", &identity.fingerprint]);
    assert!(ran.stdout.contains("  doubtful     trust"), "{}", ran.stdout);
    assert_eq!(ran.code, 0);
}

#[test]
fn nobody_listens() {
    let desk = Desk::new();
    insta::assert_snapshot!(examine(&desk, "https://127.0.0.1:1", &[]).seen());
}

#[test]
fn a_name_has_no_address() {
    let desk = Desk::new();
    let ran = examine(&desk, "https://nowhere.invalid", &[]);
    let line = ran.stdout.lines().find(|line| line.contains("bad")).unwrap();
    let reason = line.rsplit_once("): ").unwrap().1;
    insta::assert_snapshot!(seen(&ran, &[(reason, "REASON")]));
}

#[test]
fn plain_http_is_spoken_where_tls_is_expected() {
    let desk = Desk::new();
    let port = listen(&desk, None, answer("200 OK", "", "{}"));
    let ran = examine(&desk, &format!("https://127.0.0.1:{port}"), &[]);
    insta::assert_snapshot!(named(&ran, port, None));
}

#[test]
fn whoever_is_not_proxmox_ve_is_named() {
    let desk = Desk::new();
    for (name, behind) in [
        (
            "a_page",
            answer(
                "502 Bad Gateway",
                "Server: nginx/1.2\r\n",
                "<html><head><title>502 \u{1b}[31mBad\nGateway</title></head></html>",
            ),
        ),
        ("a_redirection", answer("301 Moved", "Location: https://elsewhere.example:8006/?secret=1\r\n", "")),
        ("something_else", answer("200 OK", "", r#"{"data":{"version":"4.5"}}"#)),
    ] {
        let port = listen(&desk, None, behind);
        let ran = examine(&desk, &format!("http://127.0.0.1:{port}"), &[]);
        assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
        insta::assert_snapshot!(name, named(&ran, port, None));
    }
}

#[test]
fn a_proxy_of_the_environment_is_named() {
    let desk = Desk::new();
    let port = listen(&desk, None, answer("403 Forbidden", "", ""));
    let mut command = desk.command_at("https://pve.example:8006", &desk.token, &["doctor"]);
    command.env("HTTPS_PROXY", format!("http://me:hunter2@127.0.0.1:{port}"));
    let ran = desk.ran(&command.output().unwrap());
    assert!(!ran.seen().contains("hunter2"), "{}", ran.seen());
    insta::assert_snapshot!(named(&ran, port, None));
}

#[test]
fn a_clock_that_is_wrong_is_noticed() {
    let desk = Desk::new();
    for (ahead, verdict, amount) in [
        (-10, "good", "behind this machine's"),
        (-600, "bad", "10 minutes behind this machine's"),
        (100_000, "bad", "28 hours ahead of this machine's"),
        (120, "doubtful", "2 minutes ahead of this machine's"),
    ] {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let time = jiff::Timestamp::from_second(now + ahead).unwrap();
        let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let body = r#"{"data":[{"realm":"pam","type":"pam"}]}"#;
        let port = listen(&desk, None, answer("200 OK", &format!("Date: {date}\r\n"), body));
        let ran = examine(&desk, &format!("http://127.0.0.1:{port}"), &[]);
        let line = ran.stdout.lines().find(|line| line.contains(" clock ")).unwrap().trim();
        assert!(line.starts_with(verdict) && line.ends_with(amount), "{ahead}: {line}");
    }
}
