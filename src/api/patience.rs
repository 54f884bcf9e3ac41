//! How long to wait, for what, and how often to try.

use std::time::Duration;

use super::error::{ApiError, Obstacle};
use super::request::Method;

/// How long a client waits for what.
///
/// Whatever is waited for, one request takes no longer than `recovery`, and one `answer` of each node on top of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For a whole answer, to its last byte.
    pub answer: Duration,
    /// For a server that has not answered anything yet: it may be restarting, but more likely the address is wrong.
    pub greeting: Duration,
    /// For a server that has answered before, for the cluster's lock, and for its quorum.
    pub recovery: Duration,
    /// Before the second attempt; before each further one it is twice as long as before the last.
    pub pause: Duration,
    /// Before any attempt.
    pub longest_pause: Duration,
    /// Before the second look for what became of a write whose answer was lost; before each further one it is twice as long.
    pub look: Duration,
}

impl Patience {
    /// How long to wait before the look for a lost write that comes after `turn` others.
    #[must_use]
    pub fn before_look(&self, turn: u32) -> Duration {
        self.look.saturating_mul(1 << turn.min(16))
    }
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(10),
            // Longer than the 30 s after which pveproxy gives pvedaemon up and the 10 s that a write waits for the lock.
            answer: Duration::from_secs(60),
            greeting: Duration::from_secs(2),
            // A node's services restart in less.
            recovery: Duration::from_secs(60),
            pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(8),
            look: Duration::from_secs(1),
        }
    }
}

/// What stands in the way of a request that may go out again, because it cannot have changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The host has no address.
    NoAddress,
    /// Nobody is there.
    Unreachable,
    /// Somebody is there, who does not speak TLS.
    Tls,
    /// A read was not answered by the API.
    Unanswered,
    /// Another change holds the cluster's lock.
    Busy,
    /// The node is cut off from most of its cluster.
    NoQuorum,
}

impl Trouble {
    /// What of `error` may pass by itself; nothing if sending again is of no use, or may do something twice.
    pub(super) fn of(error: &ApiError) -> Option<Trouble> {
        match error {
            ApiError::NotSent { request: _, obstacle } => match obstacle {
                Obstacle::NoAddress { .. } => Some(Trouble::NoAddress),
                Obstacle::Unreachable { .. } => Some(Trouble::Unreachable),
                Obstacle::Tls { .. } => Some(Trouble::Tls),
                // Another server than the one that is meant: that must come to somebody's eyes.
                Obstacle::Untrusted { .. } | Obstacle::Mistaken { .. } => None,
                // Whatever of it may pass was waited for while logging in.
                Obstacle::Login(_) | Obstacle::Unsendable { .. } => None,
            },
            ApiError::Unanswered { request, reason: _ } => match request.method {
                Method::Get => Some(Trouble::Unanswered),
                Method::Post | Method::Put | Method::Delete => None,
            },
            ApiError::Refused { .. } if error.is_busy() => Some(Trouble::Busy),
            ApiError::Refused { .. } if error.is_without_quorum() => Some(Trouble::NoQuorum),
            ApiError::Refused { .. } | ApiError::Unintelligible { .. } => None,
        }
    }

    /// Whether another node may do better.
    pub(super) fn is_of_the_node(self) -> bool {
        match self {
            Trouble::NoAddress | Trouble::Unreachable | Trouble::Tls => true,
            Trouble::Unanswered | Trouble::NoQuorum => true,
            Trouble::Busy => false,
        }
    }
}

/// Whether the cluster has answered anything so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acquaintance {
    None,
    Made,
}

impl Patience {
    /// Since when a request was first sent, until when it may go out again.
    pub(super) fn limit(&self, trouble: Trouble, acquaintance: Acquaintance) -> Duration {
        match (trouble, acquaintance) {
            (Trouble::Busy | Trouble::NoQuorum, _) | (_, Acquaintance::Made) => self.recovery,
            (Trouble::Unreachable | Trouble::Unanswered, Acquaintance::None) => self.greeting,
            // Most likely a slip of the pen, which waiting does not mend.
            (Trouble::NoAddress | Trouble::Tls, Acquaintance::None) => Duration::ZERO,
        }
    }

    /// How long to wait before the attempt after `failed` ones: somewhere in the upper half of what the doubling gives,
    /// `chance` from 0 to 1 says where, so that several clients do not come back together.
    pub(super) fn pause(&self, failed: u32, chance: f64) -> Duration {
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
        doubled.min(self.longest_pause).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::api::Request;

    fn request(method: Method) -> Request {
        Request { method, path: "/access/users".to_owned() }
    }

    fn refused(status: u16, message: &str) -> ApiError {
        let (request, message) = (request(Method::Put), message.to_owned());
        ApiError::Refused { request, status, message, errors: BTreeMap::new() }
    }

    #[test]
    fn only_what_cannot_have_changed_anything_goes_out_again() {
        let lost = |method| ApiError::Unanswered { request: request(method), reason: "lost".to_owned() };
        assert_eq!(Trouble::of(&lost(Method::Get)), Some(Trouble::Unanswered));
        for method in [Method::Post, Method::Put, Method::Delete] {
            assert_eq!(Trouble::of(&lost(method)), None);
            let obstacle = Obstacle::NoAddress { host: "pve".to_owned() };
            let not_sent = ApiError::NotSent { request: request(method), obstacle };
            assert_eq!(Trouble::of(&not_sent), Some(Trouble::NoAddress));
        }
        let lock = "update user failed: cfs-lock 'file-user_cfg' error: got lock request timeout";
        assert_eq!(Trouble::of(&refused(500, lock)), Some(Trouble::Busy));
        let quorum = "update user failed: cfs-lock 'file-user_cfg' error: no quorum!";
        assert_eq!(Trouble::of(&refused(500, quorum)), Some(Trouble::NoQuorum));
        for (status, message) in [
            (400, "Parameter verification failed."),
            (401, "Authentication failed!"),
            (403, "Permission check failed"),
            (500, "create user failed: user 'a@pve' already exists"),
            (500, "no such user ('no quorum!@pve')"),
            (400, lock),
            (400, quorum),
        ] {
            assert_eq!(Trouble::of(&refused(status, message)), None, "{message}");
        }
        let unintelligible = ApiError::Unintelligible { request: request(Method::Get), reason: "?".to_owned() };
        assert_eq!(Trouble::of(&unintelligible), None);
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let patience = Patience::default();
        let pauses: Vec<u128> = (1..=8).map(|failed| patience.pause(failed, 1.0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(patience.pause(u32::MAX, 1.0), patience.longest_pause);
        assert_eq!(patience.pause(1, 0.0).as_millis(), 125);
    }

    #[test]
    fn a_stranger_is_not_waited_for_as_long() {
        let patience = Patience::default();
        for (trouble, limit) in [
            (Trouble::NoAddress, 0),
            (Trouble::Tls, 0),
            (Trouble::Unreachable, 2),
            (Trouble::Unanswered, 2),
            (Trouble::Busy, 60),
            (Trouble::NoQuorum, 60),
        ] {
            assert_eq!(patience.limit(trouble, Acquaintance::None).as_secs(), limit, "{trouble:?}");
            assert_eq!(patience.limit(trouble, Acquaintance::Made).as_secs(), 60, "{trouble:?}");
        }
    }
}
