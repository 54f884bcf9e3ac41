//! The attempts at one request: where each goes, and how long it waits.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::error::ApiError;
use super::patience::{Acquaintance, Patience, Trouble};
use super::route::{Hurry, Node, Route};

/// How one request fares.
///
/// What may go out again goes to each node in turn, and only when all have failed there is a pause. The pauses grow, and
/// they end with the patience.
pub(super) struct Attempts<'a> {
    route: &'a Route,
    patience: &'a Patience,
    began: Instant,
    /// At the beginning: what is asked in one wave with the first answers does not wait for long either.
    acquaintance: Acquaintance,
    /// The node that the present attempt goes to.
    at: usize,
    /// The nodes that failed since the last pause.
    failed: BTreeSet<usize>,
    pauses: u32,
}

/// What comes after an attempt that failed.
#[derive(Debug)]
pub(super) enum Next {
    /// Another attempt, which may be sent now.
    Again,
    /// Nothing: this is what it came to.
    GiveUp(ApiError),
}

impl<'a> Attempts<'a> {
    /// After this, whoever watches is told why nothing happens.
    const UNEASE: Duration = Duration::from_secs(3);

    pub(super) fn new(route: &'a Route, patience: &'a Patience) -> Attempts<'a> {
        let (began, acquaintance, at) = (Instant::now(), route.acquaintance(), route.current());
        Attempts { route, patience, began, acquaintance, at, failed: BTreeSet::new(), pauses: 0 }
    }

    /// Where the present attempt goes.
    pub(super) fn node(&self) -> &'a Node {
        self.route.node(self.at)
    }

    /// The present attempt was answered as it should be.
    pub(super) fn succeeded(&self) {
        self.route.answered(self.at);
    }

    /// The present attempt failed: waits if that is of use, and says whether there is another.
    pub(super) async fn failed(&mut self, error: ApiError) -> Next {
        let Some(trouble) = Trouble::of(&error) else { return Next::GiveUp(error) };
        if trouble.is_of_the_node() {
            self.failed.insert(self.at);
            if let Some(next) = self.untried() {
                self.route.leave(self.at, next, &self.in_words(trouble, &error));
                self.at = next;
                return Next::Again;
            }
        }
        let limit = self.patience.limit(trouble, self.acquaintance);
        let left = limit.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return Next::GiveUp(error);
        }
        self.pauses += 1;
        let pause = self.patience.pause(self.pauses, fastrand::f64()).min(left);
        self.narrate(&error, trouble, pause, left);
        match self.route.wait(pause).await {
            Ok(()) => {
                self.failed.clear();
                self.at = self.route.current();
                Next::Again
            }
            Err(Hurry) => Next::GiveUp(error),
        }
    }

    /// The node that works as far as others found, or the next one in turn.
    fn untried(&self) -> Option<usize> {
        let all = self.route.len();
        let in_turn = (1..all).map(|step| (self.at + step) % all);
        std::iter::once(self.route.current()).chain(in_turn).find(|at| !self.failed.contains(at))
    }

    /// Without anything that a server said: this may be printed as it stands.
    fn in_words(&self, trouble: Trouble, error: &ApiError) -> String {
        let endpoint = &self.node().endpoint;
        match (trouble, error) {
            (_, ApiError::NotSent { request: _, obstacle }) => obstacle.to_string(),
            (Trouble::Busy, _) => "another change holds the cluster's lock".to_owned(),
            (Trouble::NoQuorum, _) => format!("`{endpoint}` is without quorum"),
            (Trouble::NoAddress | Trouble::Unreachable | Trouble::Tls | Trouble::Unanswered, _) => {
                format!("`{endpoint}` does not answer as Proxmox VE does")
            }
        }
    }

    fn narrate(&self, error: &ApiError, trouble: Trouble, pause: Duration, left: Duration) {
        let what = self.in_words(trouble, error);
        let left = left.as_secs().max(1);
        if self.began.elapsed() >= Attempts::UNEASE && self.route.may_speak() {
            tracing::warn!("{what}; trying again for another {left} s at most");
        } else {
            tracing::info!("{what}; trying again in {:.1} s, for another {left} s at most", pause.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::api::{Endpoints, Method, Obstacle, Request, Trust};

    fn request(method: Method) -> Request {
        Request { method, path: "/x".to_owned() }
    }

    fn unreachable(at: &Node) -> ApiError {
        let obstacle = Obstacle::Unreachable { endpoint: at.endpoint.to_string(), reason: "refused".to_owned() };
        ApiError::NotSent { request: request(Method::Put), obstacle }
    }

    fn busy(_: &Node) -> ApiError {
        let message = "x failed: cfs-lock 'file-user_cfg' error: got lock request timeout".to_owned();
        ApiError::Refused { request: request(Method::Put), status: 500, message, errors: BTreeMap::new() }
    }

    fn route(endpoints: &str) -> Route {
        let endpoints: Endpoints = endpoints.parse().unwrap();
        Route::new(&endpoints, &Trust::Anyone, &Patience::default()).unwrap()
    }

    /// Where the attempts at a request go that each take `takes` and then fail, and when they begin, in milliseconds.
    async fn fate(route: &Route, takes: Duration, error: impl Fn(&Node) -> ApiError) -> Vec<(usize, u128)> {
        let (patience, began, mut log) = (Patience::default(), Instant::now(), Vec::new());
        let mut attempts = Attempts::new(route, &patience);
        loop {
            log.push((attempts.at, began.elapsed().as_millis()));
            tokio::time::sleep(takes).await;
            if let Next::GiveUp(_) = attempts.failed(error(attempts.node())).await {
                return log;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stranger_who_refuses_is_given_up_within_seconds() {
        let route = route("pve1");
        let log = fate(&route, Duration::ZERO, unreachable).await;
        let (_, last) = *log.last().unwrap();
        assert!((4..=6).contains(&log.len()) && (2000..2010).contains(&last), "{log:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_answered_before_is_waited_for() {
        let route = route("pve1");
        route.answered(0);
        let log = fate(&route, Duration::ZERO, unreachable).await;
        let (_, last) = *log.last().unwrap();
        assert!((11..=20).contains(&log.len()) && (60_000..60_010).contains(&last), "{log:?}");
        let waits: Vec<u128> = log.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        assert!(waits.iter().all(|wait| *wait <= 8010), "{waits:?}");
        assert!(waits[0] <= 260 && waits[5] >= 4000, "they grow: {waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_held_is_waited_for_and_no_other_node_asked() {
        let route = route("pve1,pve2");
        let log = fate(&route, Duration::from_secs(10), busy).await;
        assert!((6..=7).contains(&log.len()) && log.iter().all(|(at, _)| *at == 0), "{log:?}");
        assert!(log.last().unwrap().1 <= 60_010, "{log:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn all_nodes_are_tried_before_any_pause() {
        let route = route("pve1,pve2,pve3");
        let log = fate(&route, Duration::ZERO, unreachable).await;
        let (order, times): (Vec<usize>, Vec<u128>) = log[..3].iter().copied().unzip();
        assert_eq!((order, times), (vec![0, 1, 2], vec![0, 0, 0]));
        assert!(log[3].1 > 0, "{log:?}");
        for round in log.chunks(3) {
            let nodes: BTreeSet<usize> = round.iter().map(|(at, _)| *at).collect();
            assert_eq!(nodes.len(), 3, "{log:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_request_learnt_the_others_follow() {
        let (route, patience) = (route("pve1,pve2"), Patience::default());
        let (mut one, mut two) = (Attempts::new(&route, &patience), Attempts::new(&route, &patience));
        assert!(matches!(one.failed(unreachable(one.node())).await, Next::Again));
        assert!(matches!(two.failed(unreachable(two.node())).await, Next::Again));
        assert_eq!((one.at, two.at, Attempts::new(&route, &patience).at), (1, 1, 1));
        one.succeeded();
        // The other one fails where this one works, for itself: it goes back alone.
        assert_eq!(route.current(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_is_in_a_hurry_waits() {
        let (route, patience) = (route("pve1,pve2"), Patience::default());
        route.answered(0);
        route.hurry();
        let began = Instant::now();
        let mut attempts = Attempts::new(&route, &patience);
        assert!(matches!(attempts.failed(unreachable(attempts.node())).await, Next::Again), "the other node is there");
        assert!(matches!(attempts.failed(unreachable(attempts.node())).await, Next::GiveUp(_)));
        assert!(matches!(Attempts::new(&route, &patience).failed(busy(route.first())).await, Next::GiveUp(_)));
        assert!(began.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn another_server_than_the_one_that_is_meant_is_not_passed_over() {
        let (route, patience) = (route("pve1,pve2"), Patience::default());
        let fingerprint = ["AB"; 32].concat().parse().unwrap();
        let obstacle = Obstacle::Mistaken { endpoint: "https://pve1:8006".to_owned(), fingerprint };
        let error = ApiError::NotSent { request: request(Method::Get), obstacle };
        assert!(matches!(Attempts::new(&route, &patience).failed(error).await, Next::GiveUp(_)));
        assert_eq!(route.current(), 0);
    }
}
