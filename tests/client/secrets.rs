//! No secret is shown anywhere.

use std::io;
use std::sync::{Arc, Mutex};

use pve_access::api::{ApiError, Challenge, Code, Codes, Credential, Login, TokenFields, UserFields};
use secrecy::SecretString;
use tracing_subscriber::fmt::MakeWriter;

use crate::login::{client, login};
use crate::server::{Reaction, SECRET, Server, answer};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn an_answer_whose_secret_is_out_of_place_is_not_quoted() {
    for body in [
        format!(r#"{{"data":"{SECRET}"}}"#),
        format!(r#"{{"data":{{"value":["{SECRET}"]}}}}"#),
        format!(r#"{{"data":{{"secret":"{SECRET}"}}}}"#),
        format!(r#"{{"data":{{"value":"{SECRET}"}}"#),
    ] {
        let server = Server::start(move |_| Reaction::Answer(answer("200 OK", &body))).await;
        let token = "a@pve!tk".parse().unwrap();
        let error = server.client().create_token(&token, &TokenFields::default()).await.unwrap_err();
        assert!(!matches!(error, ApiError::Refused { .. } | ApiError::NotSent { .. }));
        let shown = format!("{error} {error:?} {:?}", error.help());
        assert!(!shown.contains("c0ffee00"), "{shown}");
    }
}

#[tokio::test]
async fn the_log_shows_requests_and_nothing_that_is_in_them() {
    let log = Log::default();
    // For the whole process: a subscriber of this thread alone misses what other tests met first.
    tracing_subscriber::fmt().with_writer(log.clone()).with_max_level(tracing::Level::TRACE).with_ansi(false).init();
    let server = Server::start(|_| {
        Reaction::Answer(answer("200 OK", &format!(r#"{{"data":{{"value":"{SECRET}","echo":"{SECRET}"}}}}"#)))
    })
    .await;
    let client = server.client();
    assert!(!format!("{client:?}").contains("c0ffee00"));
    client.create_token(&"a@pve!tk".parse().unwrap(), &TokenFields::default()).await.unwrap();
    let fields = UserFields { comment: Some("a-remark"), ..UserFields::default() };
    client.create_user(&"b@pve".parse().unwrap(), &fields, Some(&SecretString::from("c0ffee00"))).await.unwrap();
    let authorization = format!("PVEAPIToken=ci@pve!sync={SECRET}");
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some(&authorization)));

    log_in_with_canaries().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("POST") && log.contains("/access/users/a@pve/token/tk") && log.contains("200"), "{log}");
    assert!(!log.contains("c0ffee00") && !log.contains("a-remark"), "{log}");
    assert!(log.contains("/access/ticket"), "{log}");
}

/// Password, code, both tickets and the token against forgery are all `c0ffee00`.
async fn log_in_with_canaries() {
    struct One;
    impl Codes for One {
        fn code(&self, _: &Challenge, refused: usize) -> Option<Code> {
            (refused == 0).then(|| "recovery:c0ff-ee00-c0ff-ee00".parse().unwrap())
        }
    }
    let server = Server::start(|seen| {
        let answered = |data: &str| Reaction::Answer(answer("200 OK", &format!(r#"{{"data":{data}}}"#)));
        let whole = r#"{"username":"ann@pve","CSRFPreventionToken":"c0ffee00","ticket":"PVE:ann@pve:1::c0ffee00"}"#;
        if !seen.target.ends_with("/access/ticket") {
            answered(r#"{"release":"9.2"}"#)
        } else if seen.body.contains("c0ff-ee00-c0ff-ee00") {
            answered(whole)
        } else {
            let half = whole.replace("ann@pve:1", "!tfa!%7B%22recovery%22%3A%5B1%5D%7D:c0ffee00");
            answered(&half.replace("{", r#"{"NeedTFA":1,"#))
        }
    })
    .await;
    let login = Login::with_password("ann@pve".parse().unwrap(), SecretString::from("c0ffee00")).unwrap();
    let client = client(&server.url(), login.with_codes(One));
    client.version().await.unwrap();
    let shown = format!("{client:?} {:?}", Credential::Login(self::login("ann@pve", "c0ffee00")));
    assert!(!shown.contains("c0ffee00"), "{shown}");
    for body in [r#"{"data":"c0ffee00"}"#, r#"{"data":{"ticket":"c0ffee00"}}"#, r#"{"data":{"ticket":"c0ffee00"}"#] {
        let server = Server::start(move |_| Reaction::Answer(answer("200 OK", body))).await;
        let error = self::client(&server.url(), self::login("ann@pve", "c0ffee00")).version().await.unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.help());
        assert!(!shown.contains("c0ffee00"), "{shown}");
    }
}
