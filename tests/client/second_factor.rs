//! Logging in with a second factor.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use pve_access::api::{Challenge, Code, CodeKind, Codes, Login, LoginError};

use crate::login::{Node, client, is_login, issued, login, obstacle, refused};
use crate::server::{Reaction, Server, answer};

/// When the app of RFC 6238's examples, which root@pam has here, shows `CODE`, and that code.
const NOW: u64 = 1_234_567_890;
const CODE: &str = "005924";

const KEY: &str = "0123-4567-89ab-cdef";

const FACTORS: &str = r#"{"users":{"root@pam":{
    "totp":[{"info":{"id":"a","created":1},
             "entry":{"totp":"otpauth://totp/r?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","last-count":0}}],
    "recovery":{"created":1,"entries":["0123-4567-89ab-cdef",null]}}}}"#;

/// Codes in this order, and then none.
struct These(Mutex<Vec<Code>>);

impl Codes for These {
    fn code(&self, _: &Challenge, _: usize) -> Option<Code> {
        self.0.lock().unwrap().pop()
    }
}

fn with_codes(codes: &[&str]) -> Login {
    let codes = codes.iter().rev().map(|code| code.parse().unwrap()).collect();
    login("root@pam", "rootpass").with_codes(These(Mutex::new(codes)))
}

async fn node() -> Node {
    let node = Node::start(NOW).await;
    fs::write(node.dir.path().join("priv/tfa.cfg"), FACTORS).unwrap();
    node
}

#[tokio::test]
async fn a_code_completes_a_login() {
    for codes in [&[CODE][..], &[KEY], &["111111", "222222", CODE]] {
        let node = node().await;
        let root = client(&node.serving.url(), with_codes(codes));
        root.roles().await.unwrap();
        assert_eq!(root.version().await.unwrap().release.to_string(), "9.2");
        let asked = node.asked();
        let logins: Vec<_> = asked.iter().filter_map(|asked| asked.strip_prefix("POST /access/ticket ")).collect();
        let wrong = vec!["401"; codes.len() - 1];
        assert_eq!(logins, [vec!["200"], wrong, vec!["200"]].concat());
    }
}

#[tokio::test]
async fn what_answers_nothing_is_explained() {
    for (codes, kind, says) in [
        (
            &[][..],
            "NoCode",
            "the server asks for the second factor of `root@pam`, a code of an authenticator app or a recovery key, and \
             there is no code for it",
        ),
        (
            &["111111"],
            "CodeRefused",
            "the server does not accept a code of an authenticator app that was given for `root@pam`",
        ),
        (
            &["0000-0000-0000-0000"],
            "CodeRefused",
            "the server does not accept a recovery key that was given for `root@pam`",
        ),
        (
            &["cccccccfhcbelrhifnjrrddcgrburluurftrgfdrdifj"],
            "OtherKind",
            "the second factor of `root@pam` is a code of an authenticator app or a recovery key, and a one-time password \
             of a YubiKey was given",
        ),
    ] {
        let node = node().await;
        let root = client(&node.serving.url(), with_codes(codes));
        let error = root.version().await.unwrap_err();
        assert!(!error.help().is_empty());
        assert_eq!(error.to_string(), format!("GET /version was not sent: {says}"));
        let error = obstacle(error);
        assert!(format!("{error:?}").starts_with(kind), "{error:?}");
        let before = node.asked();
        assert_eq!(obstacle(root.version().await.unwrap_err()), error, "for good");
        assert_eq!(node.asked(), before);
    }
}

/// A code does once: with the ticket that it brought goes the login.
#[tokio::test]
async fn another_login_takes_another_code() {
    let node = node().await;
    let root = client(&node.serving.url(), with_codes(&[CODE]));
    root.version().await.unwrap();
    node.now.fetch_add(3 * 60 * 60, Ordering::SeqCst);
    let error = obstacle(root.version().await.unwrap_err());
    assert!(matches!(error, LoginError::NoCode { .. }), "{error}");
}

async fn asking(ticket: &'static str) -> Server {
    Server::start(move |seen| {
        let half = r#"{"data":{"username":"root@pam","CSRFPreventionToken":"x","NeedTFA":1,"ticket":"TICKET"}}"#;
        match is_login(seen) {
            true if seen.body.contains("tfa-challenge") => refused(),
            true => Reaction::Answer(answer("200 OK", &half.replace("TICKET", ticket))),
            false => issued("nobody@pve", "never"),
        }
    })
    .await
}

#[tokio::test]
async fn what_only_a_browser_can_answer_is_not_answered() {
    // {"webauthn":{"publicKey":{}}}
    let server = asking("PVE:!tfa!%7B%22webauthn%22%3A%7B%22publicKey%22%3A%7B%7D%7D%7D:65E1F2A0::c2ln").await;
    let error = client(&server.url(), with_codes(&[CODE])).version().await.unwrap_err();
    assert!(error.help()[0].contains("API token"), "{:?}", error.help());
    assert!(matches!(obstacle(error), LoginError::NoWay { .. }));
    let server = asking("PVE:tfa!root@pam:65E1F2A0::c2ln").await;
    let error = client(&server.url(), with_codes(&[CODE])).version().await.unwrap_err();
    assert!(matches!(obstacle(error), LoginError::OldForm { .. }));
    assert_eq!(server.seen().len(), 1);
}

/// The whole ticket of the challenge goes back, with the code in the password's place.
#[tokio::test]
async fn the_answer_names_the_challenge() {
    // {"totp":true}
    let server = asking("PVE:!tfa!%7B%22totp%22%3Atrue%7D:65E1F2A0::c2+ln").await;
    let error = client(&server.url(), with_codes(&["123 456"])).version().await.unwrap_err();
    let user = "root@pam".parse().unwrap();
    assert_eq!(obstacle(error), LoginError::CodeRefused { user, given: CodeKind::Totp });
    assert_eq!(
        server.seen()[1].body,
        "username=root%40pam&password=totp%3A123456&\
         tfa-challenge=PVE%3A%21tfa%21%257B%2522totp%2522%253Atrue%257D%3A65E1F2A0%3A%3Ac2%2Bln"
    );
}
