//! How a policy is broken, in words.

use super::Refusal;
use crate::model;
use crate::policy::{Breach, Extent, Fault, Obstacle, Place, Since, Violation};
use crate::render::words::{grant_name, listed, many, shortened, visible};

/// How many names are told of many.
const TOLD: usize = 6;

/// What a policy that does not hold says; nothing lets it pass.
pub(super) fn refusal(violation: &Violation) -> Refusal {
    let Violation { policy, written, breaches, more } = violation;
    let is_new = breaches.iter().any(|breach| breach.since == Since::Plan);
    let since = if is_new { "this plan would break it" } else { "it is broken on the cluster already" };
    let mut facts: Vec<String> = breaches.iter().flat_map(breach).collect();
    if *more > 0 {
        facts.push(format!("And {}.", many(*more, "more breach", "more breaches")));
    }
    if !is_new {
        facts.push("This plan does not mend it.".to_owned());
    }
    facts.push(format!("No option waives a policy. Change what is granted, or the policy: {}", visible(written)));
    Refusal {
        fault: format!("the policy \"{}\" does not hold: {since}", visible(policy)),
        facts,
        commands: Vec::new(),
        allow: None,
    }
}

/// One sentence on what is wrong, and lines that are indented below it.
fn breach(Breach { who, fault, since }: &Breach) -> Vec<String> {
    let is_one = who.len() == 1;
    let people = some(who.iter().map(visible).collect());
    // Of what the plan does, and of what is so already.
    let says = |would: &str, does: &str, do_: &str| match since {
        Since::Plan => format!("would {would}"),
        Since::Live if is_one => does.to_owned(),
        Since::Live => do_.to_owned(),
    };
    let (said, reasons): (String, Vec<String>) = match fault {
        Fault::Holds { privileges, places, through } => {
            let what = some(privileges.iter().map(visible).collect());
            let said = format!("{people} {} {what} {}", says("hold", "holds", "hold"), where_(places));
            let reasons = match through.as_slice() {
                [] => vec!["without a grant, as root@pam does, whose token has no privilege separation".to_owned()],
                grants => limited(grants.iter().map(|grant| format!("through {}", grant_name(grant)))),
            };
            (said, reasons)
        }
        Fault::Lacks { privileges, places, hidden } => {
            let what = some(privileges.iter().map(visible).collect());
            let said = format!("{people} {} {what} {}", says("lack", "lacks", "lack"), where_(places));
            let reasons = match hidden.as_slice() {
                [] => vec!["no grant gives it there".to_owned()],
                obstacles => limited(obstacles.iter().map(obstacle)),
            };
            (said, reasons)
        }
        Fault::Refused(refusals) => {
            let because: Vec<&str> = refusals.iter().map(refused_as).collect();
            let door = says("be refused at the door", "is refused at the door", "are refused at the door");
            (format!("{people} {door}: {}", because.join(", ")), Vec::new())
        }
        Fault::Missing => (format!("{people} {}", says("not exist", "does not exist", "do not exist")), Vec::new()),
    };
    std::iter::once(said).chain(reasons.into_iter().map(|reason| format!("  {reason}"))).collect()
}

fn refused_as(refusal: &model::Refusal) -> &'static str {
    match refusal {
        model::Refusal::Disabled => "the user is disabled",
        model::Refusal::UserExpired(_) => "the user has expired",
        model::Refusal::TokenExpired(_) => "the token has expired",
    }
}

fn obstacle(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NotPropagated(grant) => {
            format!("{} would give it, but does not propagate", grant_name(grant))
        }
        Obstacle::Replaced(grant, at) => {
            format!("{} would give it, but what is granted at {} replaces it", grant_name(grant), visible(at))
        }
        Obstacle::OwnGrant(grant, by) => {
            format!("{} would give it, but {} hides it", grant_name(grant), grant_name(by))
        }
        Obstacle::NoAccess(grant, by) => {
            format!("{} would give it, but {} takes it away", grant_name(grant), grant_name(by))
        }
        Obstacle::NoAccessAtPool(grant, pool) => {
            format!("{} would give it, but NoAccess at the pool {} takes it away", grant_name(grant), visible(pool))
        }
    }
}

fn where_(places: &[Place]) -> String {
    let words = |Place { path, extent }: &Place| match extent {
        Extent::Here => format!("on {}", visible(path)),
        Extent::Below { example } => format!("below {}, as on {}", visible(path), visible(example)),
        Extent::Both => format!("on {} and below", visible(path)),
    };
    let is_below = |place: &&Place| {
        places.iter().any(|other| {
            let within = place.path.strip_prefix(other.path.trim_end_matches('/'));
            other.extent != Extent::Here && other.path != place.path && within.is_some_and(|rest| rest.starts_with('/'))
        })
    };
    // What is said of a path and all below it need not be said again further down.
    some(places.iter().filter(|place| !is_below(place)).map(words).collect())
}

fn some(names: Vec<String>) -> String {
    listed(&shortened(names, TOLD, |more| format!("{more} more")))
}

fn limited(lines: impl Iterator<Item = String>) -> Vec<String> {
    shortened(lines.collect(), TOLD, |more| format!("and {more} more"))
}
