//! A sandbox that begins with a cluster's files.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use pve_access::sandbox::Sandbox;

use super::desk::{Desk, http};

const USER_CFG: &str = "\
# kept by hand
user:root@pam:0:0:::admin@example.com:::
token:root@pam!admin:4102444800:1:ours:
user:ann@pve:1:0:Ann::ann@example.com:::
token:ann@pve!ci:0:0:pipeline:
user:zoe@corp:yes:0::::::
group:ops:ann@pve,zoe@corp:Operators:
role:Ops:VM.Audit,VM.Monitor:
acl:1:/vms//:@ops:Ops:
acl:1:/:root@pam:Administrator:
";

const DOMAINS_CFG: &str = "\
ldap: corp
\tserver1 ldap.example.com
\tbase_dn dc=example,dc=com
\tuser_attr uid

nis: old
";

fn rehearsal() -> Desk {
    let desk = Desk::new();
    fs::create_dir(desk.path("copy")).unwrap();
    desk.write("copy/user.cfg", USER_CFG);
    desk.write("copy/domains.cfg", DOMAINS_CFG);
    desk
}

#[test]
fn a_change_is_rehearsed_on_a_copy_of_the_cluster() {
    let desk = rehearsal();
    let seeded = desk.run(&["sandbox", "--seed", "copy/user.cfg", "--dir", "rehearsal", "--no-serve"]);
    insta::assert_snapshot!(seeded.seen());
    let kept = "\
user:ann@pve:1:0:Ann::ann@example.com:::
token:ann@pve!ci:0:0:pipeline:
user:root@pam:1:0:::admin@example.com:::
token:root@pam!admin:0:0:ours:
user:zoe@corp:1:0::::::

group:ops:ann@pve,zoe@corp:Operators:


role:Ops:VM.Audit:

acl:1:/vms:@ops:Ops:
";
    assert_eq!(desk.read("rehearsal/user.cfg"), kept);
    desk.write(
        "desired-state.yaml",
        "version: 1\nusers:\n  zoe@corp: {groups: []}\nacl:\n  - {path: /vms, roles: Ops, groups: ops, propagate: false}\n",
    );
    insta::assert_snapshot!(desk.run(&["apply", "--yes", "--sandbox=rehearsal"]).seen());
    assert_eq!(desk.run(&["plan", "--detailed-exitcode", "--sandbox=rehearsal"]).code, 0);
}

/// Their secrets are not known, and no other must do in their place.
#[test]
fn tokens_of_the_file_let_nobody_in() {
    let desk = rehearsal();
    assert_eq!(desk.run(&["sandbox", "--seed", "copy/user.cfg", "--dir", "rehearsal", "--no-serve"]).code, 0);
    let secrets = desk.read("rehearsal/priv/token.cfg");
    assert_eq!(secrets.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(), ["root@pam!admin"]);
    let localhost = "127.0.0.1:0".parse().unwrap();
    let serving = desk.wait(Sandbox::open(&desk.path("rehearsal")).unwrap().serve(localhost)).unwrap();
    for secret in ["", "5a9db0c5-0000-4000-8000-000000000000"] {
        let request = http().get(format!("{}/api2/json/version", serving.url()));
        let request = request.header("Authorization", format!("PVEAPIToken=ann@pve!ci={secret}"));
        assert_eq!(desk.wait(request.send()).unwrap().status(), 401);
    }
}

/// Each leaves what is there as it is, and makes nothing.
#[test]
fn what_no_sandbox_can_begin_with_is_refused() {
    let desk = rehearsal();
    desk.write("desired-state.yaml", super::desk::HOMEPAGE);
    desk.write("large.cfg", &format!("{USER_CFG}#{}\n", "x".repeat(1024 * 1024)));
    fs::create_dir(desk.path("half")).unwrap();
    desk.write("half/user.cfg", USER_CFG);
    desk.write("half/domains.cfg", "ldap: corp\n\tserver1 x\n");
    assert_eq!(desk.run(&["sandbox", "--no-serve", "--dir", "taken"]).code, 0);
    let taken = desk.read("taken/user.cfg");
    let seen: Vec<String> = [
        ("copy/user.cfg", "taken"),
        ("copy/user.cfg", "copy"),
        ("copy/user.cfg", "."),
        ("copy", "new"),
        ("none.cfg", "new"),
        ("desired-state.yaml", "new"),
        ("large.cfg", "new"),
        ("half/user.cfg", "new"),
    ]
    .into_iter()
    .map(|(file, dir)| {
        let ran = desk.run(&["sandbox", "--seed", file, "--dir", dir, "--no-serve"]);
        assert_eq!(ran.code, 1, "{}", ran.seen());
        format!("$ sandbox --seed {file} --dir {dir}\n{}", ran.seen())
    })
    .collect();
    insta::assert_snapshot!(seen.join("\n"));
    assert_eq!(desk.read("taken/user.cfg"), taken);
    assert_eq!(desk.read("copy/user.cfg"), USER_CFG);
    assert!(!desk.path("new").exists());
}

/// What is passed over is named line by line, but not without end.
#[test]
fn a_long_list_of_what_is_passed_over_is_cut() {
    let desk = Desk::new();
    desk.write("user.cfg", &format!("user:ann@pve:1\n{}", "nonsense\u{1b}[31m\n".repeat(60)));
    let ran = desk.run(&["sandbox", "--seed", "user.cfg", "--dir", "rehearsal", "--no-serve"]);
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 51);
    let first = "warning: user.cfg:2: ignored, as the server does: no kind of line starts with `nonsense\\u{1b}[31m`";
    assert_eq!(warnings[0], first);
    assert_eq!(warnings[50], "warning: 10 more places ignored like these");
}

/// Served at once, from standard input, with the token that is printed.
#[test]
fn a_copy_is_served_as_it_comes() {
    let desk = Desk::new();
    let mut command = desk.command(&["sandbox", "--seed", "-", "--dir", "rehearsal", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(USER_CFG.as_bytes()).unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let exports: Vec<String> = lines.map(Result::unwrap).filter(|line| line.starts_with("export ")).take(2).collect();
    let value = |at: usize| exports[at].split_once('=').unwrap().1.trim_matches('\'').to_owned();
    let request = http().get(format!("{}/api2/json/access/groups", value(0)));
    let request = request.header("Authorization", format!("PVEAPIToken={}", value(1)));
    let answer = desk.wait(async { request.send().await.unwrap().text().await.unwrap() });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answer.contains(r#""groupid":"ops""#), "{answer}");
}

/// With --seed or without, and whatever is wrong with it.
#[test]
fn a_folder_that_will_not_do_is_refused_with_a_way_out() {
    let desk = rehearsal();
    for (dir, error, help) in [
        ("copy/..", "is not a sandbox's folder, and not empty", "name another folder: --dir DIR"),
        ("copy/user.cfg", "cannot be used", "name a folder that can be written: --dir DIR"),
    ] {
        for seed in [[].as_slice(), &["--seed", "copy/user.cfg"]] {
            let ran = desk.run(&[&["sandbox", "--no-serve", "--dir", dir], seed].concat());
            let (first, last) = (ran.stderr.lines().next().unwrap(), ran.stderr.lines().last().unwrap());
            assert!(ran.code == 1 && first.starts_with("error: `") && first.ends_with(error), "{}", ran.seen());
            assert_eq!(last, format!("  help: {help}"), "{}", ran.seen());
        }
    }
}
