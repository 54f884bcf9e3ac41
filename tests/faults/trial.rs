//! One scenario on a server of its own, with one thing that goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use pve_access::api::{ApiError, Client, Credential, Endpoint, Login, Patience, Trust, UserFields};
use pve_access::apply::{
    self, Condition, Delivery, Fate, LeftFate, LeftPassword, NotRecorded, Observer, Outcome, Passwords, StepEnd, Stop,
    stored,
};
use pve_access::desired::{self, Desired, Destination, Format, Presence, UserWish};
use pve_access::live::{Sight, Snapshot, Source};
use pve_access::model::{AccessState, Lock};
use pve_access::plan::{Aim, Approved, Op, Plan, Step, Waiver};
use pve_access::pve::TokenId;
use pve_access::resolve::{Resolved, Unsunk, renew, resolve};
use pve_access::sandbox::{Logged, Sandbox, Serving};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use super::proxy::{Fault, Place, Proxy};
use super::scenario::{Asks, FORMER, PASSWORD, Scenario};

/// When it is, in all trials: seconds since 1970.
const NOW: u64 = 1_800_000_000;

/// So short that what stalls is given up soon. On a busy machine other requests are given up too, which is one more fault.
const HASTE: Patience = Patience {
    connect: Duration::from_millis(400),
    answer: Duration::from_millis(400),
    greeting: Duration::from_millis(100),
    recovery: Duration::from_millis(100),
    pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(4),
    look: Duration::from_millis(1),
};

struct Nobody;

impl Observer for Nobody {
    fn begins(&mut self, _: usize, _: &Step) -> Result<(), NotRecorded> {
        Ok(())
    }

    fn ended(&mut self, _: usize, _: &Step, _: &StepEnd) {}

    fn besides(&mut self, _: &Op) -> Result<(), NotRecorded> {
        Ok(())
    }

    fn besides_ended(&mut self, _: &Op, _: Result<(), &ApiError>) {}

    fn reads_back(&mut self) {}
}

/// A scenario's files, and the server that its steps go to.
pub struct Trial {
    folder: TempDir,
    desired: OnceLock<Desired>,
    sandbox: Sandbox,
    pub serving: Serving,
    admin: (TokenId, SecretString),
}

/// What is there when a trial is over, and what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub state: AccessState,
    /// How many of each path were created and not deleted again.
    pub created: BTreeMap<String, i64>,
    /// The secrets of what no file declares.
    pub kept: BTreeSet<String>,
}

fn connect(url: &str, credential: Credential, patience: Patience) -> Client {
    // Nothing is encrypted here, and this is made faster than the system's own roots are read.
    let trust = Trust::Fingerprint(["00"; 32].join(":").parse().unwrap());
    Client::over(&url.parse::<Endpoint>().unwrap().into(), credential, &trust, patience).unwrap()
}

/// A folder in memory where there is one: that much of what is written thousands of times is of no use on disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A folder in which a scenario begins, to be copied.
pub fn begin(scenario: &Scenario) -> TempDir {
    let folder = folder();
    let cluster = folder.path().join("cluster");
    Sandbox::open(&cluster).unwrap();
    let file = cluster.join("user.cfg");
    let fresh = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{fresh}\n{}", scenario.user_cfg)).unwrap();
    fs::write(folder.path().join("desired-state.yaml"), &scenario.file).unwrap();
    for (name, content) in scenario.besides {
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    let secrets = cluster.join("priv/token.cfg");
    let mut text = fs::read_to_string(&secrets).unwrap();
    for line in scenario.user_cfg.lines().filter_map(|line| line.strip_prefix("token:")) {
        text.push_str(&format!("{} {FORMER}\n", line.split(':').next().unwrap()));
    }
    fs::write(&secrets, text).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Trial {
    pub async fn over(beginning: &Path) -> Trial {
        let folder = folder();
        copy(beginning, folder.path());
        let file = folder.path().join("desired-state.yaml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("FOLDER", folder.path().to_str().unwrap())).unwrap();
        let sandbox = Sandbox::open(&folder.path().join("cluster")).unwrap();
        let admin = sandbox.admin_token().unwrap().unwrap();
        let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        Trial { folder, desired: OnceLock::new(), sandbox, serving, admin }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The credential that the steps are sent with.
    pub fn token(&self) -> String {
        let (id, secret) = &self.admin;
        format!("{id}={}", secret.expose_secret())
    }

    fn client(&self, url: &str, patience: Patience) -> Client {
        let (id, secret) = self.admin.clone();
        let credential = Credential::new(id, secret).unwrap();
        connect(url, credential, patience)
    }

    fn desired(&self) -> &Desired {
        self.desired.get_or_init(|| self.load())
    }

    fn load(&self) -> Desired {
        let loaded = desired::load(&[self.folder.path().join("desired-state.yaml")]);
        assert!(!loaded.findings.has_errors(), "{:#?}", loaded.findings.iter().collect::<Vec<_>>());
        loaded.desired
    }

    /// The plan, and the tokens that are reported to be of no use as it is made.
    async fn plan(&self, client: &Client) -> Option<(Approved, BTreeSet<TokenId>)> {
        let desired = self.desired();
        let live = client.read().await.ok()?;
        let named = missing(desired, &live.state);
        let resolved = resolve(desired, &live, Unsunk::Refuse, NOW).unwrap();
        Some((Plan::new(Aim::new(resolved)).approve(&Waiver::ALL.into()).unwrap(), named))
    }

    /// The plan that leads from the beginning to the end, for [`Trial::follow`].
    pub async fn first_plan(&self, asks: Asks) -> Approved {
        let client = self.client(&self.serving.url(), Patience::default());
        if asks == Asks::File {
            return self.plan(&client).await.unwrap().0;
        }
        let (desired, live) = (self.desired(), client.read().await.unwrap());
        let all = desired.tokens.keys().cloned().collect();
        let resolved = renew(desired, &live, all, Unsunk::Refuse, NOW).unwrap();
        Plan::new(Aim::new(resolved)).approve(&Waiver::ALL.into()).unwrap()
    }

    /// Applies over a way on which this goes wrong, and then over a good one; how many reads and writes the first took.
    pub async fn run(&self, strike: Option<(Place, Fault)>) -> (usize, usize) {
        let proxy = Proxy::start(self.serving.addr(), strike).await;
        let client = self.client(&proxy.url(), if strike.is_some() { HASTE } else { Patience::default() });
        let first = match self.plan(&client).await {
            Some((plan, _)) => Some(carry_out(plan, &client).await),
            None => None,
        };
        self.end(&proxy, first).await
    }

    /// As [`Trial::run`], but a plan that was made for another trial of the same scenario.
    pub async fn follow(&self, plan: &Plan, strike: Option<(Place, Fault)>) -> (usize, usize) {
        let proxy = Proxy::start(self.serving.addr(), strike).await;
        let client = self.client(&proxy.url(), if strike.is_some() { HASTE } else { Patience::default() });
        let mut plan = plan.clone();
        let desired = self.desired();
        let Resolved { sinks, passwords, .. } = resolve(desired, &plan.aim.live, Unsunk::Refuse, NOW).unwrap();
        plan.aim.passwords = passwords;
        plan.aim.sinks = match plan.aim.renewed.len() {
            0 => sinks,
            _ => {
                renew(desired, &plan.aim.live, desired.tokens.keys().cloned().collect(), Unsunk::Refuse, NOW)
                    .unwrap()
                    .sinks
            }
        };
        let first = carry_out(plan.approve(&Waiver::ALL.into()).unwrap(), &client).await;
        self.end(&proxy, Some(first)).await
    }

    async fn end(&self, proxy: &Proxy, first: Option<Outcome>) -> (usize, usize) {
        let passed = proxy.passed();
        proxy.catch_up().await;
        if let Some(outcome) = &first {
            if outcome.done() == apply::Done::Everything {
                self.check_secrets(&BTreeSet::new()).await;
            }
            self.check_renewed(outcome);
            self.check_left(outcome);
            if let Some(left) = &outcome.left_password {
                self.heed(left).await;
            }
        }
        let mut named: BTreeSet<TokenId> = first.iter().flat_map(unsafe_tokens).collect();
        named.extend(self.finish().await);
        self.check_secrets(&named).await;
        self.check_passwords().await;
        passed
    }

    /// What is said to be renewed is.
    fn check_renewed(&self, outcome: &Outcome) {
        let stored = self.stored("token.cfg");
        for (step, end) in &outcome.steps {
            if let Op::RotateToken { token, .. } = &step.op
                && end.is_done()
            {
                assert!(!stored.contains(&format!("{token} {FORMER}\n")), "{token} has its former secret");
            }
        }
    }

    /// No password is left without a user unless somebody was told.
    fn check_left(&self, outcome: &Outcome) {
        let users = &self.snapshot().state.users;
        for line in self.stored("shadow.cfg").lines() {
            let user = format!("{}@pve", line.split(':').next().unwrap());
            let is_told = outcome.left_password.as_ref().is_some_and(|left| left.user.to_string() == user);
            assert!(is_told || users.keys().any(|there| there.to_string() == user), "a password of {user} is left");
        }
    }

    /// Does by hand what is said of a password that could not be taken away: on a busy machine more than one thing goes
    /// wrong.
    async fn heed(&self, LeftPassword { user, fate }: &LeftPassword) {
        let client = self.client(&self.serving.url(), Patience::default());
        match fate {
            LeftFate::Withdrawn | LeftFate::Inherited | LeftFate::Unknown => {}
            LeftFate::NotDeleted(_) | LeftFate::StillStored(_) => {
                // Either may have been done in the meantime.
                let _ = client.create_user(user, &UserFields::default(), None).await;
                let _ = client.delete_user(user).await;
            }
        }
    }

    /// Who was made with a password can log in with it.
    async fn check_passwords(&self) {
        for (user, declared) in &self.desired().users {
            let Presence::Present(UserWish { password: Some(_), .. }) = &declared.wish else { continue };
            let login = Login::with_password(user.clone(), SecretString::from(PASSWORD)).unwrap();
            let client = connect(&self.serving.url(), Credential::Login(login), Patience::default());
            assert!(client.version().await.is_ok(), "{user} cannot log in");
        }
    }

    /// A file that the server keeps secrets in.
    fn stored(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("cluster/priv").join(name)).unwrap_or_default()
    }

    /// Applies over a good way, to the end; the tokens that are reported not to be usable.
    pub async fn finish(&self) -> BTreeSet<TokenId> {
        let client = self.client(&self.serving.url(), Patience::default());
        let desired = self.desired();
        let live = self.snapshot();
        let resolved = resolve(desired, &live, Unsunk::Refuse, NOW).unwrap();
        if resolved.target == live.state && resolved.renewed.is_empty() {
            // Nothing differs, so the plan is empty.
            return missing(desired, &live.state);
        }
        let (plan, named) = self.plan(&client).await.unwrap();
        let outcome = carry_out(plan, &client).await;
        assert_eq!(outcome.done(), apply::Done::Everything, "{:#?}", outcome.steps);
        named
    }

    /// Whether somebody is at work, or died at it.
    pub fn is_locked(&self) -> bool {
        fs::read_to_string(self.folder.path().join("cluster/user.cfg")).unwrap().contains(Lock::NAME)
    }

    /// What is there, without asking over the API.
    fn snapshot(&self) -> Snapshot {
        let state = (*self.sandbox.state().unwrap()).clone();
        Snapshot {
            state,
            sight: Sight::Full,
            reader: None,
            cluster: "test".to_owned(),
            lock: None,
            ignored: Vec::new(),
        }
    }

    /// Every declared token's secret is where the file says and works, or somebody was told that it does not.
    pub async fn check_secrets(&self, named: &BTreeSet<TokenId>) {
        for (token, declared) in &self.desired().tokens {
            let Presence::Present(wish) = &declared.wish else { continue };
            let Some(sink) = &wish.secret else { continue };
            let file = match &sink.to {
                Destination::File(file) => file.clone(),
                Destination::Command(words) => words.last().unwrap().into(),
            };
            if !self.works(token, &secret(&file, &sink.format)).await {
                assert!(named.contains(token), "the secret of {token} does not work, and nobody was told");
            }
        }
    }

    async fn works(&self, token: &TokenId, secret: &str) -> bool {
        let Ok(credential) = Credential::new(token.clone(), SecretString::from(secret)) else { return false };
        connect(&self.serving.url(), credential, Patience::default()).version().await.is_ok()
    }

    pub fn ended(&self) -> Ended {
        let state = (*self.sandbox.state().unwrap()).clone();
        let mut created: BTreeMap<String, i64> = BTreeMap::new();
        for Logged { method, path, status } in self.serving.requests() {
            match method.as_str() {
                "POST" if status == 200 => *created.entry(path).or_default() += 1,
                "DELETE" if status == 200 && path.contains("/token/") => *created.entry(path).or_default() -= 1,
                // A user that is made without its password goes with it, and a lock is given back.
                "DELETE" if status == 200 => {
                    if let Some((folder, "pve-access-lock" | "ann@pve" | "bob@pve")) = path.rsplit_once('/') {
                        *created.entry(folder.to_owned()).or_default() -= 1;
                    }
                }
                _ => {}
            }
        }
        let secrets = self.stored("token.cfg");
        let kept = secrets.lines().filter(|line| line.starts_with("keep@pve")).map(str::to_owned).collect();
        Ended { state, created, kept }
    }
}

async fn carry_out(plan: Approved, client: &Client) -> Outcome {
    let passwords = Passwords::read(&plan.plan().aim.passwords).await.unwrap();
    let (mut delivery, stop) = (Delivery::to_sinks(), Stop::default());
    apply::run(plan, client, &passwords, &mut delivery, &mut Nobody, &stop).await.unwrap()
}

/// The declared tokens whose secret is not where the files say.
fn missing(desired: &Desired, live: &AccessState) -> BTreeSet<TokenId> {
    let is_missing = |condition: &Condition| matches!(condition, Condition::Missing);
    stored(desired, live)
        .into_iter()
        .filter(|stored| is_missing(&stored.condition))
        .map(|stored| stored.token)
        .collect()
}

/// What a sink holds, or nothing.
fn secret(file: &Path, format: &Format) -> String {
    let content = fs::read_to_string(file).unwrap_or_default();
    match format {
        Format::Value => content.trim().to_owned(),
        Format::Token => content.trim().split_once('=').map_or(String::new(), |(_, secret)| secret.to_owned()),
        Format::Env { name } => {
            let of_name = |line: &str| line.strip_prefix(name.as_str())?.strip_prefix('=').map(str::to_owned);
            content.lines().find_map(of_name).unwrap_or_default()
        }
        Format::Json => serde_json::from_str::<serde_json::Value>(&content)
            .ok()
            .and_then(|object| object["secret"].as_str().map(str::to_owned))
            .unwrap_or_default(),
    }
}

/// The tokens of which an outcome says that nobody may have their secret.
fn unsafe_tokens(outcome: &Outcome) -> Vec<TokenId> {
    let Outcome { steps, stopped: _, verification: _, orphans, left_password: _, waived: _, unrecorded: _ } = outcome;
    let lost = steps.iter().filter_map(|(_, end)| match end {
        StepEnd::SecretLost { token, error: _, fate } => Some((token, fate)),
        _ => None,
    });
    let orphans = orphans.iter().map(|(token, fate)| (token, fate));
    lost.chain(orphans)
        .filter(|(_, fate)| !matches!(fate, Fate::Deleted | Fate::Ended))
        .map(|(token, _)| token.clone())
        .collect()
}
