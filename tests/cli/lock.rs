//! One at a time: what somebody else's lock keeps out, and what is left of one's own.

use std::io::{BufRead, BufReader, Read};
use std::process::{self, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use pve_access::model::Holder;
use serde_json::Value;
use tokio::sync::oneshot;

use super::desk::{Desk, HOMEPAGE};
use super::interrupted::{Then, detour};

/// The lock of somebody else, set at a time that has not come yet and so has no age.
fn lock(desk: &Desk) {
    lock_of(desk, "bob@desktop", 4711);
}

fn lock_of(desk: &Desk, who: &str, pid: u32) {
    let holder = Holder {
        who: who.to_owned(),
        pid,
        principal: "ops@pve!ci".to_owned(),
        since: 4_102_444_800,
        run: "5d0f6f0e-0000-4000-8000-000000000001".to_owned(),
    };
    desk.by_hand("POST", "/access/groups", &format!("groupid=pve-access-lock&comment={holder}"));
}

fn is_locked(desk: &Desk) -> bool {
    desk.read("cluster/user.cfg").contains("pve-access-lock")
}

fn journal(desk: &Desk) -> Vec<Value> {
    let text = desk.read("state/pve-access/journal.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_cluster_that_somebody_else_works_on_is_left_alone() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    lock(&desk);
    let (ran, requests) = desk.requests_of(|| desk.run(&["apply", "--yes"]));
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stderr);
    let writes: Vec<&str> = requests.iter().filter(|request| request.is_write()).map(|one| one.path.as_str()).collect();
    assert_eq!(writes, ["/access/groups"], "which is refused");
    assert!(!desk.path("secrets/homepage.env").exists());

    let waited = desk.run(&["apply", "--yes", "--lock-timeout", "1s"]);
    assert_eq!(waited.code, 1);
    assert!(waited.stderr.starts_with("Waiting for the lock: it is held by bob@desktop"), "{}", waited.seen());
    assert!(waited.stderr.contains("the cluster is still locked"), "{}", waited.seen());

    let broken = desk.run(&["apply", "--yes", "--break-lock"]);
    assert_eq!(broken.code, 0, "{}", broken.seen());
    insta::assert_snapshot!(broken.stderr);
    assert!(!is_locked(&desk));

    // Where there is nothing to do, nobody heeds a lock, and it is broken all the same if that is asked for.
    lock(&desk);
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    assert!(is_locked(&desk));
    let broken = desk.run(&["apply", "--yes", "--break-lock"]);
    assert!(broken.code == 0 && broken.stderr.contains("Breaking the lock of bob@desktop"), "{}", broken.seen());
    assert!(!is_locked(&desk));
}

#[test]
#[cfg(target_os = "linux")]
fn a_lock_whose_process_is_gone_from_this_machine_is_told_so() {
    const GONE: &str = "no such process can be seen on this machine";
    let desk = Desk::new();
    desk.write("desired-state.yaml", "version: 1\ngroups: {first: {}}\n");
    assert_eq!(desk.run(&["apply", "--yes"]).code, 0);
    let journal = journal(&desk);
    let who = journal[0]["who"].as_str().unwrap();
    desk.write("desired-state.yaml", HOMEPAGE);
    // More than a process can be called by; one that is there; one of another machine.
    for (who, pid, is_gone) in [(who, 4_194_305, true), (who, process::id(), false), ("bob@desktop", 4_194_305, false)]
    {
        lock_of(&desk, who, pid);
        let ran = desk.run(&["apply", "--yes"]);
        assert_eq!(ran.code, 1);
        assert_eq!(ran.stderr.contains(GONE), is_gone, "{}", ran.seen());
        desk.by_hand("DELETE", "/access/groups/pve-access-lock", "");
    }
}

#[test]
fn who_waits_for_the_lock_can_be_stopped() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    lock(&desk);
    let mut command = desk.command(&["apply", "--yes", "--lock-timeout", "1h"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("Waiting for the lock"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let rest = said.map(Result::unwrap).collect::<Vec<_>>().join("\n");
    assert!(rest.contains("error: stopped while the cluster was locked by bob@desktop"), "{rest}");
    assert!(rest.ends_with("help: nothing was sent"), "{rest}");
    assert!(is_locked(&desk));
}

#[test]
fn without_a_lock_nobody_is_heeded() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    lock(&desk);
    assert_eq!(desk.run(&["apply", "--yes", "--no-lock"]).code, 0);
    assert!(is_locked(&desk));
    assert_eq!(desk.run(&["apply", "--yes", "--no-lock", "--break-lock"]).code, 1);
}

/// It is nobody's business but that of those who apply.
#[test]
fn a_lock_is_neither_planned_for_nor_exported_nor_linted() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", "version: 1\n");
    let all = ["plan --show-undeclared", "export", "lint", "lint --format json", "who-can Sys.Audit /"];
    let run = |line: &str| desk.run(&line.split(' ').collect::<Vec<_>>());
    let before: Vec<String> = all.iter().map(|line| run(line).stdout).collect();
    lock(&desk);
    let after: Vec<String> = all.iter().map(|line| run(line).stdout).collect();
    assert_eq!(before, after);
    insta::assert_snapshot!(desk.run(&["plan"]).stderr);
    desk.write("user.cfg", &desk.read("cluster/user.cfg"));
    let copied = desk.run(&["export", "--live", "user.cfg"]).stdout;
    assert!(!copied.contains("pve-access-lock"), "{copied}");
}

#[test]
fn group_allocate_is_all_it_takes() {
    let desk = Desk::new();
    desk.by_hand("POST", "/access/roles", "roleid=Locker&privs=Group.Allocate");
    desk.by_hand("POST", "/access/users", "userid=ci@pve");
    desk.by_hand("PUT", "/access/acl", "path=/access/groups&roles=Locker&users=ci@pve");
    let credential = desk.new_token("ci@pve!ci", "privsep=0");
    desk.write("desired-state.yaml", "version: 1\ngroups: {ops: {}}\n");
    let mut apply = desk.command_at(&desk.serving.url(), &credential, &["apply", "--yes", "--allow", "blind"]);
    let (ran, requests) = desk.requests_of(|| desk.ran(&apply.output().unwrap()));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.seen());
    let writes: Vec<String> = requests
        .iter()
        .filter(|request| request.is_write())
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    assert_eq!(writes, ["POST /access/groups", "POST /access/groups", "DELETE /access/groups/pve-access-lock"]);
}

#[test]
fn what_was_lost_on_the_way_is_looked_at() {
    for start in ["POST /api2/json/access/groups ", "DELETE /api2/json/access/groups/pve-access-lock "] {
        let desk = Desk::new();
        desk.write("desired-state.yaml", HOMEPAGE);
        let url = desk.wait(detour(&desk, start, Then::LoseAnswer));
        let ran = desk.ran(&desk.command_at(&url, &desk.token, &["apply", "--yes"]).output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{start}: {}", ran.seen());
        assert!(!is_locked(&desk), "{start}");
    }
}

/// Whoever broke it has made another plan by now.
#[test]
fn a_run_whose_lock_was_broken_stops() {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (reached, mut is_reached) = tokio::sync::mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "POST /api2/json/access/users ", Then::Hold { reached, released }));
    let mut command = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    desk.by_hand("DELETE", "/access/groups/pve-access-lock", "");
    lock(&desk);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.starts_with("The lock was broken by bob@desktop"), "{said}");
    let (ran, requests) = desk.requests_of(|| {
        release.send(()).unwrap();
        stderr.read_to_string(&mut said).unwrap();
        desk.ran(&child.wait_with_output().unwrap())
    });
    assert_eq!(ran.code, 4, "{}{said}", ran.seen());
    let writes: Vec<&str> = requests.iter().filter(|request| request.is_write()).map(|one| one.path.as_str()).collect();
    assert_eq!(writes, ["/access/users"], "the one under way");
    assert!(said.contains("warning: the lock was broken"), "{said}");
    assert!(is_locked(&desk), "it is not this run's any more");
}

/// Runs an apply up to where it takes the lock, and lets somebody else be faster.
fn overtaken(by: impl FnOnce(&Desk)) -> (Desk, super::desk::Ran) {
    let desk = Desk::new();
    desk.write("desired-state.yaml", HOMEPAGE);
    let (reached, mut is_reached) = tokio::sync::mpsc::channel(1);
    let (release, released) = oneshot::channel();
    let url = desk.wait(detour(&desk, "POST /api2/json/access/groups ", Then::Hold { reached, released }));
    let mut command = desk.command_at(&url, &desk.token, &["apply", "--yes"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    desk.wait(is_reached.recv()).unwrap();
    by(&desk);
    release.send(()).unwrap();
    let mut ran = desk.ran(&child.wait_with_output().unwrap());
    ran.stdout = ran.stdout.replace(&url, "[URL]");
    assert!(!is_locked(&desk));
    (desk, ran)
}

#[test]
fn what_has_changed_before_the_lock_was_taken_is_planned_anew() {
    let (desk, ran) = overtaken(|desk| {
        desk.by_hand("POST", "/access/users", "userid=api@pam&comment=Mine");
    });
    insta::assert_snapshot!(ran.seen());
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
    assert!(journal(&desk).iter().any(|line| line["event"] == "replans" && line["steps"] == 4), "{:?}", journal(&desk));

    // What makes it dangerous is refused as it would have been in the first place.
    let (desk, ran) = overtaken(|desk| {
        desk.by_hand("POST", "/access/groups", "groupid=api-ro-users");
        desk.by_hand("PUT", "/access/acl", "path=/&roles=Administrator&groups=api-ro-users");
    });
    let events: Vec<Value> = journal(&desk).iter().map(|line| line["event"].clone()).collect();
    assert!(ran.code == 0 || !events.contains(&"sends".into()), "{}", ran.seen());
}

#[test]
fn somebody_else_may_have_done_it_all() {
    let (desk, ran) = overtaken(|desk| assert_eq!(desk.run(&["apply", "--yes"]).code, 0));
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert!(ran.stdout.ends_with("(--show-undeclared)\n") || ran.stdout.contains("No changes"), "{}", ran.seen());
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
}

/// Each wants another state, and sees to it in several requests.
fn file(number: usize) -> String {
    let mut file = String::from("version: 1\ngroups:\n");
    (0..4).for_each(|at| file.push_str(&format!("  team-{at}: {{comment: Run {number}}}\n")));
    file
}

/// What the journal tells of runs that were at it at once: no step of one is between the steps of another.
fn assert_one_at_a_time(journal: &str, runs: usize) {
    let mut sent: Vec<String> = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["event"] == "sends")
        .map(|line| line["run"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sent.len(), 4 * runs);
    sent.dedup();
    assert_eq!(sent.len(), runs, "steps of several runs are mixed");
}

fn assert_one_target(user_cfg: &str) {
    let comments: std::collections::BTreeSet<&str> = user_cfg
        .lines()
        .filter(|line| line.starts_with("group:team-"))
        .map(|line| line.rsplit(':').nth(1).unwrap())
        .collect();
    assert_eq!(comments.len(), 1, "{user_cfg}");
    assert!(!user_cfg.contains("pve-access-lock"));
}

fn all_at_once(desk: &Desk, runs: usize, target: Option<&str>) {
    (0..runs).for_each(|number| desk.write(&format!("{number}.yaml"), &file(number)));
    let (done, codes) = mpsc::channel();
    thread::scope(|scope| {
        for number in 0..runs {
            let done = done.clone();
            let name = format!("{number}.yaml");
            let mut command = desk.command(&["apply", "--yes", "--lock-timeout", "5m", "-f", &name]);
            if let Some(target) = target {
                command.arg(target).env_remove("PROXMOX_VE_ENDPOINT");
            }
            scope.spawn(move || done.send(command.output().unwrap()).unwrap());
        }
    });
    drop(done);
    for output in codes {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn ten_at_once_come_one_after_the_other() {
    let desk = Desk::new();
    all_at_once(&desk, 10, None);
    assert_one_at_a_time(&desk.read("state/pve-access/journal.jsonl"), 10);
    assert_one_target(&desk.read("cluster/user.cfg"));
}

#[test]
fn two_at_once_in_one_folder_come_one_after_the_other() {
    let desk = Desk::new();
    all_at_once(&desk, 2, Some("--sandbox=shared"));
    assert_one_at_a_time(&desk.read("shared/journal.jsonl"), 2);
    assert_one_target(&desk.read("shared/user.cfg"));
    assert!(!desk.path("state").exists(), "what is only tried is kept apart");
}

/// A group that lets its members do something is no lock, whatever it is called.
#[test]
fn a_lock_with_power_is_seen_and_not_broken() {
    let desk = Desk::with_user_cfg(
        "user:eve@pve:1:0::::::\ngroup:pve-access-lock:eve@pve::\nacl:1:/:@pve-access-lock:Administrator:\n",
    );
    desk.write("desired-state.yaml", HOMEPAGE);
    assert!(desk.run(&["who-can", "Sys.Modify", "/"]).stdout.contains("eve@pve"));
    let ran = desk.run(&["apply", "--yes", "--break-lock"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.stderr);
    assert!(is_locked(&desk));
    // It cannot be declared, so that an export leaves it to be looked at.
    let exported = desk.run(&["export"]);
    desk.write("exported.yaml", &exported.stdout);
    assert_eq!(desk.run(&["validate", "-f", "exported.yaml"]).code, 0, "{}", exported.seen());
}
