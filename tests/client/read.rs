//! Reading a whole cluster.

use pve_access::live::{Blind, ReadError, Sight, Source};

use crate::server::{Reaction, Seen, Server, answer};

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A cluster of `size` users with a group, a token and a grant each, as somebody with Sys.Audit on / sees it.
fn cluster(seen: &Seen, size: usize) -> String {
    let data = match seen.target.strip_prefix("/api2/json").unwrap() {
        "/version" => r#"{"release":"9.2","version":"9.2.11"}"#.to_owned(),
        "/access/roles" => r#"[{"roleid":"PVEAuditor","privs":"Sys.Audit,VM.Audit","special":1}]"#.to_owned(),
        "/access/groups" => list((0..size).map(|n| format!(r#"{{"groupid":"g{n}","users":"u{n}@pve,gone{n}@corp"}}"#))),
        "/access/users?full=1" => list((0..size).map(|n| {
            format!(
                r#"{{"userid":"u{n}@pve","enable":1,"expire":0,"groups":"g{n}","realm-type":"pve","tokens":[{{"tokenid":"tk","expire":0,"privsep":1}}]}}"#
            )
        })),
        "/access/acl" => list((0..size).map(|n| {
            format!(r#"{{"path":"/vms","propagate":1,"roleid":"PVEAuditor","type":"token","ugid":"u{n}@pve!tk"}}"#)
        })),
        "/access/domains" => r#"[{"realm":"pve","type":"pve","comment":"Proxmox VE authentication server"}]"#.to_owned(),
        "/pools" => "[]".to_owned(),
        "/access/permissions?path=%2Faccess" => r#"{"/access":{"Sys.Audit":1}}"#.to_owned(),
        "/access/permissions?path=%2Faccess%2Fgroups" => r#"{"/access/groups":{"Sys.Audit":1}}"#.to_owned(),
        "/access/permissions?path=%2Fpool" => r#"{"/pool":{"Sys.Audit":1}}"#.to_owned(),
        other => panic!("GET {other}"),
    };
    answer("200 OK", &format!(r#"{{"data":{data}}}"#))
}

#[tokio::test]
async fn the_number_of_requests_does_not_depend_on_the_number_of_objects() {
    for size in [0, 1, 40] {
        let server = Server::start(move |seen| Reaction::Answer(cluster(seen, size))).await;
        let snapshot = server.client().read().await.unwrap();
        assert_eq!(server.seen().len(), 10);
        let state = snapshot.state;
        assert_eq!(
            (state.users.len(), state.tokens.len(), state.acl.len(), state.groups.len()),
            (size, size, size, size)
        );
        assert_eq!(state.memberships.len(), 2 * size, "vanished members count");
        assert_eq!(snapshot.sight, Sight::Partial([Blind::Pools].into()));
        assert!(snapshot.cluster.starts_with("http://127.0.0.1:"), "{}", snapshot.cluster);
        assert_eq!(snapshot.reader.unwrap().to_string(), "ci@pve!sync");
    }
}

#[tokio::test]
async fn a_read_that_fails_is_named() {
    let server = Server::start(|seen| {
        if seen.target.ends_with("/access/acl") {
            Reaction::Answer(answer("596 Connection timed out", ""))
        } else {
            Reaction::Answer(cluster(seen, 1))
        }
    })
    .await;
    let ReadError::Api(error) = server.client().read().await.unwrap_err();
    assert_eq!(error.request().to_string(), "GET /access/acl");
}
