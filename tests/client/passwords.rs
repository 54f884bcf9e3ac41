//! Another password for a user, and one's own to show for it.

use pve_access::api::{ApiError, Client, Login};
use secrecy::SecretString;

use crate::login::{client, is_login, issued, login};
use crate::requests::{form, pairs};
use crate::server::{Reaction, Server, answer, done};

/// Whoever is not root@pam says its own password again.
#[tokio::test]
async fn a_password_is_set_as_it_is() {
    let password = SecretString::from("pass;word=1 ü");
    for (who, own) in [("root@pam", None), ("ann@pve", Some("own & old"))] {
        let server = Server::start(move |seen| if is_login(seen) { issued(who, "PVE:x::y") } else { done() }).await;
        let client = client(&server.url(), login(who, "own & old"));
        client.set_password(&"a;b@pve".parse().unwrap(), &password).await.unwrap();
        let seen = server.seen().into_iter().find(|seen| !is_login(seen)).unwrap();
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/api2/json/access/password"));
        let mut expected = pairs(&[("userid", "a;b@pve"), ("password", "pass;word=1 ü")]);
        expected.extend(own.map(|own| ("confirmation-password".to_owned(), own.to_owned())));
        assert_eq!(form(&seen.body), expected);
    }
}

/// A server that knows ann@pve by `known`, and sets any password to whoever says that.
async fn asking_for(known: &'static str) -> Server {
    Server::start(move |seen| {
        let says = |name: &str| form(&seen.body).iter().any(|(key, value)| key == name && value == known);
        match is_login(seen) {
            true => issued("ann@pve", "PVE:ann@pve:1::c2ln"),
            false if says("confirmation-password") => done(),
            false => Reaction::Answer(answer(
                "500 invalid credentials",
                r#"{"data":null,"message":"invalid credentials\n"}"#,
            )),
        }
    })
    .await
}

/// The answer to the request that set it may have been lost.
#[tokio::test]
async fn the_own_password_may_have_been_set_already() {
    let server = asking_for("password2").await;
    let client = client(&server.url(), login("ann@pve", "password1"));
    let (ann, bob) = ("ann@pve".parse().unwrap(), "bob@pve".parse().unwrap());
    let password = SecretString::from("password2");
    assert!(client.set_password(&bob, &password).await.is_err());
    client.set_password(&ann, &password).await.unwrap();
    // From then on it is its own.
    client.set_password(&bob, &SecretString::from("password3")).await.unwrap();
    let other = SecretString::from("password4");
    let client = client_of(&asking_for("password5").await);
    assert!(client.set_password(&ann, &other).await.unwrap_err().to_string().contains("invalid credentials"));
}

fn client_of(server: &Server) -> Client {
    client(&server.url(), login("ann@pve", "password1"))
}

/// It would be refused: nobody knows what to confirm it with.
#[tokio::test]
async fn a_ticket_alone_sets_no_password() {
    let server =
        Server::start(|seen| if is_login(seen) { issued("ann@pve", "PVE:ann@pve:1::c2ln") } else { done() }).await;
    let ticket = Login::with_ticket(&SecretString::from("PVE:ann@pve:65E1F2A0::c2ln")).unwrap();
    let client = client(&server.url(), ticket);
    assert!(!client.can_set_passwords());
    let error = client.set_password(&"bob@pve".parse().unwrap(), &SecretString::from("password2")).await.unwrap_err();
    assert!(matches!(error, ApiError::NotSent { .. }), "{error}");
    assert!(server.seen().is_empty());
}
