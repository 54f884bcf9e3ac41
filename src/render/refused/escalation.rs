//! What somebody would hold on the way.

use super::{Refusal, turn_in_words};
use crate::plan::exposure::{Place, Reach};
use crate::plan::{Escalation, Gain, Waiver};
use crate::render::words::{listed, shortened, visible};

/// How many are named one by one.
const NAMED: usize = 4;

pub(super) fn refusal(Escalation { gains, unexamined }: &Escalation, allow: Option<Waiver>) -> Refusal {
    let mut facts = Vec::new();
    let fault = match gains.as_slice() {
        [] => "this changes too much at once to be sure that nobody holds on the way what it shall not".to_owned(),
        [only] => format!("{} would hold for a while what it holds neither before nor after", everybody(only)),
        many => {
            let number: usize = many.iter().map(|gain| 1 + gain.like.len()).sum();
            format!("{number} users and tokens would hold for a while what they hold neither before nor after")
        }
    };
    facts.extend(shortened(gains.iter().map(gained).collect(), NAMED, |more| format!("and {more} more")));
    if let Some(gain) = gains.first() {
        let whom =
            if gains.len() == 1 && gain.like.is_empty() { visible(gain.who.user()) } else { "their users".to_owned() };
        facts.push(format!(
            "No order of the steps avoids it, as far as was looked. What does: `enable: false` for {whom}, apply, then `enable: true`, apply."
        ));
    }
    match unexamined.as_slice() {
        [] => {}
        [only] => {
            facts.push(format!("{} was not looked at. Declare less at once, and apply it in parts.", visible(only)))
        }
        many => facts.push(format!(
            "{} users and tokens were not looked at. Declare less at once, and apply it in parts.",
            many.len()
        )),
    }
    Refusal { fault, facts, commands: Vec::new(), allow }
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
        listed(&shortened(names, NAMED, |more| format!("{more} more"))),
        visible(&place.path),
        turn_in_words(from),
        turn_in_words(until)
    )
}
