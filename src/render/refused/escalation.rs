//! What somebody would hold on the way.

use super::{Refusal, turn_in_words};
use crate::plan::{Escalation, Gain, Place, Reach, Waiver};
use crate::pve::Principal;
use crate::render::words::{count, listed, visible};

/// How many are named one by one.
const NAMED: usize = 5;

pub(super) fn refusal(Escalation { gains, unexamined }: &Escalation, allow: Option<Waiver>) -> Refusal {
    let mut facts = Vec::new();
    let fault = match gains.as_slice() {
        [] => "this changes too much at once to be sure that nobody holds on the way what it shall not".to_owned(),
        [only] => format!("{} would hold for a while what it holds neither before nor after", everybody(only)),
        many => {
            let number = many.iter().map(|gain| 1 + gain.like.len()).sum();
            format!("{} would hold for a while what they hold neither before nor after", count(number, "user or token"))
        }
    };
    facts.extend(gains.iter().take(NAMED).map(gained));
    if gains.len() > NAMED {
        facts.push(format!("and {} more", gains.len() - NAMED));
    }
    if !gains.is_empty() {
        facts.push("No order of the steps was found in which nobody does.".to_owned());
    }
    if !unexamined.is_empty() {
        facts.push(format!("{} not looked at.", were(unexamined)));
    }
    facts.push("Applied in two parts, the first of which only takes away, it can be done without.".to_owned());
    Refusal { fault, facts, commands: Vec::new(), allow }
}

fn were(unexamined: &[Principal]) -> String {
    match unexamined {
        [only] => format!("{} was", visible(only)),
        many => format!("{} users and tokens were", many.len()),
    }
}

/// `ann@pve and 3 others`
fn everybody(Gain { who, like, .. }: &Gain) -> String {
    match like.len() {
        0 => visible(who),
        1 => format!("{} and 1 other", visible(who)),
        more => format!("{} and {more} others", visible(who)),
    }
}

/// Who, what, where, and during which steps.
fn gained(gain: &Gain) -> String {
    let Gain { who: _, like: _, held, from, until } = gain;
    let Some((place, privileges)) = held.first_key_value() else { return everybody(gain) };
    let names: Vec<String> = privileges.iter().map(visible).collect();
    let below = Place { path: place.path.clone(), reach: Reach::Below };
    let reach = match place.reach {
        Reach::Here if held.contains_key(&below) => " and below",
        Reach::Here => "",
        Reach::Below => " (what is below it)",
    };
    let elsewhere = held.keys().filter(|other| other.path != place.path).count();
    let more = if elsewhere == 0 { String::new() } else { ", and more elsewhere".to_owned() };
    format!(
        "{}: {} on {}{reach}{more}, from {} until {}",
        everybody(gain),
        listed(&shortened(names)),
        visible(&place.path),
        turn_in_words(from),
        turn_in_words(until)
    )
}

fn shortened(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(NAMED);
    if more > 1 {
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    names
}
