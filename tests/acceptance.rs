//! The main job on a real cluster, or on any server that speaks its API.
//!
//! Runs where PROXMOX_VE_ENDPOINT is set, and PROXMOX_VE_API_TOKEN or PROXMOX_VE_USERNAME with PROXMOX_VE_PASSWORD; it is
//! ignored otherwise. ACCEPTANCE_CA_FILE or ACCEPTANCE_FINGERPRINT say what to trust, if the system does not. The credential
//! needs what docs/security.md gives to `sync@pve`. All that it makes has a random suffix in its name, and is deleted on
//! every way out: an error, a panic, and Ctrl-C, which waits for the command under way.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use libtest_mimic::{Arguments, Failed, Trial};
use pve_access::api::wire::Held;
use pve_access::api::{Client, Credential, Endpoints, Patience, Trust};
use pve_access::pve::TokenId;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_credential =
        is_set("PROXMOX_VE_API_TOKEN") || (is_set("PROXMOX_VE_USERNAME") && is_set("PROXMOX_VE_PASSWORD"));
    let has_cluster = is_set("PROXMOX_VE_ENDPOINT") && has_credential;
    if has_cluster {
        std::thread::spawn(wait_for_signals);
    }
    let trial =
        Trial::test("the_main_job_on_a_real_cluster", || main_job().map_err(|error| Failed::from(error.to_string())));
    libtest_mimic::run(&Arguments::from_args(), vec![trial.with_ignored_flag(!has_cluster)]).exit_code()
}

/// Whether somebody wants the test to end.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Takes note of Ctrl-C and of being asked to end; what is under way is finished, and the rest is cleared away.
fn wait_for_signals() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            eprintln!("ending: what was made is being deleted");
            ENDING.store(true, Ordering::SeqCst);
        }
    });
}

/// Names that nobody else uses, and a folder with files about them.
struct Guest {
    suffix: String,
    folder: TempDir,
}

impl Guest {
    fn new() -> Result<Guest, Box<dyn Error>> {
        let suffix = uuid::Uuid::new_v4().simple().to_string().split_off(24);
        let guest = Guest { suffix, folder: tempfile::tempdir()? };
        guest.write("present.yaml", PRESENT)?;
        guest.write("absent.yaml", ABSENT)?;
        Ok(guest)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(self.folder.path().join(name), text.replace("SUFFIX", &self.suffix))?)
    }

    fn token(&self) -> Result<TokenId, Box<dyn Error>> {
        Ok(format!("acceptance-{}@pve!check", self.suffix).parse()?)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Box<dyn Error>> {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pve-access"));
        // A group of its own, so that Ctrl-C does not end it; a journal of its own, too.
        command
            .current_dir(self.folder.path())
            .process_group(0)
            .env("XDG_STATE_HOME", self.folder.path())
            .args(arguments);
        if arguments[0] != "validate" {
            if let Some(file) = env::var_os("ACCEPTANCE_CA_FILE") {
                command.arg("--ca-file").arg(Path::new(&file).canonicalize()?);
            } else if let Some(fingerprint) = env::var_os("ACCEPTANCE_FINGERPRINT") {
                command.arg("--fingerprint").arg(fingerprint);
            }
        }
        Ok(command.output()?)
    }

    /// As [`Guest::ends`], unless somebody wants the test to end.
    fn exits(&self, code: i32, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        if ENDING.load(Ordering::SeqCst) {
            return Err("it was asked to end".into());
        }
        self.ends(code, arguments)
    }

    /// Runs the program and holds it to an exit status.
    fn ends(&self, code: i32, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = self.run(arguments)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        if output.status.code() == Some(code) {
            return Ok(stdout);
        }
        Err(format!("{arguments:?} exits with {} and not with {code}:\n{stdout}{stderr}", output.status).into())
    }
}

impl Drop for Guest {
    /// Whatever happened, nothing stays behind.
    fn drop(&mut self) {
        if let Err(error) = self.ends(0, &["apply", "--yes", "-f", "absent.yaml"]) {
            eprintln!("something called *-{} may have stayed behind: {error}", self.suffix);
        }
    }
}

const PRESENT: &str = "\
version: 1
roles:
  Acceptance-SUFFIX: {privs: [VM.Audit, Sys.Audit]}
groups:
  acceptance-SUFFIX: {comment: \"Made by a test: ünïcode; 100% = fine\"}
users:
  acceptance-SUFFIX@pve: {groups: acceptance-SUFFIX, comment: Made by a test, expire: 2099-12-31, firstname: Ann}
tokens:
  acceptance-SUFFIX@pve!check: {privsep: false, comment: Made by a test, secret: {file: secret, format: token}}
acl:
  - {path: /pool/acceptance-SUFFIX, roles: [Acceptance-SUFFIX, PVEPoolUser], groups: acceptance-SUFFIX}
  - {path: /pool/acceptance-SUFFIX, roles: PVEVMUser, tokens: acceptance-SUFFIX@pve!check, propagate: false}
";

const CHANGED: &str = "\
version: 1
roles:
  Acceptance-SUFFIX: {privs: [VM.Audit]}
groups:
  acceptance-SUFFIX: {comment: \"\"}
users:
  acceptance-SUFFIX@pve: {groups: [], comment: \"two\\nlines\", expire: never, enable: true}
acl:
  - {path: /pool/acceptance-SUFFIX, roles: PVEPoolUser, groups: acceptance-SUFFIX, propagate: false}
  - {path: /pool/acceptance-SUFFIX, roles: PVEVMUser, tokens: acceptance-SUFFIX@pve!check, state: absent}
";

const ABSENT: &str = "\
version: 1
users:
  acceptance-SUFFIX@pve: {state: absent}
groups:
  acceptance-SUFFIX: {state: absent}
roles:
  Acceptance-SUFFIX: {state: absent}
";

fn main_job() -> Result<(), Box<dyn Error>> {
    let guest = Guest::new()?;
    guest.exits(0, &["validate", "-f", "present.yaml"])?;
    guest.exits(2, &["plan", "--detailed-exitcode", "-f", "present.yaml"])?;
    guest.exits(0, &["apply", "--yes", "-f", "present.yaml"])?;
    let again = guest.exits(0, &["apply", "--yes", "-f", "present.yaml"])?;
    expect(again.contains("Nothing to do."), || format!("the second apply has something to do:\n{again}"))?;

    let client = guest_client(&guest)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(client.version())?;
    let held = runtime.block_on(client.permissions(&format!("/pool/acceptance-{}", guest.suffix).parse()?))?;
    expect(held.0.contains_key(&"Pool.Audit".parse()?), || {
        format!("the token holds nothing through its group: {held:?}")
    })?;
    let server = runtime.block_on(client.all_permissions())?;
    expect_same_permissions(&guest, &server)?;
    adopt(&guest)?;
    examine(&guest)?;
    rotate(&guest, &runtime)?;

    guest.write("changed.yaml", CHANGED)?;
    guest.exits(0, &["apply", "--yes", "-f", "changed.yaml"])?;
    guest.exits(0, &["plan", "--detailed-exitcode", "-f", "changed.yaml"])?;
    let drift = guest.exits(2, &["plan", "--detailed-exitcode", "-f", "present.yaml"])?;
    expect(drift.contains("groups +acceptance-"), || format!("the drift is not seen:\n{drift}"))?;

    guest.exits(0, &["apply", "--yes", "-f", "absent.yaml"])?;
    guest.exits(0, &["plan", "--detailed-exitcode", "-f", "absent.yaml"])?;
    let refused = runtime.block_on(guest_client(&guest)?.version());
    expect(refused.is_err(), || "the token still works after its user was deleted".to_owned())
}

/// What the program says that the token may do is what the server says.
fn expect_same_permissions(guest: &Guest, server: &BTreeMap<String, Held>) -> Result<(), Box<dyn Error>> {
    let answer = guest.exits(0, &["permissions", &guest.token()?.to_string(), "--format", "json"])?;
    let ours: serde_json::Value = serde_json::from_str(&answer)?;
    let digits = |Held(held): &Held| -> serde_json::Value {
        held.iter()
            .map(|(privilege, propagates)| (privilege.to_string(), serde_json::Value::from(u8::from(*propagates))))
            .collect()
    };
    let server: serde_json::Value = server.iter().map(|(path, held)| (path.clone(), digits(held))).collect();
    expect(ours["permissions"] == server, || format!("the server says {server}, and the program {ours}"))
}

/// Whatever is there, planning with its export finds nothing to change.
fn adopt(guest: &Guest) -> Result<(), Box<dyn Error>> {
    let export = guest.exits(0, &["export"])?;
    fs::write(guest.folder.path().join("export.yaml"), export)?;
    guest.exits(0, &["plan", "--detailed-exitcode", "-f", "export.yaml"]).map(|_| ())
}

/// The credential can do what the file asks for, and the token that it made works and holds something.
fn examine(guest: &Guest) -> Result<(), Box<dyn Error>> {
    guest.exits(0, &["doctor", "-f", "present.yaml"])?;
    let seen = guest.exits(0, &["doctor", "-f", "present.yaml", "--token-file", "secret"])?;
    let token = guest.token()?.to_string();
    expect(seen.contains(&token) && seen.contains("holdings"), || {
        format!("it is not {token} that was examined:\n{seen}")
    })
}

/// The old secret is dead, the new one is in its place and works, and the token holds what it held.
fn rotate(guest: &Guest, runtime: &tokio::runtime::Runtime) -> Result<(), Box<dyn Error>> {
    let old = guest_client(guest)?;
    let token = guest.token()?.to_string();
    let held = runtime.block_on(old.all_permissions())?;
    guest.exits(0, &["rotate", &token, "-f", "present.yaml", "--yes"])?;
    expect(runtime.block_on(old.version()).is_err(), || "the old secret still works after it was rotated".to_owned())?;
    let now = runtime.block_on(guest_client(guest)?.all_permissions())?;
    expect(now == held, || format!("the token held {held:?} before it was rotated, and holds {now:?} after"))?;
    guest.exits(0, &["plan", "--detailed-exitcode", "-f", "present.yaml"]).map(|_| ())
}

/// A client with the credential that the run has put into its file.
fn guest_client(guest: &Guest) -> Result<Client, Box<dyn Error>> {
    let (token, written) = (guest.token()?, fs::read_to_string(guest.folder.path().join("secret"))?);
    let secret = written.trim().strip_prefix(&format!("{token}=")).ok_or("the file holds another token")?;
    let credential = Credential::new(token, SecretString::from(secret))?;
    let trust = match (env::var_os("ACCEPTANCE_CA_FILE"), env::var("ACCEPTANCE_FINGERPRINT")) {
        (Some(file), _) => Trust::CaFile(file.into()),
        (None, Ok(fingerprint)) => Trust::Fingerprint(fingerprint.parse()?),
        (None, Err(_)) => Trust::System,
    };
    let endpoints: Endpoints = env::var("PROXMOX_VE_ENDPOINT")?.parse()?;
    Ok(Client::over(&endpoints, credential, &trust, Patience::default())?)
}

fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(otherwise().into()) }
}
