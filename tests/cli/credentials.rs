//! As whom the program asks: where the credential comes from, and what is wrong with it.

use std::fs;
use std::process::Command;

use super::desk::{Desk, HOMEPAGE, Ran};

/// A desk with ann@pve, who administers and has a password.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.by_hand("POST", "/access/users", "userid=ann@pve&password=annspass1");
    desk.by_hand("PUT", "/access/acl", "path=/&users=ann@pve&roles=Administrator");
    desk.write("desired-state.yaml", HOMEPAGE);
    desk
}

/// Variables with their values.
type Environment<'a> = &'a [(&'a str, &'a str)];

const ANN: Environment<'_> = &[("PROXMOX_VE_USERNAME", "ann@pve"), ("PROXMOX_VE_PASSWORD", "annspass1")];

fn command(desk: &Desk, environment: Environment<'_>, arguments: &[&str]) -> Command {
    let mut command = desk.command_at(&desk.serving.url(), "", arguments);
    // What runs other programs finds them.
    command.env("PATH", std::env::var_os("PATH").unwrap()).envs(environment.iter().copied());
    command
}

fn run(desk: &Desk, environment: Environment<'_>, arguments: &[&str]) -> Ran {
    desk.ran(&command(desk, environment, arguments).output().unwrap())
}

/// Whom the plan was read as, if it was.
fn reader(ran: &Ran) -> String {
    let read_as = |line: &str| line.split_once("read as ").map(|(_, who)| who.trim_end_matches('.').to_owned());
    ran.stdout.lines().chain(ran.stderr.lines()).find_map(read_as).unwrap_or_else(|| ran.seen())
}

#[test]
fn every_source_of_a_credential_does() {
    let desk = desk();
    desk.write_private("token", &format!("{}\n", desk.token));
    desk.write_private("password", "annspass1\r\n");
    desk.write_private("user", "ann@pve");
    let ticket = desk.ticket("ann@pve", "annspass1");
    let admin = "root@pam!admin";
    for (environment, arguments, who) in [
        (&[("PROXMOX_VE_API_TOKEN", desk.token.as_str())][..], &[][..], admin),
        (&[], &["--token-file", "token"], admin),
        (&[], &["--token-command", "cat token"], admin),
        (&[], &["--token-command", "sh -c 'echo unlocking >&2; cat \"token\"'"], admin),
        (ANN, &[], "ann@pve"),
        (&[ANN[0], ("PROXMOX_VE_PASSWORD", "annspass1\n")], &[], "ann@pve"),
        (&ANN[..1], &["--password-file", "password"], "ann@pve"),
        (&ANN[1..], &["--username", "ann@pve"], "ann@pve"),
        (&[], &["--username", "ann@pve", "--password-command", "cat password"], "ann@pve"),
        (&[("PROXMOX_VE_AUTH_TICKET", &ticket)], &[], "ann@pve"),
        (
            &[("PROXMOX_VE_AUTH_TICKET", &ticket), ("PROXMOX_VE_CSRF_PREVENTION_TOKEN", "of an earlier hour")],
            &[],
            "ann@pve",
        ),
        // Flags win, whatever is set.
        (ANN, &["--token-file", "token"], admin),
        (&[("PROXMOX_VE_API_TOKEN", "nonsense")], &["--username", "ann@pve", "--password-file", "password"], "ann@pve"),
    ] {
        let ran = run(&desk, environment, &[&["plan"], arguments].concat());
        assert_eq!(reader(&ran), who, "{arguments:?}: {}", ran.seen());
        assert!(!ran.stderr.contains("note:"), "{}", ran.stderr);
    }
}

/// `--token-file <(pass show pve/token)`: a pipe, whose mode says nothing.
#[test]
fn a_shell_may_put_a_pipe_in_a_files_place() {
    let desk = desk();
    desk.write_private("token", &desk.token);
    let program = assert_cmd::cargo::cargo_bin!("pve-access");
    let mut shell = command(&desk, &[], &[]);
    let line = format!("cat token | {} plan --token-file /dev/stdin", program.display());
    let ran = desk.ran(
        &Command::new("sh")
            .args(["-c", &line])
            .current_dir(desk.path("."))
            .envs(shell_environment(&mut shell))
            .output()
            .unwrap(),
    );
    assert_eq!(reader(&ran), "root@pam!admin");
}

fn shell_environment(command: &mut Command) -> Vec<(String, String)> {
    let text = |value: &std::ffi::OsStr| value.to_str().unwrap().to_owned();
    command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect()
}

#[test]
fn which_of_several_credentials_counts_is_said() {
    let desk = desk();
    let token = ("PROXMOX_VE_API_TOKEN", desk.token.as_str());
    let ran = run(&desk, &[&[token], ANN].concat(), &["plan"]);
    assert!(ran.stderr.starts_with("note: PROXMOX_VE_API_TOKEN wins over PROXMOX_VE_USERNAME\n"), "{}", ran.stderr);
    assert_eq!(reader(&ran), "root@pam!admin");
    let ran = run(&desk, &[&[token, ("PROXMOX_VE_AUTH_TICKET", "PVE:x")], ANN].concat(), &["plan"]);
    let note = "note: PROXMOX_VE_AUTH_TICKET wins over PROXMOX_VE_API_TOKEN and PROXMOX_VE_USERNAME\n";
    assert!(ran.code == 1 && ran.stderr.starts_with(note), "{}", ran.stderr);
    let nothing = [token, ("PROXMOX_VE_USERNAME", ""), ("PROXMOX_VE_AUTH_TICKET", "")];
    assert_eq!(run(&desk, &nothing, &["plan"]).stderr, "");
}

/// Nothing that is secret, or that stands where a secret belongs, is repeated.
#[test]
fn whatever_is_wrong_with_a_credential_is_explained() {
    let desk = desk();
    fs::create_dir(desk.path("folder")).unwrap();
    desk.write_private("empty", " \n");
    desk.write_private("lines", "ann@pve!a=hunter2\nann@pve!b=hunter2\n");
    desk.write_private("nonsense", "hunter2");
    desk.write_private("large", &"hunter2 ".repeat(10_000));
    fs::write(desk.path("binary"), b"hunter2\xff").unwrap();
    desk.set_mode("binary", 0o600);
    let token = |file| vec!["--token-file", file];
    let program = |line| vec!["--token-command", line];
    let ann = &ANN[..1];
    let cases: &[(Environment<'_>, Vec<&str>)] = &[
        (&[], vec![]),
        (&ANN[1..], vec![]),
        (ann, vec![]),
        (&[("PROXMOX_VE_USERNAME", "ann")], vec![]),
        (&[("PROXMOX_VE_USERNAME", "ann@pve!ci")], vec![]),
        (&[("PROXMOX_VE_API_TOKEN", "ann@pve=hunter2")], vec![]),
        (&[("PROXMOX_VE_AUTH_TICKET", "hunter2")], vec![]),
        (&[("PROXMOX_VE_AUTH_TICKET", "PVE:!tfa!%7B%7D:65E1F2A0::hunter2")], vec![]),
        (&[ANN[0], ANN[1], ("PROXMOX_VE_OTP", "hunter2")], vec![]),
        (&[ANN[0], ("PROXMOX_VE_PASSWORD", "hunter2")], vec![]),
        (&[], token("nowhere")),
        (&[], token("folder")),
        (&[], token("empty")),
        (&[], token("lines")),
        (&[], token("nonsense")),
        (&[], token("large")),
        (&[], token("binary")),
        (&[], vec!["--password-file", "nonsense"]),
        (ann, vec!["--password-file", "lines"]),
        (&[], program("cat 'hunter2")),
        (&[], program("")),
        (&[], program("no-such-program hunter2")),
        (&[], program("sh -c 'echo hunter2; exit 3'")),
        (&[], program("sh -c 'echo hunter2'")),
        (&[], program("true")),
        (&[], program("yes hunter2")),
        (&[], vec!["--token-file", "lines", "--username", "ann@pve"]),
        (&[], vec!["--token-file", "lines", "--password-file", "nonsense"]),
        (&[], vec!["--username", "ann@pve", "--sandbox"]),
    ];
    let seen: Vec<String> = cases
        .iter()
        .map(|(environment, arguments)| {
            let ran = run(&desk, environment, &[&["plan"], arguments.as_slice()].concat());
            assert_eq!(ran.code, 1, "{arguments:?}: {}", ran.seen());
            assert!(!ran.seen().contains("hunter2"), "{}", ran.seen());
            let names: Vec<&str> = environment.iter().map(|(name, _)| *name).collect();
            format!("$ {} plan {}\n{}", names.join(" "), arguments.join(" ").replace("hunter2", "..."), ran.stderr)
        })
        .collect();
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn a_credential_that_everybody_may_read_is_refused() {
    let desk = desk();
    desk.write_private("my token", &desk.token);
    let (ran, requests) = desk.requests_of(|| {
        desk.set_mode("my token", 0o644);
        run(&desk, &[], &["plan", "--token-file", "my token"])
    });
    insta::assert_snapshot!(ran.seen());
    assert!(requests.is_empty());
    for mode in [0o604, 0o602, 0o666] {
        desk.set_mode("my token", mode);
        assert_eq!(run(&desk, &[], &["plan", "--token-file", "my token"]).code, 1, "{mode:o}");
    }
    // A link says nothing of who may read, and is not what is opened.
    desk.set_mode("my token", 0o400);
    std::os::unix::fs::symlink("my token", desk.path("link")).unwrap();
    assert_eq!(run(&desk, &[], &["plan", "--token-file", "link"]).code, 0);
    desk.set_mode("my token", 0o640);
    let ran = run(&desk, &[], &["plan", "--token-file", "link"]);
    let is_ours = fs::metadata(desk.path("link")).map(|found| std::os::unix::fs::MetadataExt::uid(&found)).unwrap();
    assert_eq!((ran.code, ran.stderr.contains("chmod 600 link")), (0, is_ours != 0), "{}", ran.stderr);
}

/// What is planned and done is the same by ticket, and one login does for all of a run.
#[test]
fn a_user_applies_as_a_token_does() {
    let desk = desk();
    let (ran, requests) = desk.requests_of(|| run(&desk, ANN, &["apply", "--yes"]));
    insta::assert_snapshot!(ran.seen());
    let logins = requests.iter().filter(|request| request.path == "/access/ticket").count();
    assert!(logins == 1 && requests.iter().all(|request| request.status == 200), "{requests:?}");
    assert_eq!(run(&desk, ANN, &["plan", "--detailed-exitcode"]).code, 0);
    let root = [("PROXMOX_VE_USERNAME", "root@pam"), ("PROXMOX_VE_PASSWORD", "rootpass")];
    assert_eq!(run(&desk, &root, &["plan", "--detailed-exitcode"]).code, 0);
    let why = run(&desk, ANN, &["permissions", "ann@pve", "--path", "/vms/100", "--why"]);
    assert!(why.code == 0 && why.stdout.contains("Administrator"), "{}", why.seen());
}

/// A user manages its own tokens without any privilege, and sees little else.
#[test]
fn a_user_without_privileges_has_tokens() {
    let desk = Desk::new();
    desk.by_hand("POST", "/access/users", "userid=bob@pve&password=bobspass1");
    desk.write("desired-state.yaml", "version: 1\ntokens:\n  bob@pve!ci: {comment: CI, secret: {file: ci}}\n");
    let bob = [("PROXMOX_VE_USERNAME", "bob@pve"), ("PROXMOX_VE_PASSWORD", "bobspass1")];
    let ran = run(&desk, &bob, &["apply", "--yes"]);
    insta::assert_snapshot!(ran.seen());
    let ran = run(&desk, &bob, &["apply", "--yes", "--allow", "blind"]);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(
        run(&desk, &[], &["permissions", "bob@pve!ci", "--token-command", "sh -c 'echo bob@pve!ci=$(cat ci)'"]).code,
        0
    );
}

#[test]
fn whoever_locks_itself_out_is_stopped() {
    let desk = desk();
    desk.write("desired-state.yaml", "version: 1\nusers:\n  ann@pve: {enable: false}\n");
    let ran = run(&desk, ANN, &["apply", "--yes"]);
    assert!(ran.code == 3 && ran.seen().contains("ann@pve"), "{}", ran.seen());
    insta::assert_snapshot!(ran.seen());
}

#[test]
fn a_second_factor_is_answered_from_the_environment() {
    let desk = desk();
    let factors = r#"{"users":{"ann@pve":{"recovery":{"created":1,"entries":["0123-4567-89ab-cdef"]}}}}"#;
    desk.write("cluster/priv/tfa.cfg", factors);
    let with = |code: &str| run(&desk, &[ANN, &[("PROXMOX_VE_OTP", code)]].concat(), &["plan", "-vvv"]);
    let plain = |environment: Environment<'_>| run(&desk, environment, &["plan"]);
    let mut seen = plain(ANN).seen();
    seen.push_str(&plain(&[ANN, &[("PROXMOX_VE_OTP", "0000-0000-0000-0000")]].concat()).seen());
    seen.push_str(&plain(&[ANN, &[("PROXMOX_VE_OTP", "123456")]].concat()).seen());
    insta::assert_snapshot!(seen);
    let ran = with("0123-4567-89ab-cdef");
    assert_eq!(reader(&ran), "ann@pve");
    for secret in ["0123-4567", "annspass1", "PVE:ann@pve:", "!tfa!"] {
        assert!(!ran.seen().contains(secret), "{secret}: {}", ran.seen());
    }
    assert!(desk.read("cluster/priv/tfa.cfg").contains("[null]"), "used up");
}
