//! What a plan means, in words: once for every way of writing.

mod causes;
mod json;
mod names;
mod section;

pub(super) use json::EffectJson;
pub(super) use section::Meaning;

use self::causes::{admission_reasons, because};
use self::names::{places, privileges, who};
use super::words::visible;
use crate::plan::Plan;
use crate::plan::effect::{Admission, Direction, Door, Shift};
use crate::pve::Principal;

/// How much of what a plan means is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What a person reads.
    Brief,
    /// All of it, every name written out.
    Full,
}

/// One line about somebody; everything in it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consequence {
    /// Whether it is bad news.
    pub tone: Tone,
    /// In how many lines above it this is an exception.
    pub depth: usize,
    /// `ann@pve with token ci`
    pub who: String,
    /// `loses`, `gains`, `can no longer log in`
    pub verb: &'static str,
    /// `PVEAuditor`, `VM.Allocate VM.Clone +9`, `nothing`; empty where no privileges are spoken of.
    pub what: String,
    /// `on /vms and below`; empty where no place is spoken of.
    pub place: String,
    /// Each reason in a few words.
    pub because: Vec<String>,
}

/// What kind of news a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Something goes.
    Loss,
    /// Something comes.
    Gain,
    /// Something stays, other than around it.
    Same,
}

/// The lines, and what there was no room for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Consequences {
    /// The lines: who no longer gets in, who loses, who gains, who gets in again.
    pub lines: Vec<Consequence>,
    /// How many lines more there would be, of each kind that has any.
    pub left_out: Vec<(usize, &'static str)>,
}

impl Consequence {
    /// All but who: `loses PVEAuditor on / and below: role PVEAuditor is narrowed`.
    pub(super) fn sentence(&self) -> String {
        let Consequence { tone: _, depth: _, who: _, verb, what, place, because } = self;
        let said: Vec<&str> = [*verb, what, place].into_iter().filter(|part| !part.is_empty()).collect();
        let because = if because.is_empty() { String::new() } else { format!(": {}", because.join("; ")) };
        format!("{}{because}", said.join(" "))
    }
}

/// What a plan means, line by line.
pub(super) fn consequences(plan: &Plan, detail: Detail) -> Consequences {
    let effect = &plan.effect;
    let of_door = |door| effect.admissions.iter().filter(move |admission| admission.door == door);
    let going = |direction| effect.shifts.iter().filter(move |shift| shift.direction == direction);
    let both_ways = going(Direction::Loss).next().is_some() && going(Direction::Gain).next().is_some();
    let mut all = Consequences::default();
    all.admissions(of_door(Door::Closes), "who no longer get in", detail);
    all.shifts(going(Direction::Loss), "of losses", |shift| shifted(shift, both_ways, plan, detail), detail);
    all.shifts(going(Direction::Gain), "of gains", |shift| shifted(shift, both_ways, plan, detail), detail);
    all.admissions(of_door(Door::Opens), "who get in again", detail);
    all
}

impl Consequences {
    /// More lines of a kind than this nobody reads.
    const MOST: usize = 12;
    /// And more exceptions from one line.
    const EXCEPTIONS: usize = 3;

    fn admissions<'p>(&mut self, admissions: impl Iterator<Item = &'p Admission>, kind: &'static str, detail: Detail) {
        let mut left_out = 0;
        for (at, admission) in admissions.enumerate() {
            if detail == Detail::Full || at < Consequences::MOST {
                self.lines.push(admitted(admission, detail));
            } else {
                left_out += 1;
            }
        }
        self.leave_out(left_out, kind);
    }

    fn shifts<'p>(
        &mut self,
        shifts: impl Iterator<Item = &'p Shift>,
        kind: &'static str,
        line: impl Fn(&Shift) -> Consequence,
        detail: Detail,
    ) {
        let (mut tops, mut exceptions, mut left_out) = (0, 0, 0);
        for shift in shifts {
            if shift.depth == 0 {
                (tops, exceptions) = (tops + 1, 0);
            } else {
                exceptions += 1;
            }
            let has_room = tops <= Consequences::MOST && exceptions <= Consequences::EXCEPTIONS;
            if detail == Detail::Full || has_room {
                self.lines.push(line(shift));
            } else {
                left_out += 1;
            }
        }
        self.leave_out(left_out, kind);
    }

    fn leave_out(&mut self, number: usize, kind: &'static str) {
        if number > 0 {
            self.left_out.push((number, kind));
        }
    }
}

fn shifted(shift: &Shift, both_ways: bool, plan: &Plan, detail: Detail) -> Consequence {
    let Shift { direction, who: principals, places: there, privileges: changed, depth, causes } = shift;
    let (verb, tone) = match (direction, names::is_one(principals)) {
        (Direction::Loss, true) => ("loses", Tone::Loss),
        (Direction::Loss, false) => ("lose", Tone::Loss),
        (Direction::Gain, true) => ("gains", Tone::Gain),
        (Direction::Gain, false) => ("gain", Tone::Gain),
    };
    // What is not lost somewhere may still be gained there.
    let (verb, what, tone) = match (shift.is_exception(), both_ways) {
        (true, false) => ("unchanged", String::new(), Tone::Same),
        (true, true) => (verb, "nothing".to_owned(), Tone::Same),
        (false, _) => (verb, privileges(changed, plan, detail), tone),
    };
    Consequence {
        tone,
        depth: *depth,
        who: who(principals, detail),
        verb,
        what,
        place: places(there, detail),
        because: because(causes, *direction, detail),
    }
}

fn admitted(admission: &Admission, detail: Detail) -> Consequence {
    let Admission { door, who, bars: _, tokens: _ } = admission;
    let (tone, verb) = match (door, who) {
        (Door::Closes, Principal::User(_)) => (Tone::Loss, "can no longer log in"),
        (Door::Closes, Principal::Token(_)) => (Tone::Loss, "stops working"),
        (Door::Opens, Principal::User(_)) => (Tone::Gain, "can log in again"),
        (Door::Opens, Principal::Token(_)) => (Tone::Gain, "works again"),
    };
    let (what, place) = (String::new(), String::new());
    Consequence { tone, depth: 0, who: visible(who), verb, what, place, because: admission_reasons(admission, detail) }
}
