//! The process, killed at every request.

use std::process::{Command, Stdio};

use super::proxy::{Acts, Counted, Fault, Place, Proxy};
use super::scenario;
use super::trial::{Trial, begin};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_request_the_next_run_ends_it() {
    let mut tried = 0;
    for scenario in
        scenario::all().into_iter().filter(|scenario| ["homepage", "mixed", "tokens"].contains(&scenario.name))
    {
        let beginning = begin(&scenario);
        let trial = Trial::over(beginning.path()).await;
        let (_, writes) = trial.run(None).await;
        let undisturbed = trial.ended();
        for nth in 0..writes {
            for acts in [Acts::Never, Acts::Before] {
                let trial = Trial::over(beginning.path()).await;
                let strike = (Place { counted: Counted::Writes, nth }, Fault::Hold(acts));
                let proxy = Proxy::start(trial.serving.addr(), Some(strike)).await;
                let mut child = command(&trial, &proxy.url()).spawn().unwrap();
                proxy.held().await;
                child.kill().unwrap();
                child.wait().unwrap();

                // The program itself ends it, and says which token nobody has the secret of.
                let again = command(&trial, &trial.serving.url()).output().unwrap();
                let said = String::from_utf8(again.stderr).unwrap();
                assert_eq!(again.status.code(), Some(0), "{said}");
                let named = trial.finish().await;
                assert!(named.iter().all(|token| said.contains(&token.to_string())), "{said}");
                trial.check_secrets(&named).await;
                assert_eq!(trial.ended(), undisturbed, "{} killed at write {nth}", scenario.name);
                tried += 1;
            }
        }
    }
    println!("killed {tried} times");
    assert!(tried >= 40, "{tried} are not what they were");
}

fn command(trial: &Trial, url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pve-access"));
    command
        .current_dir(trial.path())
        .env_clear()
        .env("PROXMOX_VE_ENDPOINT", url)
        .env("PROXMOX_VE_API_TOKEN", trial.token())
        .args(["apply", "--yes", "--allow", "deletes", "--allow", "escalation"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}
