//! Secrets that are renewed, by the plan and on request.

use std::fs;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use pve_access::pve::Release;
use pve_access::sandbox::Options;

use tokio::sync::{mpsc, oneshot};

use super::desk::{Desk, Ran};
use super::interrupted::{Then, detour};

const DAY: u64 = 86_400;

const CLUSTER: &str = "user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:1:deploys:\ntoken:ann@pve!old:1000:0::\n\
                       acl:1:/:ann@pve,ann@pve!ci:PVEAuditor:\nacl:1:/vms:ann@pve!ci:NoAccess,PVEVMUser:\n";

const ROTATING: &str = "\
version: 1
tokens:
  ann@pve!ci:
    rotate: {every: 90d, before: 14d}
    secret: {file: ci.env, format: env, name: TOKEN}
";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Without times of the day that it happens to be.
fn undated(ran: &Ran) -> String {
    let seen = ran.seen();
    let is_time = |at: &str| {
        at.len() == 20
            && at
                .bytes()
                .zip("2026-01-01T00:00:00Z".bytes())
                .all(|(is, like)| if like.is_ascii_digit() { is.is_ascii_digit() } else { is == like })
    };
    let (mut undated, mut rest) = (String::new(), seen.as_str());
    while let Some(next) = rest.chars().next() {
        let (shown, length) = match rest.get(..20).filter(|at| is_time(at)) {
            Some(_) => ("[TIME]".to_owned(), 20),
            None => (next.to_string(), next.len_utf8()),
        };
        undated.push_str(&shown);
        rest = &rest[length..];
    }
    undated
}

fn secret(desk: &Desk, token: &str) -> String {
    let stored = desk.read("cluster/priv/token.cfg");
    let line = stored.lines().find(|line| line.starts_with(token)).unwrap();
    line.split_once(' ').unwrap().1.to_owned()
}

fn expire(desk: &Desk, token: &str) -> u64 {
    let cfg = desk.read("cluster/user.cfg");
    let line = cfg.lines().find(|line| line.starts_with(&format!("token:{token}:"))).unwrap();
    line.split(':').nth(2).unwrap().parse().unwrap()
}

fn acl(desk: &Desk) -> Vec<String> {
    let cfg = desk.read("cluster/user.cfg");
    cfg.lines().filter(|line| line.starts_with("acl:")).map(ToOwned::to_owned).collect()
}

/// What was written, in the order of writing.
fn writes<T>(desk: &Desk, act: impl FnOnce() -> T) -> (T, Vec<String>) {
    let (result, requests) = desk.requests_of(act);
    (result, requests.iter().filter(|request| request.is_write()).map(ToString::to_string).collect())
}

#[test]
fn a_secret_is_renewed_when_its_end_is_near_and_not_before() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", ROTATING);
    let grants = acl(&desk);
    insta::assert_snapshot!(undated(&desk.run(&["plan"])));

    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let first = secret(&desk, "ann@pve!ci");
    assert_eq!(desk.read("ci.env"), format!("TOKEN={first}\n"));
    let end = expire(&desk, "ann@pve!ci");
    assert!((now() + 89 * DAY..=now() + 90 * DAY).contains(&end), "{end}");
    assert!(desk.run(&["plan", "--detailed-exitcode"]).code == 0, "it is not due again");

    desk.by_hand("PUT", "/access/users/ann@pve/token/ci", &format!("expire={}", now() + 15 * DAY));
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0, "15 days are enough");
    desk.by_hand("PUT", "/access/users/ann@pve/token/ci", &format!("expire={}", now() + 13 * DAY));
    let (ran, writes) = writes(&desk, || desk.run(&["apply", "--yes", "--no-lock"]));
    insta::assert_snapshot!(undated(&ran));
    assert_eq!(writes, ["PUT /access/users/ann@pve/token/ci 200"]);
    let second = secret(&desk, "ann@pve!ci");
    assert_ne!(first, second);
    assert_eq!(desk.read("ci.env"), format!("TOKEN={second}\n"));
    assert_eq!(acl(&desk), grants);
}

#[test]
fn an_end_that_is_further_away_than_any_secret_lasts_is_brought_back() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\ntoken:ann@pve!ci:4102444800:0::\n");
    desk.write("desired-state.yaml", ROTATING);
    desk.write_private("ci.env", "TOKEN=x\n");
    let before = desk.read("cluster/priv/token.cfg");
    insta::assert_snapshot!(undated(&desk.run(&["apply", "--yes"])));
    assert_eq!(desk.read("cluster/priv/token.cfg"), before, "no secret was renewed");
}

/// The run goes on with the new secret: what takes its power comes last, and is refused to a former secret.
#[test]
fn the_token_that_asks_renews_its_own_secret_on_the_way() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\ntoken:ann@pve!ci:0:0::\nacl:1:/:ann@pve:Administrator:\n");
    desk.by_hand("PUT", "/access/users/ann@pve/token/ci", "regenerate=1");
    desk.write(
        "desired-state.yaml",
        &format!("{ROTATING}acl:\n  - {{path: /, roles: Administrator, users: ann@pve, state: absent}}\ngroups: {{new: {{}}}}\n"),
    );
    let token = format!("ann@pve!ci={}", secret(&desk, "ann@pve!ci"));
    let url = desk.serving.url();
    let apply = ["apply", "--yes", "--no-lock", "--allow", "lockout"];
    let (_, requests) = desk.requests_of(|| desk.command_at(&url, &token, &apply).output().unwrap());
    let requests: Vec<String> =
        requests.iter().skip_while(|request| !request.is_write()).map(ToString::to_string).collect();
    assert_eq!(
        requests[..3],
        ["POST /access/groups 200", "PUT /access/users/ann@pve/token/ci 200", "PUT /access/acl 200"],
        "{requests:#?}"
    );
    assert!(requests.iter().all(|request| !request.ends_with(" 401")), "{requests:#?}");
    let renewed = desk.read("ci.env").trim().replace("TOKEN=", "ann@pve!ci=");
    assert_ne!(renewed, token);
    let refused = desk.ran(&desk.command_at(&url, &token, &["plan"]).output().unwrap());
    assert_eq!(refused.code, 1, "{}", refused.seen());
}

#[test]
fn a_secret_is_renewed_on_request() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", &format!("{ROTATING}  ann@pve!old: {{comment: x, secret: {{file: old}}}}\n"));
    let (ran, writes) =
        writes(&desk, || desk.run(&["rotate", "-f", "desired-state.yaml", "ann@pve!*", "--yes", "--no-lock"]));
    insta::assert_snapshot!(undated(&ran));
    assert_eq!(writes, ["PUT /access/users/ann@pve/token/ci 200", "PUT /access/users/ann@pve/token/old 200"]);
    assert_eq!(desk.read("old"), secret(&desk, "ann@pve!old"));
    assert_eq!(expire(&desk, "ann@pve!old"), 1000, "nobody asked for another end");
    assert!(!desk.read("cluster/user.cfg").contains(":x:"), "nothing else is done");
}

#[test]
fn what_cannot_be_renewed_is_told_before_anything_is_sent() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", "version: 1\ntokens:\n  ann@pve!ci: {}\n  ann@pve!new: {secret: {file: new}}\n");
    let mut seen = String::new();
    for tokens in [&["ann@pve!cj"][..], &["ann@pve!old"], &["ann@pve!new"], &["ann@pve!ci"], &["ci"], &["x*"], &["!*"]]
    {
        let mut arguments = vec!["rotate", "--yes"];
        arguments.extend(tokens);
        let (ran, writes) = writes(&desk, || desk.run(&arguments));
        assert!(ran.code == 1 && writes.is_empty(), "{tokens:?} {writes:?}");
        seen.push_str(&format!("$ pve-access rotate {}\n{}\n", tokens.join(" "), ran.seen()));
    }
    insta::assert_snapshot!(seen);
    let shown = desk.run(&["rotate", "ann@pve!ci", "--yes", "--show-secrets"]);
    assert!(shown.stdout.contains(&format!("ann@pve!ci={}", secret(&desk, "ann@pve!ci"))), "{}", shown.seen());
}

#[test]
fn a_rotation_needs_a_place_for_the_secret_before_it_is_due() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\n");
    desk.write("desired-state.yaml", "version: 1\ntokens:\n  ann@pve!ci: {rotate: {every: 90d}}\n");
    assert_eq!(desk.run(&["apply", "--yes", "--show-secrets"]).code, 0);
    insta::assert_snapshot!(desk.run(&["plan"]).seen());
}

#[test]
fn an_older_release_makes_the_token_anew_and_gives_back_its_grants() {
    let options = Options { release: Some(Release::new(9, 0)), ..Options::default() };
    let desk = Desk::with_options(CLUSTER, options);
    desk.write("desired-state.yaml", ROTATING);
    let grants = acl(&desk);
    let (ran, writes) = writes(&desk, || desk.run(&["apply", "--yes", "--no-lock"]));
    insta::assert_snapshot!(undated(&ran));
    let expected = [
        "DELETE /access/users/ann@pve/token/ci 200",
        "POST /access/users/ann@pve/token/ci 200",
        "PUT /access/acl 200",
        "PUT /access/acl 200",
        "PUT /access/acl 200",
    ];
    assert_eq!(writes, expected);
    assert_eq!(acl(&desk), grants);
    assert!(desk.read("cluster/user.cfg").contains(":deploys:"));

    desk.write("desired-state.yaml", "version: 1\ntokens:\n  root@pam!admin: {secret: {file: admin}}\n");
    insta::assert_snapshot!(desk.run(&["rotate", "root@pam!admin", "--yes"]).seen());
}

/// Whoever has the former secret is refused, nobody has the new one, and the next run mends it.
#[test]
fn a_new_secret_that_cannot_be_put_away_is_renewed_by_the_next_run() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", ROTATING);
    let (reached, mut is_reached) = mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "PUT /api2/json/access/users/ann", Then::Hold { reached, released }));
    let mut apply = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let child = apply.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    fs::create_dir(desk.path("ci.env")).unwrap();
    release.send(()).unwrap();
    let ran = desk.ran(&child.wait_with_output().unwrap());
    insta::assert_snapshot!(undated(&ran).replace(&url, "[URL]"));
    assert_eq!(expire(&desk, "ann@pve!ci"), 1);

    fs::remove_dir(desk.path("ci.env")).unwrap();
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert_eq!(desk.read("ci.env"), format!("TOKEN={}\n", secret(&desk, "ann@pve!ci")));
    assert!(expire(&desk, "ann@pve!ci") > now());
}

#[test]
fn a_saved_plan_renews_what_it_says() {
    let desk = Desk::with_user_cfg(CLUSTER);
    desk.write("desired-state.yaml", ROTATING);
    assert_eq!(desk.run(&["plan", "--out", "saved.json"]).code, 0);
    fs::remove_file(desk.path("desired-state.yaml")).unwrap();
    assert_eq!(desk.run(&["apply", "saved.json", "--yes"]).code, 0);
    assert_eq!(desk.read("ci.env"), format!("TOKEN={}\n", secret(&desk, "ann@pve!ci")));
    let again = secret(&desk, "ann@pve!ci");
    assert_eq!(desk.run(&["apply", "saved.json", "--yes"]).code, 0, "it is done already");
    assert_eq!(secret(&desk, "ann@pve!ci"), again);
}

#[test]
fn lint_knows_what_is_renewed_in_time() {
    let desk = Desk::with_user_cfg(&format!(
        "user:ann@pve:1:0::::::\ntoken:ann@pve!ci:{}:0::\nacl:1:/:ann@pve:PVEAuditor:\n",
        now() + 20 * DAY
    ));
    desk.write("desired-state.yaml", ROTATING);
    let ran = desk.run(&["lint", "--planned"]);
    assert!(!ran.stdout.contains("ending-soon"), "{}", ran.seen());
}

#[test]
fn whoever_renews_its_own_secret_is_told_that_the_next_run_needs_it() {
    const NOTE: &str = "note: root@pam!admin has a new secret, and the next run needs it";
    let desk = Desk::with_user_cfg("token:root@pam!other:0:0::\n");
    desk.write(
        "desired-state.yaml",
        "version: 1\ntokens:\n  root@pam!admin: {secret: {file: own, format: token}}\n  root@pam!other: {secret: {file: other}}\n",
    );
    for (token, is_told) in [("root@pam!other", false), ("root@pam!admin", true)] {
        let ran = desk.run(&["rotate", token, "--yes"]);
        assert_eq!((ran.code, ran.stderr.contains(NOTE)), (0, is_told), "{}", ran.seen());
    }
    assert_eq!(desk.run(&["plan"]).code, 1);
    let next = desk.command_at(&desk.serving.url(), desk.read("own").trim(), &["plan"]).output().unwrap();
    assert_eq!(next.status.code(), Some(0));
}
