//! How much would go.

use super::Refusal;
use crate::desired::Kind;
use crate::plan::{Deletions, Share, Waiver};

pub(super) fn refusal(Deletions { shares }: &Deletions, allow: Option<Waiver>) -> Refusal {
    Refusal {
        fault: format!("much would be deleted at once: {}", shares.iter().map(part).collect::<Vec<_>>().join("; ")),
        facts: vec!["Is this the right cluster, and are these the right files?".to_owned()],
        commands: Vec::new(),
        allow,
    }
}

/// `of the groups 4 of 10 (40 %), by steps 1 to 4`
fn part(share: &Share) -> String {
    let Share { kind, deleted, of, steps } = share;
    let kind = match kind {
        Kind::Roles => "custom roles",
        Kind::Groups => "groups",
        Kind::Users => "users",
        Kind::Tokens => "tokens",
        Kind::Acl => "grants",
    };
    let steps = match (steps.first(), steps.last()) {
        (Some(first), Some(last)) if first == last => format!(", by step {first}"),
        (Some(first), Some(last)) => format!(", between step {first} and step {last}"),
        _ => String::new(),
    };
    format!("of the {kind} {deleted} of {of} ({} %){steps}", share.hundredths())
}
