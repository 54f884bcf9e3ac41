//! Which of a cluster's nodes the requests go to.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect;
use tokio::sync::watch;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::endpoints::Endpoints;
use super::failure;
use super::patience::{Acquaintance, Patience};
use super::trust::{Trust, TrustError};

/// One of a cluster's nodes.
pub(super) struct Node {
    pub(super) endpoint: Endpoint,
    pub(super) http: reqwest::Client,
    /// It failed since it last answered, and the requests go elsewhere.
    is_left: AtomicBool,
}

/// The nodes of one cluster, and what was met on the way to them; shared by all that talk to it.
pub(super) struct Route {
    /// At least one.
    nodes: Vec<Node>,
    /// The one that the requests go to.
    current: AtomicUsize,
    has_answered: AtomicBool,
    /// Nobody wants to wait any more.
    hurry: watch::Sender<bool>,
    /// When it was last said that somebody has to wait.
    said: Mutex<Option<Instant>>,
}

impl Route {
    /// Shorter than the 5 s after which the server closes idle connections under whoever sends just then.
    const IDLE: Duration = Duration::from_secs(3);
    /// Between two words on waiting, however many requests wait.
    const QUIET: Duration = Duration::from_secs(20);

    pub(super) fn new(endpoints: &Endpoints, trust: &Trust, patience: &Patience) -> Result<Route, TrustError> {
        let tls = trust.tls()?;
        let node = |endpoint: &Endpoint| -> Result<Node, TrustError> {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .http1_only()
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connect_timeout(patience.connect)
                .timeout(patience.answer)
                .pool_idle_timeout(Route::IDLE)
                .user_agent(concat!("pve-access/", env!("CARGO_PKG_VERSION")));
            if endpoint.is_loopback() {
                builder = builder.no_proxy();
            }
            if let Some(addresses) = endpoint.known_addresses() {
                builder = builder.resolve_to_addrs(endpoint.host(), &addresses);
            }
            let http =
                builder.build().map_err(|error| TrustError::Tls { reason: failure::root(&error).to_string() })?;
            Ok(Node { endpoint: endpoint.clone(), http, is_left: AtomicBool::new(false) })
        };
        Ok(Route {
            nodes: endpoints.iter().map(node).collect::<Result<_, _>>()?,
            current: AtomicUsize::new(0),
            has_answered: AtomicBool::new(false),
            hurry: watch::Sender::new(false),
            said: Mutex::new(None),
        })
    }

    /// The node that names the cluster.
    pub(super) fn first(&self) -> &Node {
        self.node(0)
    }

    pub(super) fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node that works, as far as is known.
    pub(super) fn current(&self) -> usize {
        self.current.load(Ordering::SeqCst)
    }

    pub(super) fn acquaintance(&self) -> Acquaintance {
        if self.has_answered.load(Ordering::SeqCst) { Acquaintance::Made } else { Acquaintance::None }
    }

    /// The node at `at` did as it was asked.
    pub(super) fn answered(&self, at: usize) {
        self.has_answered.store(true, Ordering::SeqCst);
        self.node(at).is_left.store(false, Ordering::SeqCst);
    }

    /// Leaves the node at `from` for the one at `to`, unless another request has done so; it is said once, until the
    /// node that failed has answered again.
    pub(super) fn leave(&self, from: usize, to: usize, why: &str) {
        if self.current.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return;
        }
        let news = !self.node(from).is_left.swap(true, Ordering::SeqCst);
        let to = self.node(to);
        if news && !to.is_left.load(Ordering::SeqCst) {
            tracing::warn!("{why}; going on with `{}`", to.endpoint);
        }
    }

    /// Whether it is time for a word on waiting; the word is then taken for said.
    pub(super) fn may_speak(&self) -> bool {
        let (mut said, now) = (self.said.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let may = said.is_none_or(|said| now.duration_since(said) >= Route::QUIET);
        if may {
            *said = Some(now);
        }
        may
    }

    /// Ends all waiting, now and from now on.
    pub(super) fn hurry(&self) {
        self.hurry.send_replace(true);
    }

    /// Waits, unless nobody wants to any more.
    pub(super) async fn wait(&self, pause: Duration) -> Result<(), Hurry> {
        let mut hurry = self.hurry.subscribe();
        tokio::select! {
            biased;
            // The sender lives as long as this.
            _ = hurry.wait_for(|hurry| *hurry) => Err(Hurry),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }
}

/// Nobody wants to wait any more.
pub(super) struct Hurry;
