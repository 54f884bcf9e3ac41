//! How much is asked of the server.

use std::fmt::Write;

use pve_access::sandbox::Logged;

use super::desk::Desk;

fn many_users(number: usize) -> Desk {
    let mut lines = String::new();
    for at in 0..number {
        write!(lines, "user:u{at}@pve:1:0::::::\ntoken:u{at}@pve!app:0:1::\n").unwrap();
    }
    for at in 0..number {
        writeln!(lines, "acl:1:/vms/{}:u{at}@pve:PVEVMUser:", 100 + at).unwrap();
    }
    Desk::with_user_cfg(&lines)
}

fn reads(requests: &[Logged]) -> Vec<String> {
    let mut reads: Vec<String> =
        requests.iter().filter(|request| !request.is_write()).map(|request| request.path.clone()).collect();
    reads.sort();
    reads
}

#[test]
fn as_many_reads_for_two_thousand_users_as_for_ten() {
    let reads_of = |number: usize| {
        let desk = many_users(number);
        desk.write("desired-state.yaml", "version: 1\nusers:\n  u1@pve: {enable: true}\n");
        let (ran, requests) = desk.requests_of(|| desk.run(&["plan"]));
        assert_eq!(ran.code, 0, "{}", ran.seen());
        assert!(ran.stdout.contains(&format!("{} users", number - 1)), "all are seen: {}", ran.stdout);
        reads(&requests)
    };
    let few = reads_of(10);
    assert_eq!(few.len(), 10, "{few:?}");
    assert_eq!(reads_of(2_000), few);
}

#[test]
fn exactly_as_many_writes_as_announced() {
    let desk = many_users(20);
    let mut file = String::from("version: 1\nroles:\n  Watch: {privs: [VM.Audit]}\ngroups:\n  watchers: {}\nusers:\n");
    for at in 0..30 {
        writeln!(file, "  u{at}@pve: {{comment: Number {at}, groups: watchers}}").unwrap();
    }
    // Everybody in one request, and the other half of a product in another.
    let everybody: Vec<String> = (0..30).map(|at| format!("u{at}@pve")).collect();
    writeln!(file, "acl:\n  - {{path: /nodes, roles: [Watch, PVEAuditor], users: [{}]}}", everybody.join(", "))
        .unwrap();
    writeln!(file, "  - {{path: /nodes, roles: [PVESysAdmin], groups: watchers, propagate: false}}").unwrap();
    desk.write("desired-state.yaml", &file);

    let announced = desk.run(&["plan"]).stdout;
    assert!(announced.contains(" in 34 requests."), "{announced}");
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(requests.iter().filter(|request| request.is_write()).count(), 1 + 34 + 1, "and the lock");
    // The lock is looked at before it is given back; and every two seconds, on a machine that is slow.
    let (looks, others): (Vec<String>, Vec<String>) =
        reads(&requests).into_iter().partition(|path| path == "/access/groups");
    assert_eq!(others.len(), 3 * 9, "once before, once under the lock, once after");
    assert!(looks.len() > 3, "{looks:?}");

    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 0);
    assert_eq!(requests.iter().filter(|request| request.is_write()).count(), 0);
    assert_eq!(reads(&requests).len(), 10, "nothing to read back");
}
