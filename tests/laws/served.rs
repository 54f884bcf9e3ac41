//! What holds of plans on a server that knows nothing of them: the sandbox, which the recorded conversations hold to
//! the real one.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use proptest::prelude::*;
use pve_access::api::{Client, Credential, Trust};
use pve_access::apply::{self, Delivery, Done, Observer, StepEnd, Stop};
use pve_access::live::Source;
use pve_access::model::{AccessState, Privsep, Token, user_cfg};
use pve_access::plan::Step;
use pve_access::sandbox::{Sandbox, Serving};

use super::generate::{draft, state};
use super::{fold, ops, planned};

struct Nobody;

impl Observer for Nobody {
    fn begins(&mut self, _: usize, _: &Step) {}
    fn ended(&mut self, _: usize, _: &Step, _: &StepEnd) {}
    fn reads_back(&mut self) {}
}

/// A server in this state, beside the token that it is spoken to with.
pub async fn serve(folder: &Path, state: &AccessState) -> (Serving, Client) {
    let sandbox = Sandbox::open(folder).unwrap();
    let (admin, secret) = sandbox.admin_token().unwrap().unwrap();
    let mut state = state.clone();
    state.tokens.insert(admin.clone(), Token { privsep: Privsep::No, ..Token::default() });
    fs::write(folder.join("user.cfg"), user_cfg::write(&state)).unwrap();
    let serving = sandbox.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let credential = Credential::new(admin, secret).unwrap();
    let client = Client::new(serving.url().parse().unwrap(), credential, &Trust::System).unwrap();
    (serving, client)
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
            let approved = plan.clone().approve(&Default::default()).unwrap();
            let mut delivery = Delivery::showing(io::sink());
            let outcome = apply::run(approved, &client, &mut delivery, &mut Nobody, &Stop::default()).await.unwrap();
            assert_eq!(outcome.done(), Done::Everything, "{outcome:#?}");
            let writes = serving.requests().iter().filter(|request| request.is_write()).count();
            (plan.steps.len(), writes, client.read().await.unwrap().state, target)
        });
        prop_assert_eq!(planned_writes, served);
        prop_assert_eq!(read, expected);
    }
}
