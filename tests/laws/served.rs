//! What holds of plans on a server that knows nothing of them: the sandbox, which the recorded conversations hold to
//! the real one.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use proptest::prelude::*;
use pve_access::api::{ApiError, Client, Credential, Login, Trust};
use pve_access::apply::{self, Delivery, Done, NotRecorded, Observer, Passwords, StepEnd, Stop};
use pve_access::diff::diff;
use pve_access::live::{Sight, Source};
use pve_access::model::{AccessState, Enable, Expire, Pool, Privsep, Token, user_cfg};
use pve_access::plan::{Op, Step, Waiver};
use pve_access::pve::{Release, UserId};
use pve_access::sandbox::{Sandbox, Serving};
use secrecy::SecretString;

use super::exported::check_seen;
use super::fixtures;
use super::generate::{draft, state};
use super::odd::odd_state;
use super::{fold, ops, planned};

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

/// A server in this state, beside the token that it is spoken to with.
pub async fn serve(folder: &Path, state: &AccessState) -> (Serving, Client) {
    let sandbox = Sandbox::open(folder).unwrap();
    let (admin, secret) = sandbox.admin_token().unwrap().unwrap();
    let mut state = state.clone();
    let root = state.users.entry(UserId::root()).or_default();
    (root.enable, root.expire) = (Enable::Yes, Expire::Never);
    state.tokens.insert(admin.clone(), Token { privsep: Privsep::No, ..Token::default() });
    fs::write(folder.join("user.cfg"), user_cfg::write(&state)).unwrap();
    let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let credential = Credential::new(admin, secret).unwrap();
    let client = Client::new(serving.url().parse().unwrap(), credential, &Trust::System).unwrap();
    (serving, client)
}

/// What `user`, of realm pve or root@pam, logs in with, on the server in `folder`.
pub fn give_password(folder: &Path, user: &UserId) -> Credential {
    const PASSWORD: &str = "password";
    let params = sha_crypt::Sha256Params::new(sha_crypt::ROUNDS_MIN).unwrap();
    let hash = sha_crypt::sha256_simple(PASSWORD, &params).unwrap();
    let file = if user.is_root() { "priv/pam-shadow.cfg" } else { "priv/shadow.cfg" };
    fs::write(folder.join(file), format!("{}:{hash}:\n", user.name())).unwrap();
    Credential::Login(Login::with_password(user.clone(), SecretString::from(PASSWORD)).unwrap())
}

/// The same whether it is read from the file or over the API, but for what the API does not tell: it has of pools those
/// members alone that exist, and of realms no options but a few.
fn check_reading(live: &AccessState) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (file, snapshot) = runtime.block_on(async {
        let (_serving, client) = serve(folder.path(), live).await;
        let file = fs::read(folder.path().join("user.cfg")).unwrap();
        (user_cfg::read(&file, Release::MEASURED).state, client.read().await)
    });
    let mut seen = snapshot.map_err(|error| format!("{error:#?}"))?;
    check_seen(&seen)?;
    let without_contents = |state: &mut AccessState| {
        state.realms.clear();
        state.pools.values_mut().for_each(|pool| *pool = Pool { comment: pool.comment.clone(), ..Pool::default() });
    };
    let mut file = file;
    without_contents(&mut file);
    without_contents(&mut seen.state);
    if seen.sight == Sight::Full && seen.state == file {
        Ok(())
    } else {
        Err(format!("{:#?}", (seen.sight, diff(&file, &seen.state))))
    }
}

#[test]
fn every_recorded_file_is_read_over_the_api_too() {
    let mut files = fixtures::files("user-cfg", ".cfg");
    files.extend(fixtures::files("permissions", ".cfg"));
    fixtures::check_all(&files, |file| {
        check_reading(&user_cfg::read(&fixtures::bytes(file)?, Release::MEASURED).state)
    });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_odd_state_is_read_over_the_api_too(live in odd_state()) {
        // In a list of members a NUL divides in place of commas, so that what is between them is one name, with commas in
        // it; and the API's own list of such members cannot be taken apart.
        prop_assume!(!live.memberships.keys().any(|user| user.as_str().contains('\0')));
        prop_assert_eq!(check_reading(&live), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    /// Everything that a step says of itself is what the server does: what it makes, and what it takes along.
    #[test]
    fn the_server_does_what_the_steps_say(live in state(), draft in draft()) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (planned_writes, served, read, expected) = runtime.block_on(async {
            let (serving, client) = serve(folder.path(), &live).await;
            let live = client.read().await.unwrap().state;
            let desired = draft.against(&live);
            let (plan, target) = planned(&desired, &live);
            assert_eq!(fold(&ops(&plan), &live), target);
            let approved = plan.clone().approve(&Waiver::ALL.into()).unwrap();
            let mut delivery = Delivery::showing(io::sink());
            let passwords = Passwords::read(&plan.aim.passwords).await.unwrap();
            let stop = Stop::default();
            let outcome = apply::run(approved, &client, &passwords, &mut delivery, &mut Nobody, &stop).await.unwrap();
            assert_eq!(outcome.done(), Done::Everything, "{outcome:#?}");
            let writes = serving.requests().iter().filter(|request| request.is_write()).count();
            (plan.steps.len(), writes, client.read().await.unwrap().state, target)
        });
        prop_assert_eq!(planned_writes, served);
        prop_assert_eq!(read, expected);
    }
}
