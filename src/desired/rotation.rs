//! `rotate`: how often a token's secret is renewed.

use super::document::Rotation;
use super::fields::{Fields, Vocabulary};
use super::node::{Excerpt, Node, Value};
use super::notes::Notes;
use super::value::scalar;
use crate::diagnostic::{Diagnostic, Span};

/// What may be written here.
pub(super) const VOCABULARY: Vocabulary = Vocabulary {
    noun: "a rotation",
    keys: &["every", "before"],
    unbuilt: &[],
    unmanaged: &[],
    elsewhere: &[("secret", "where the new secret goes is said beside `rotate`")],
    meant: &[
        ("interval", "every"),
        ("period", "every"),
        ("after", "every"),
        ("lifetime", "every"),
        ("ahead", "before"),
        ("early", "before"),
        ("margin", "before"),
    ],
};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// Longer than anybody means.
const LONGEST: u64 = 36_500 * DAY;

/// The latest time before the end that is taken where none is written.
const USUALLY_BEFORE: u64 = 14 * DAY;

const FORMS: &str = "write hours, days or weeks: `36h`, `90d`, `12w`";

/// What `rotate` says.
pub(super) fn rotation(node: &Node<'_>, notes: &mut Notes) -> Option<Rotation> {
    if node.is_null() || matches!(node.value, Value::Scalar(_)) {
        let error = Diagnostic::error(node.span, "`rotate` says how often, in a mapping");
        notes.push(error.help("write it as `rotate: {every: 90d}`; to never renew the secret, remove `rotate`"));
        return None;
    }
    let fields = Fields::read(node, &VOCABULARY, "`rotate`", notes);
    let said = |key, notes: &mut Notes| fields.get(key).map(|node| (duration(node, key, notes), node.span));
    let (every, before) = (said("every", notes), said("before", notes));
    let Some((every, span)) = every else {
        if matches!(node.value, Value::Mapping(_)) {
            let error = Diagnostic::error(node.span, "`rotate` does not say how often");
            notes.push(error.help("add it: `every: 90d`"));
        }
        return None;
    };
    let every = every?;
    let before = match before {
        None => usually_before(every),
        Some((before, place)) => {
            let before = before?;
            if before >= every {
                notes.push(
                    Diagnostic::error(place, "`before` is not shorter than `every`")
                        .label("renewed so long before its end")
                        .and(span, "a secret lasts so long")
                        .help(
                            "every plan would renew the secret again; write a shorter time, such as a sixth of `every`",
                        ),
                );
                return None;
            }
            before
        }
    };
    Some(Rotation { every, before })
}

/// A sixth of the time that a secret lasts, and no more than two weeks.
fn usually_before(every: u64) -> u64 {
    (every / 6).clamp(1, USUALLY_BEFORE)
}

fn duration(node: &Node<'_>, key: &str, notes: &mut Notes) -> Option<u64> {
    let written = &*scalar(node, key, "a time, such as `90d`", notes)?.text;
    match parse(written, key, node.span) {
        Ok(seconds) => Some(seconds),
        Err(error) => {
            notes.push(*error);
            None
        }
    }
}

fn parse(text: &str, key: &str, span: Span) -> Result<u64, Box<Diagnostic>> {
    let shown = Excerpt(text);
    let error = |fault: &str| Diagnostic::error(span, format!("`{key}` {fault}: `{shown}`"));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(error("is no length of time").help(FORMS).into());
    }
    let seconds = match unit {
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        "" => return Err(error("does not say of what").label(format!("did you mean `{number}d`?")).help(FORMS).into()),
        other => return Err(of_other_unit(error("is no length of time"), number, other).into()),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)) {
        Some(0) => Err(error("has to be longer than nothing").help(FORMS).into()),
        Some(seconds) if seconds <= LONGEST => Ok(seconds),
        Some(_) | None => {
            Err(error("is longer than a hundred years").help("to never renew the secret, remove `rotate`").into())
        }
    }
}

/// Months and years are not all of one length, and minutes are too short for anybody to follow.
fn of_other_unit(error: Diagnostic, number: &str, unit: &str) -> Diagnostic {
    let number = number.trim_start_matches('0');
    let days = |each: u64| number.parse::<u64>().ok().and_then(|number| number.checked_mul(each));
    let short = match &*unit.trim().to_ascii_lowercase() {
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(format!("{number}h")),
        "d" | "day" | "days" => Some(format!("{number}d")),
        "w" | "wk" | "week" | "weeks" => Some(format!("{number}w")),
        "mo" | "month" | "months" => days(30).map(|days| format!("{days}d")),
        "y" | "yr" | "year" | "years" => days(365).map(|days| format!("{days}d")),
        _ => None,
    };
    match short {
        Some(short) => error.label(format!("did you mean `{short}`?")).help(FORMS),
        None => error.help(FORMS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Source, Sources};

    fn read(text: &str) -> Result<u64, String> {
        let source = Sources::default().add(Source { name: String::new(), text: String::new() });
        parse(text, "every", Span { source, start: 0, end: 0 }).map_err(|error| error.message)
    }

    #[test]
    fn reads_hours_days_and_weeks() {
        for (text, seconds) in [("1h", 3_600), ("36h", 129_600), ("90d", 7_776_000), ("2w", 1_209_600)] {
            assert_eq!(read(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_others() {
        for (text, message) in [
            ("90", "`every` does not say of what: `90`"),
            ("0d", "`every` has to be longer than nothing: `0d`"),
            ("-3d", "`every` is no length of time: `-3d`"),
            ("1.5d", "`every` is no length of time: `1.5d`"),
            ("3mo", "`every` is no length of time: `3mo`"),
            ("", "`every` is no length of time: ``"),
            ("36501d", "`every` is longer than a hundred years: `36501d`"),
            ("99999999999999999999w", "`every` is longer than a hundred years: `99999999999999999999w`"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_secret_is_renewed_a_sixth_of_its_time_ahead_unless_that_is_long() {
        assert_eq!([6 * HOUR, 30 * DAY, 90 * DAY].map(usually_before), [HOUR, 5 * DAY, 14 * DAY]);
    }
}
