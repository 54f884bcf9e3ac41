//! Files and commands that secrets go to, and what becomes of the secrets there.

use std::fs;
use std::process::{Command, Stdio};

use super::desk::{Desk, Ran};

/// A token of ann's whose secret goes to a script beside the file; the script, executable.
fn desk_with(script: &str) -> Desk {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\n");
    desk.write(
        "desired-state.yaml",
        "version: 1\ntokens:\n  ann@pve!ci: {secret: {command: [./put, --name, ann's ci]}}\n",
    );
    executable(&desk, "put", script);
    desk
}

/// Written by another process: a file that somebody has open for writing, and be it a fork of us, cannot be executed.
fn executable(desk: &Desk, name: &str, script: &str) {
    let mut child = Command::new("sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(desk.path(name))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = format!("#!/bin/sh\n{script}\n");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// As people run it, who have a PATH.
fn run(desk: &Desk, arguments: &[&str]) -> Ran {
    let path = std::env::var_os("PATH").unwrap();
    desk.ran(&desk.command(arguments).env("PATH", path).env("OTHER", "kept").output().unwrap())
}

fn secret_of(desk: &Desk, token: &str) -> String {
    let stored = desk.read("cluster/priv/token.cfg");
    let line = stored.lines().find(|line| line.split(' ').next() == Some(token));
    line.unwrap_or_default().rsplit(' ').next().unwrap_or_default().to_owned()
}

const APPLY: [&str; 3] = ["apply", "--yes", "--run-commands"];

#[test]
fn a_command_has_the_secret_on_its_standard_input_and_nowhere_else() {
    let desk = desk_with("cat > input; printf '%s\\n' \"$0\" \"$@\" > arguments; env > environment");
    let ran = run(&desk, &APPLY);
    insta::assert_snapshot!(ran.seen());
    let secret = secret_of(&desk, "ann@pve!ci");
    assert_eq!(secret.len(), 36);
    assert_eq!(desk.read("input"), secret);
    assert_eq!(desk.read("arguments"), "./put\n--name\nann's ci\n");
    let environment = desk.read("environment");
    assert!(environment.contains("OTHER=kept\n"), "{environment}");
    assert!(!environment.contains("PROXMOX_VE_") && !environment.contains(&secret), "{environment}");
    assert_eq!(run(&desk, &["plan"]).stderr, "", "nobody can look into a command");
}

/// Neither this program nor one that is given a secret leaves its memory on disk when it crashes.
#[test]
fn memory_with_a_secret_is_not_dumped() {
    let desk = desk_with("cat >/dev/null; ulimit -S -c > limit");
    let plain = desk.command(&APPLY);
    let mut command = Command::new("sh");
    let script = "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\"";
    command.args(["-c", script]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap()).current_dir(plain.get_current_dir().unwrap());
    let ran = desk.ran(&command.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(desk.read("limit"), "0\n");
}

#[test]
fn a_trial_on_the_sandbox_runs_no_command_unless_it_is_told_to() {
    let desk = desk_with("cat > input");
    let (ran, requests) = desk.requests_of(|| run(&desk, &["apply", "--yes"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
    assert!(!desk.path("input").exists());
}

#[test]
fn a_program_that_is_not_there_is_missed_before_anything_is_sent() {
    let desk = desk_with("cat");
    for (file, found) in
        [("./other", "there is no program"), ("pve-access-no-such", "in PATH"), ("./data", "can be run")]
    {
        desk.write("data", "no program");
        desk.write(
            "desired-state.yaml",
            &format!("version: 1\ntokens: {{ann@pve!ci: {{secret: {{command: {file}}}}}}}\n"),
        );
        let (ran, requests) = desk.requests_of(|| run(&desk, &APPLY));
        assert!(
            ran.code == 1 && ran.stderr.contains(found) && ran.stderr.contains("nothing was sent"),
            "{}",
            ran.seen()
        );
        assert!(requests.iter().all(|request| !request.is_write()));
    }
}

/// It is asked three times, and what it prints is shown, but for the secret.
#[test]
fn a_command_that_fails_leaves_no_token_behind() {
    let desk =
        desk_with("echo again >> tries; echo storing \"$(cat)\"; printf '\\033[31mthe vault is sealed\\n' >&2; exit 2");
    let ran = run(&desk, &["apply", "--yes", "--run-commands"]);
    insta::assert_snapshot!(ran.seen());
    assert_eq!(desk.read("tries"), "again\nagain\nagain\n");
    assert_eq!(secret_of(&desk, "ann@pve!ci"), "");
}

#[test]
fn a_command_that_does_not_read_has_not_taken_it() {
    let desk = desk_with("exit 0");
    let ran = run(&desk, &APPLY);
    assert!(ran.code == 4 && ran.stdout.contains("did not read all that it was given"), "{}", ran.seen());
    assert_eq!(secret_of(&desk, "ann@pve!ci"), "");
}

#[test]
fn what_a_command_says_is_told_at_verbosity_without_the_secret() {
    let desk = desk_with("echo stored \"$(cat)\"");
    let ran = run(&desk, &["apply", "--yes", "--run-commands", "-v"]);
    assert!(ran.code == 0 && ran.stderr.contains(&format!("stored {}", "*".repeat(36))), "{}", ran.seen());
    assert!(!run(&desk, &APPLY).stderr.contains("stored"));
}

#[test]
fn a_saved_plan_runs_the_same_program_from_anywhere() {
    let desk = desk_with("cat > \"$(dirname \"$0\")/input\"");
    let ran = run(&desk, &["plan", "--out", "plan.json"]);
    assert!(ran.stdout.contains(r"secret to the command `./put --name 'ann'\''s ci'`"), "{}", ran.seen());
    let plan: serde_json::Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    let put = desk.path("put").display().to_string();
    let sink = serde_json::json!({"command": [put, "--name", "ann's ci"], "format": "value"});
    assert_eq!(plan["plan"]["sinks"]["ann@pve!ci"], sink);
    fs::create_dir(desk.path("elsewhere")).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let mut apply = desk.command(&["apply", "../plan.json", "--yes", "--run-commands"]);
    let ran = desk.ran(&apply.env("PATH", path).current_dir(desk.path("elsewhere")).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.seen());
    assert_eq!(desk.read("input"), secret_of(&desk, "ann@pve!ci"));
}

#[test]
fn a_plan_as_json_names_the_command() {
    let desk = desk_with("cat");
    let plan: serde_json::Value = serde_json::from_str(&run(&desk, &["plan", "--format", "json"]).stdout).unwrap();
    let secret = serde_json::json!({"command": ["./put", "--name", "ann's ci"], "format": "value"});
    assert_eq!(plan["changes"][0]["secret"], secret);
}

#[test]
fn a_file_that_everybody_can_read_takes_no_secret() {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\n");
    desk.write(
        "desired-state.yaml",
        "version: 1\ntokens: {ann@pve!ci: {secret: {file: ci.env, format: env, name: X}}}\n",
    );
    desk.write_private("ci.env", "A=1\n");
    let mode = |mode: u32| desk.set_mode("ci.env", mode);
    mode(0o644);
    let (ran, requests) = desk.requests_of(|| run(&desk, &["apply", "--yes"]));
    insta::assert_snapshot!(ran.seen());
    assert!(requests.iter().all(|request| !request.is_write()));
    mode(0o640);
    assert_eq!(run(&desk, &["apply", "--yes"]).code, 0);
    mode(0o644);
    insta::assert_snapshot!("a_file_that_everybody_can_read_is_warned_of", run(&desk, &["plan"]).seen());
}

/// One secret of each kind: sound, of another token, of a disabled user, of a token that has ended, gone, in a command's
/// hands.
fn secrets() -> Desk {
    let desk = Desk::with_user_cfg("user:ann@pve:1:0::::::\nuser:bob@pve:1:0::::::\n");
    executable(&desk, "put", "cat >/dev/null");
    let token = |name: &str| format!("  {name}: {{secret: {{file: secrets/{}}}}}\n", name.replace(['@', '!'], "-"));
    let names = ["ann@pve!dead", "ann@pve!ended", "ann@pve!gone", "ann@pve!good", "bob@pve!ci"];
    let mut file = format!("version: 1\ntokens:\n{}", names.map(token).concat());
    file.push_str("  ann@pve!vault: {secret: {command: ./put}}\n");
    desk.write("desired-state.yaml", &file);
    let ran = run(&desk, &APPLY);
    assert_eq!(ran.code, 0, "{}", ran.seen());
    desk.write("secrets/ann-pve-dead", "5a9db0c5-0000-4000-8000-000000000000");
    fs::remove_file(desk.path("secrets/ann-pve-gone")).unwrap();
    desk.by_hand("PUT", "/access/users/bob@pve", "enable=0");
    desk.by_hand("PUT", "/access/users/ann@pve/token/ended", "expire=1");
    desk
}

#[test]
fn secrets_are_tried_on_request() {
    let desk = secrets();
    assert_eq!(run(&desk, &["plan", "--detailed-exitcode"]).code, 0);
    let (ran, requests) = desk.requests_of(|| run(&desk, &["plan", "--check-secrets", "--detailed-exitcode"]));
    insta::assert_snapshot!(ran.seen());
    let tries = requests.iter().filter(|request| request.path.ends_with("/version")).count();
    assert_eq!(tries, 3, "our own, the sound one and the dead one: of the others it is known that they are refused");

    let json = run(&desk, &["plan", "--check-secrets", "--format", "json"]).stdout;
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    let states: Vec<(&str, &str, Vec<&str>)> = plan["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| {
            let reasons = secret["reasons"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap()).collect();
            (secret["token"].as_str().unwrap(), secret["state"].as_str().unwrap(), reasons)
        })
        .collect();
    assert_eq!(
        states,
        [
            ("ann@pve!dead", "refused", vec![]),
            ("ann@pve!ended", "refused", vec!["token_expired"]),
            ("ann@pve!gone", "missing", vec![]),
            ("ann@pve!good", "works", vec![]),
            ("ann@pve!vault", "elsewhere", vec![]),
            ("bob@pve!ci", "refused", vec!["user_disabled"]),
        ]
    );
}

#[test]
fn secrets_that_are_tried_are_not_printed() {
    let desk = secrets();
    let stored = desk.read("cluster/priv/token.cfg");
    let secrets: Vec<&str> = stored.lines().filter_map(|line| line.split_once(' ')).map(|(_, secret)| secret).collect();
    assert!(secrets.len() >= 7);
    for format in ["text", "json", "markdown"] {
        let ran = run(&desk, &["plan", "--check-secrets", "-vvv", "--format", format]);
        for secret in &secrets {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}", ran.seen());
        }
    }
}
