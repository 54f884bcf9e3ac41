//! How long is waited: for an answer, and before trying again.

use std::time::Duration;

/// How long a client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a whole answer.
    pub answer: Duration,
    /// Before the first repetition; before each later one it is twice as long as before.
    pub pause: Duration,
}

impl Patience {
    /// How long to wait before repetition number `turn`, the first of which is 0.
    #[must_use]
    pub fn before(self, turn: u32) -> Duration {
        self.pause.saturating_mul(1 << turn.min(16))
    }
}

impl Default for Patience {
    /// Longer than the 30 s after which pveproxy gives pvedaemon up and the 10 s that a write waits for the lock.
    fn default() -> Patience {
        Patience { answer: Duration::from_secs(60), pause: Duration::from_secs(1) }
    }
}
