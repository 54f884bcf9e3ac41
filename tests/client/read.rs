//! Reading a whole cluster.

use pve_access::live::{Blind, ReadError, Sight, Source};

use crate::server::{Reaction, Seen, Server, answer};

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A pool as the server shows it, with a storage on two nodes.
const POOL: &str = r#"{"members":[{"id":"qemu/100","type":"qemu","vmid":100,"node":"n1","status":"running"},
    {"id":"lxc/101","type":"lxc","vmid":"101"},{"id":"storage/n1/nfs","type":"storage","storage":"nfs","node":"n1"},
    {"id":"storage/n2/nfs","type":"storage","storage":"nfs","node":"n2"}]}"#;

/// A cluster of `size` users with a group, a token and a grant each, and of some pools, as somebody with Sys.Audit on / sees it.
fn cluster(seen: &Seen, size: usize, pools: usize) -> String {
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
        "/pools" => list((0..pools).map(|n| {
            let parent = if n == 1 { "p0/" } else { "" };
            format!(r#"{{"poolid":"{parent}p{n}","comment":"Pool {n}"}}"#)
        })),
        "/pools?poolid=p0%2Fp1" => r#"[{"poolid":"p0/p1","members":[]}]"#.to_owned(),
        pool if pool.starts_with("/pools/p") => POOL.to_owned(),
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
        let server = Server::start(move |seen| Reaction::Answer(cluster(seen, size, 0))).await;
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
async fn what_is_in_a_pool_is_asked_of_each() {
    let server = Server::start(move |seen| Reaction::Answer(cluster(seen, 1, 30))).await;
    let snapshot = server.client().read().await.unwrap();
    assert_eq!(server.seen().len(), 10 + 30);
    let pool = &snapshot.state.pools[&"p7".parse().unwrap()];
    assert_eq!(pool.comment.as_str(), "Pool 7");
    assert_eq!(pool.vms.iter().map(ToString::to_string).collect::<Vec<_>>(), ["100", "101"]);
    assert_eq!(pool.storage.iter().map(ToString::to_string).collect::<Vec<_>>(), ["nfs"]);
    assert!(snapshot.state.pools[&"p0/p1".parse().unwrap()].vms.is_empty());
}

/// Both ways of asking for one, and nothing else that a server may refuse.
#[tokio::test]
async fn a_pool_that_is_deleted_meanwhile_is_gone() {
    for (gone, message, is_gone) in [
        ("/pools/p2", "pool 'p2' does not exist", true),
        ("/pools?poolid=p0%2Fp1", "pool 'p0/p1' does not exist", true),
        ("/pools/p2", "pool 'p3' does not exist", false),
        ("/pools/p2", "Permission check failed (/pool/p2, Pool.Audit)", false),
    ] {
        let server = Server::start(move |seen| {
            Reaction::Answer(if seen.target.ends_with(gone) {
                let body = format!(r#"{{"data":null,"message":"{message}\n"}}"#);
                answer(&format!("500 {message}"), &body)
            } else {
                cluster(seen, 1, 4)
            })
        })
        .await;
        match server.client().read().await {
            Ok(snapshot) => assert!(is_gone && snapshot.state.pools.len() == 3, "{:?}", snapshot.state.pools),
            Err(error) => assert!(!is_gone, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_read_that_fails_is_named() {
    let server = Server::start(|seen| {
        if seen.target.ends_with("/access/acl") {
            Reaction::Answer(answer("596 Connection timed out", ""))
        } else {
            Reaction::Answer(cluster(seen, 1, 0))
        }
    })
    .await;
    let Err(ReadError::Api(error)) = server.client().read().await else { panic!("read all the same") };
    assert_eq!(error.request().to_string(), "GET /access/acl");
}
