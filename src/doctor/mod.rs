//! What is between a credential and its work, looked at one thing after the other.
//!
//! Knows in which order things can go wrong, goes on as far as it can, and says what it found as data. Changes nothing,
//! and does not know how a finding is worded.

mod account;
mod check;
mod held;
mod needs;
mod patient;
mod remedy;
mod road;
mod verdict;

pub use account::{Account, Cause, Causes, Credential, Identity, Sight};
pub use check::{Check, Examination, Road, Subject};
pub use held::{Holdings, Stretch};
pub use needs::{Demand, Met, Needs, Part};
pub use patient::{Asked, Origin, Patient, Unusable};
pub use remedy::{Remedy, RoleMend};
pub use road::{Address, Api, Clock, Connection, Tls, Trusted};
pub use verdict::Verdict;

use std::time::{SystemTime, UNIX_EPOCH};

/// Looks at everything that `patient` needs, and goes on as far as it can.
pub async fn examine(patient: &Patient<'_>) -> Examination {
    let Patient { endpoints, origin, trust, client, examiner, asked } = patient;
    let mut roads = Vec::new();
    for endpoint in endpoints {
        roads.push(road::walk(endpoint, origin, trust).await);
    }
    let is_open = roads.iter().any(Road::is_open);
    let checks = match client {
        Ok(client) if is_open => account::look(client, examiner.as_ref(), asked, now()).await,
        Err(unusable) if is_open => account::without(unusable, asked),
        Ok(_) | Err(_) => account::unreached(asked),
    };
    Examination { roads, checks }
}

/// Seconds since 1970-01-01T00:00:00Z.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
