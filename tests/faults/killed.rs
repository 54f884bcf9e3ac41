//! The process, killed at every request.

use std::fs;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::proxy::{Acts, Counted, Fault, Place, Proxy};
use super::scenario;
use super::trial::{Trial, begin};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_request_the_next_run_ends_it() {
    let mut tried = 0;
    for scenario in scenario::all().into_iter().filter(|scenario| ["homepage", "changes"].contains(&scenario.name)) {
        let beginning = begin(&scenario);
        let trial = Trial::over(beginning.path()).await;
        assert_eq!(run(&trial, &trial.serving.url(), &[]).status.code(), Some(0));
        let (undisturbed, lines) = (trial.ended(), journal(&trial));
        let writes = lines.iter().filter(|line| announces(line)).count();
        for nth in 0..writes {
            for acts in [Acts::Never, Acts::Before] {
                let trial = Trial::over(beginning.path()).await;
                let strike = (Place { counted: Counted::Writes, nth }, Fault::Hold(acts));
                let proxy = Proxy::start(trial.serving.addr(), Some(strike)).await;
                let mut child = command(&trial, &proxy.url(), &[]).spawn().unwrap();
                proxy.held().await;
                child.kill().unwrap();
                child.wait().unwrap();

                // The last line says what was under way: the same as where nothing went wrong.
                let written = journal(&trial);
                let (last, meant) =
                    (written.last().unwrap(), lines.iter().filter(|line| announces(line)).nth(nth).unwrap());
                assert!(announces(last), "{last}");
                assert_eq!(last["what"], meant["what"]);

                // Whoever comes next is told whose lock it is, if it was taken and not given back.
                let mut again = run(&trial, &trial.serving.url(), &[]);
                let is_locked = trial.is_locked();
                assert_eq!(is_locked, ![(0, Acts::Never), (writes - 1, Acts::Before)].contains(&(nth, acts)));
                // Where nothing is left to do, nobody asks for the lock.
                let is_over = nth == writes - 1 || (nth, acts) == (writes - 2, Acts::Before);
                if is_locked && !is_over {
                    let said = String::from_utf8(again.stderr).unwrap();
                    assert_eq!(again.status.code(), Some(1), "{said}");
                    assert!(said.contains("the cluster is locked by tester@"), "{said}");
                    assert!(said.contains("--break-lock"), "{said}");
                    again = run(&trial, &trial.serving.url(), &["--break-lock"]);
                }
                // The program itself ends it, and says which token nobody has the secret of.
                let said = String::from_utf8(again.stderr).unwrap();
                assert_eq!(again.status.code(), Some(0), "{said}");
                let named = trial.finish().await;
                assert!(named.iter().all(|token| said.contains(&token.to_string())), "{said}");
                trial.check_secrets(&named).await;
                if is_locked && is_over {
                    let broken = run(&trial, &trial.serving.url(), &["--break-lock"]);
                    assert_eq!(broken.status.code(), Some(0));
                }
                assert!(!trial.is_locked());
                assert_eq!(trial.ended(), undisturbed, "{} killed at write {nth}", scenario.name);
                tried += 1;
            }
        }
    }
    println!("killed {tried} times");
    assert!(tried >= 30, "{tried} are not what they were");
}

/// Whether a line stands before a request.
fn announces(line: &Value) -> bool {
    ["sends", "besides"].contains(&line["event"].as_str().unwrap())
}

fn journal(trial: &Trial) -> Vec<Value> {
    let text = fs::read_to_string(trial.path().join("journal.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run(trial: &Trial, url: &str, more: &[&str]) -> Output {
    command(trial, url, more).output().unwrap()
}

fn command(trial: &Trial, url: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pve-access"));
    command
        .current_dir(trial.path())
        .env_clear()
        .env("USER", "tester")
        .env("PROXMOX_VE_ENDPOINT", url)
        .env("PROXMOX_VE_API_TOKEN", trial.token())
        .args(["apply", "--yes", "--allow", "deletes", "--allow", "escalation", "--journal", "journal.jsonl"])
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}
