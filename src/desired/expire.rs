//! The end of a user or token.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};

use super::document::Wish;
use super::node::{Excerpt, Node};
use super::notes::Notes;
use super::value::scalar;
use crate::diagnostic::{Diagnostic, Span};
use crate::model::Expire;

/// The last second that is safe to send.
///
/// Beyond 2^64 the server answers 200, writes 1.8e+19, and drops the user with the next write (api-facts.md, Users);
/// beyond 2^53 a JSON number is no longer exact.
const LATEST: u64 = 1 << 53;

const FORMS: &str =
    "write `never`, `2027-06-30` (its first second, UTC), `2027-06-30T12:00:00Z`, or seconds since 1970-01-01";

/// What `expire` says.
pub(super) fn expire(node: Option<&Node<'_>>, notes: &mut Notes) -> Wish<Expire> {
    let Some(node) = node else { return Wish::Leave };
    let Some(written) = scalar(node, "expire", "`never`, a day, a time or seconds", notes) else { return Wish::Leave };
    match parse(&written.text, node.span) {
        Ok(expire) => {
            if expire == Expire::Never && written.text != "never" {
                notes.push(Diagnostic::hint(node.span, "0 means never").label("better written `never`"));
            }
            if let Some(warning) = unlikely(&written.text, expire, node.span) {
                notes.push(warning);
            }
            Wish::Set(expire)
        }
        Err(error) => {
            notes.push(*error);
            Wish::Leave
        }
    }
}

/// A day where the time is midnight UTC, else day and time, as `expire` takes them; `None` for never, and for what no
/// calendar has.
#[must_use]
pub fn day_or_time(expire: Expire) -> Option<String> {
    let Expire::At(seconds) = expire else { return None };
    let time = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?.to_zoned(TimeZone::UTC);
    let form = if seconds % 86_400 == 0 { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
    Some(time.strftime(form).to_string())
}

/// A number that was hardly meant as seconds: a day without its dashes, or milliseconds.
fn unlikely(text: &str, expire: Expire, span: Span) -> Option<Diagnostic> {
    const YEAR_10000: u64 = 253_402_300_800;
    let Expire::At(seconds) = expire else { return None };
    if seconds >= YEAR_10000 {
        return Some(
            Diagnostic::warning(span, format!("`expire` is thousands of years away: `{text}` seconds"))
                .help("it counts seconds, not milliseconds; for no end, write `never`"),
        );
    }
    let day = (text.len() == 8 && text.is_ascii()).then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))?;
    day.parse::<Date>().ok()?;
    let year = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?.to_zoned(TimeZone::UTC).year();
    Some(
        Diagnostic::warning(span, format!("`expire` is in {year}: `{text}` seconds"))
            .label(format!("did you mean `{day}`?")),
    )
}

fn parse(text: &str, span: Span) -> Result<Expire, Box<Diagnostic>> {
    let error = |message: String| Diagnostic::error(span, message);
    let shown = Excerpt(text);
    if text == "never" {
        return Ok(Expire::Never);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse::<u64>() {
            Ok(seconds) if seconds <= LATEST => Ok(Expire::from(seconds)),
            _ => Err(error(format!("`expire` is too late: `{shown}`"))
                .label("more than 2^53 seconds")
                .help("Proxmox VE accepts such a number and then loses the user or token; for no end, write `never`")
                .into()),
        };
    }
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        let fault = if text.starts_with('-') { "cannot be negative" } else { "is not a whole number" };
        return Err(error(format!("`expire` {fault}: `{shown}`")).help(FORMS).into());
    }
    if is_date(text) {
        let day = text.parse::<Date>().map_err(|_| no_such_day(text, span))?;
        let midnight = day.to_zoned(TimeZone::UTC).map_err(|_| too_late(text, span))?;
        return since_1970(midnight.timestamp(), &shown, span);
    }
    let dated = text.get(..10).is_some_and(is_date) && text.len() > 10 && !text.contains('[');
    if dated && let Ok(time) = text.parse::<Timestamp>() {
        if time.subsec_nanosecond() != 0 {
            return Err(error(format!("`expire` is finer than a second: `{shown}`"))
                .help("Proxmox VE knows whole seconds")
                .into());
        }
        return since_1970(time, &shown, span);
    }
    if dated && text.parse::<DateTime>().is_ok() {
        return Err(error(format!("`expire` does not say in which time zone: `{shown}`"))
            .label("which zone?")
            .help(format!("add a `Z` for UTC (`{shown}Z`) or the offset (`{shown}+02:00`)"))
            .into());
    }
    if dated && text[..10].parse::<Date>().is_err() {
        return Err(no_such_day(&text[..10], span));
    }
    if dated && text.starts_with("9999-12-3") {
        return Err(too_late(text, span));
    }
    let unclear = error(format!("`expire` is no point in time: `{shown}`"));
    let never = ["none", "no", "off", "unlimited", "infinite", "infinity", "false"];
    let lower = text.to_ascii_lowercase();
    if lower == "never" || never.contains(&lower.as_str()) {
        return Err(unclear.label("did you mean `never`?").into());
    }
    Err(unclear.help(FORMS).into())
}

/// The calendar of this program ends within the last days of 9999, which are written to say "never".
fn too_late(text: &str, span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(span, format!("`expire` is too late: `{text}`")).label("did you mean `never`?"))
}

fn no_such_day(day: &str, span: Span) -> Box<Diagnostic> {
    let error = Diagnostic::error(span, format!("there is no such day: `{day}`"));
    let month = format!("{}-01", &day[..7]).parse::<Date>();
    Box::new(match month {
        Ok(month) => error.help(format!("{} has {} days", &day[..7], month.days_in_month())),
        Err(_) => error.help("a day is written year-month-day: `2027-06-30`"),
    })
}

/// Whether the text has the shape of a day, there being one or not.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn since_1970(time: Timestamp, shown: &Excerpt<'_>, span: Span) -> Result<Expire, Box<Diagnostic>> {
    match u64::try_from(time.as_second()) {
        Ok(0) => Err(Diagnostic::error(span, format!("`expire` is the zero of the server's clock: `{shown}`"))
            .help("Proxmox VE takes 0 for never; write `never`, or a later time")
            .into()),
        Ok(seconds) => Ok(Expire::At(seconds)),
        Err(_) => Err(Diagnostic::error(span, format!("`expire` is before 1970: `{shown}`"))
            .help("Proxmox VE counts seconds from 1970-01-01; any past time means that it has ended")
            .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Source, Sources};

    fn read(text: &str) -> Result<u64, String> {
        let source = Sources::default().add(Source { name: String::new(), text: String::new() });
        let span = Span { source, start: 0, end: 0 };
        parse(text, span).map(u64::from).map_err(|error| error.message)
    }

    #[test]
    fn reads_every_form() {
        for (text, seconds) in [
            ("never", 0),
            ("0", 0),
            ("4102444800", 4_102_444_800),
            ("2027-06-30", 1_814_313_600),
            ("2027-06-30T12:00:00Z", 1_814_356_800),
            ("2027-06-30T14:00:00+02:00", 1_814_356_800),
            ("2027-06-30 12:00:00Z", 1_814_356_800),
            ("9007199254740992", 1 << 53),
        ] {
            assert_eq!(read(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for seconds in [1, 86_400, 1_814_313_600, 1_814_356_800, 253_402_128_000, 253_402_207_200] {
            assert_eq!(read(&day_or_time(Expire::At(seconds)).unwrap()), Ok(seconds));
        }
        for beyond in [Expire::Never, Expire::At(253_402_207_201), Expire::At(u64::MAX)] {
            assert_eq!(day_or_time(beyond), None);
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_others() {
        for (text, message) in [
            ("2026-02-30", "there is no such day: `2026-02-30`"),
            ("2026-02-30T00:00:00Z", "there is no such day: `2026-02-30`"),
            ("2026-13-01", "there is no such day: `2026-13-01`"),
            ("2027-06-30T12:00:00", "`expire` does not say in which time zone: `2027-06-30T12:00:00`"),
            ("2027-06-30T12:00:00.5Z", "`expire` is finer than a second: `2027-06-30T12:00:00.5Z`"),
            ("-1", "`expire` cannot be negative: `-1`"),
            ("1.5", "`expire` is not a whole number: `1.5`"),
            ("1e9", "`expire` is not a whole number: `1e9`"),
            ("9999-12-31", "`expire` is too late: `9999-12-31`"),
            ("9999-12-31T23:59:59Z", "`expire` is too late: `9999-12-31T23:59:59Z`"),
            ("9007199254740993", "`expire` is too late: `9007199254740993`"),
            ("18446744073709551616", "`expire` is too late: `18446744073709551616`"),
            ("1969-12-31", "`expire` is before 1970: `1969-12-31`"),
            ("1970-01-01", "`expire` is the zero of the server's clock: `1970-01-01`"),
            ("", "`expire` is no point in time: ``"),
            ("30.06.2027", "`expire` is no point in time: `30.06.2027`"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
    }
}
