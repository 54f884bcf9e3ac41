//! What arrives at the server is what was meant.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use pve_access::api::{AclChange, AclEdit, TokenFields, UserFields};
use secrecy::{ExposeSecret, SecretString};

use crate::server::{Reaction, SECRET, Seen, Server, answer, done};

/// A form as Proxmox VE reads it: divided at `&` and `;`, a value cut at its first raw `=`, `+` a blank.
pub fn form(body: &str) -> BTreeMap<String, String> {
    body.split(['&', ';'])
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut parts = pair.split('=');
            let mut decoded = || {
                percent_decode_str(&parts.next().unwrap_or_default().replace('+', " "))
                    .decode_utf8()
                    .unwrap()
                    .into_owned()
            };
            (decoded(), decoded())
        })
        .collect()
}

pub fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn only(server: &Server) -> Seen {
    let mut seen = server.seen();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

#[tokio::test]
async fn awkward_values_arrive_exactly() {
    for value in
        ["a=b", "a;b", "a&b", "a+b", "100 %", "%41", "two\nlines", "tab\there", "ünï 🦀", "\"quoted\"", "#/?", ""]
    {
        let server = Server::start(|_| done()).await;
        let fields = UserFields { comment: Some(value), ..UserFields::default() };
        server.client().update_user(&"a+b@pve".parse().unwrap(), &fields).await.unwrap();
        let seen = only(&server);
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/api2/json/access/users/a%2Bb%40pve"));
        assert_eq!(seen.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(form(&seen.body), pairs(&[("comment", value)]));
    }
}

#[tokio::test]
async fn a_new_user_is_one_request() {
    let server = Server::start(|_| done()).await;
    let groups = BTreeSet::from(["ops".parse().unwrap(), "dev".parse().unwrap()]);
    let fields = UserFields {
        enable: Some(false),
        expire: Some(4_102_444_800),
        firstname: Some("Ann"),
        lastname: None,
        email: Some(""),
        comment: Some("c"),
        groups: Some(&groups),
    };
    let password = SecretString::from("pass;word=1");
    server.client().create_user(&"ann@pve".parse().unwrap(), &fields, Some(&password)).await.unwrap();
    let seen = only(&server);
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/api2/json/access/users"));
    let expected = [
        ("userid", "ann@pve"),
        ("enable", "0"),
        ("expire", "4102444800"),
        ("firstname", "Ann"),
        ("email", ""),
        ("comment", "c"),
        ("groups", "dev,ops"),
        ("password", "pass;word=1"),
    ];
    assert_eq!(form(&seen.body), pairs(&expected));
}

#[tokio::test]
async fn an_acl_edit_always_says_whether_it_propagates() {
    let server = Server::start(|_| done()).await;
    let (client, path) = (server.client(), "/vms/100".parse().unwrap());
    let roles = BTreeSet::from(["PVEAuditor".parse().unwrap(), "R1".parse().unwrap()]);
    let groups = BTreeSet::from(["ops".parse().unwrap()]);
    let tokens = BTreeSet::from(["a@pve!tk".parse().unwrap()]);
    let mut edit = AclEdit {
        path: &path,
        roles: &roles,
        users: &BTreeSet::new(),
        groups: &groups,
        tokens: &tokens,
        change: AclChange::Grant { propagate: true },
    };
    client.update_acl(&edit).await.unwrap();
    edit.change = AclChange::Grant { propagate: false };
    client.update_acl(&edit).await.unwrap();
    edit.change = AclChange::Revoke;
    client.update_acl(&edit).await.unwrap();

    let common = [("path", "/vms/100"), ("roles", "PVEAuditor,R1"), ("groups", "ops"), ("tokens", "a@pve!tk")];
    for (seen, change) in server.seen().iter().zip([("propagate", "1"), ("propagate", "0"), ("delete", "1")]) {
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("PUT", "/api2/json/access/acl"));
        assert_eq!(form(&seen.body), pairs(&[common.as_slice(), &[change]].concat()));
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_role_is_never_changed_without_its_privileges() {
    let server = Server::start(|_| done()).await;
    server.client().update_role(&"R1".parse().unwrap(), &BTreeSet::new()).await.unwrap();
    assert_eq!(only(&server).body, "privs=");
}

#[tokio::test]
async fn nothing_to_change_is_a_request_all_the_same() {
    let server = Server::start(|_| done()).await;
    server.client().update_user(&"a@pve".parse().unwrap(), &UserFields::default()).await.unwrap();
    assert_eq!(server.seen()[0].header("content-length"), Some("0"));
}

/// The server refuses a DELETE with a body.
#[tokio::test]
async fn a_delete_has_no_body() {
    let server = Server::start(|_| done()).await;
    let client = server.client();
    client.delete_user(&"a@pve".parse().unwrap()).await.unwrap();
    client.delete_group(&"ops".parse().unwrap()).await.unwrap();
    client.delete_role(&"R1".parse().unwrap()).await.unwrap();
    client.delete_token(&"a@pve!tk".parse().unwrap()).await.unwrap();
    let seen = server.seen();
    let targets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/api2/json/access/users/a%40pve",
            "/api2/json/access/groups/ops",
            "/api2/json/access/roles/R1",
            "/api2/json/access/users/a%40pve/token/tk",
        ]
    );
    for seen in seen {
        assert_eq!(seen.method, "DELETE");
        assert_eq!((seen.header("content-length").unwrap_or("0"), seen.header("transfer-encoding")), ("0", None));
    }
}

/// The answers of transcript `tokens`, with a secret in the place of `<uuid>`.
#[tokio::test]
async fn a_secret_is_taken_out_of_either_answer() {
    let server = Server::start(|seen| {
        Reaction::Answer(answer(
            "200 OK",
            &match seen.method.as_str() {
                "POST" => {
                    format!(r#"{{"data":{{"full-tokenid":"svc@pve!t2","info":{{"privsep":"0"}},"value":"{SECRET}"}}}}"#)
                }
                _ => format!(r#"{{"data":{{"expire":0,"full-tokenid":"svc@pve!t2","privsep":1,"value":"{SECRET}"}}}}"#),
            },
        ))
    })
    .await;
    let (client, token) = (server.client(), "svc@pve!t2".parse().unwrap());
    let fields = TokenFields { comment: None, expire: Some(0), privsep: Some(false) };
    assert_eq!(client.create_token(&token, &fields).await.unwrap().expose_secret(), SECRET);
    assert_eq!(client.regenerate_token(&token, &TokenFields::default()).await.unwrap().expose_secret(), SECRET);
    let bodies: Vec<String> = server.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, ["expire=0&privsep=0", "regenerate=1"]);
}

/// The server announces the end of a connection on its hundredth request (api-facts.md, HTTP layer).
#[tokio::test]
async fn an_announced_end_of_a_connection_is_honoured() {
    let server = Server::start(|seen| {
        if seen.turn == 100 {
            Reaction::AnswerAndClose(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\n{\"data\":null}".to_owned(),
            )
        } else {
            done()
        }
    })
    .await;
    let client = server.client();
    for _ in 0..250 {
        client.delete_group(&"ops".parse().unwrap()).await.unwrap();
    }
    let mut requests: BTreeMap<usize, usize> = BTreeMap::new();
    for seen in server.seen() {
        *requests.entry(seen.connection).or_default() += 1;
    }
    assert_eq!(requests.into_values().collect::<Vec<_>>(), [100, 100, 50]);
}
