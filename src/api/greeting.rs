//! Who answers at an endpoint, and what time it is there.
//!
//! Asks for the list of realms, which Proxmox VE shows to anybody: no credential is needed, and none is sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, LOCATION, SERVER};
use reqwest::{Url, redirect};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::error::ApiError;
use super::failure;
use super::patience::Patience;
use super::request::{Method, Request};
use super::trust::{Trust, TrustError};
use super::wire::Realm;

/// How somebody answers who was asked for the realms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The HTTP status.
    pub status: u16,
    /// What it calls itself.
    pub server: Option<String>,
    /// What it said.
    pub speaker: Speaker,
    /// How its clock differs from this machine's; none if it does not say what time it is.
    pub gap: Option<TimeGap>,
}

/// Who it is, by what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Proxmox VE: it names its realms.
    ProxmoxVe,
    /// Somebody who shows a page for people.
    WebPage {
        /// What is written over it.
        title: Option<String>,
    },
    /// Somebody who sends elsewhere.
    Elsewhere {
        /// Scheme, host and port, if it names them.
        to: Option<String>,
    },
    /// Anybody else.
    Other,
}

/// How one clock differs from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeGap {
    /// By how many seconds the server is ahead; less than 0 if it is behind.
    pub ahead: i64,
    /// How many of them the way there and back may account for.
    pub give: u64,
}

/// The outer form of an answer, as far as it tells Proxmox VE from others.
#[derive(Deserialize)]
struct Realms {
    #[serde(rename = "data")]
    _data: Vec<Realm>,
}

/// Far more than the realms take.
const LARGEST: usize = 256 * 1024;

/// Asks who is there, if `trust` lets whoever it is pass.
///
/// # Errors
/// If nothing comes back.
pub async fn greet(endpoint: &Endpoint, trust: &Trust) -> Result<Greeting, ApiError> {
    let patience = Patience { answer: Duration::from_secs(20), ..Patience::default() };
    let request = Request { method: Method::Get, path: "/access/domains".to_owned() };
    let unsendable = |error: TrustError| failure::unsendable(&request, &error.to_string());
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(trust.tls().map_err(unsendable)?)
        .http1_only()
        .redirect(redirect::Policy::none())
        .connect_timeout(patience.connect)
        .timeout(patience.answer);
    if endpoint.is_loopback() {
        builder = builder.no_proxy();
    }
    if let Some(addresses) = endpoint.known_addresses() {
        builder = builder.resolve_to_addrs(endpoint.host(), &addresses);
    }
    let http = builder.build().map_err(|error| failure::unsendable(&request, &error.to_string()))?;
    let sent = SystemTime::now();
    let answer = http.get(endpoint.url(&request.path)).send().await;
    let mut response = answer.map_err(|error| failure::of_sending(&request, endpoint, &patience, &error))?;
    let received = SystemTime::now();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while body.len() < LARGEST
        && let Some(chunk) = response.chunk().await.map_err(|error| failure::of_reading(&request, &patience, &error))?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Greeting {
        status,
        server: text(&headers, SERVER),
        speaker: speaker(status, &headers, &body),
        gap: text(&headers, DATE).and_then(|date| gap(&date, sent, received)),
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn speaker(status: u16, headers: &HeaderMap, body: &[u8]) -> Speaker {
    if status == 200 && serde_json::from_slice::<Realms>(body).is_ok() {
        return Speaker::ProxmoxVe;
    }
    if (300..400).contains(&status) {
        let to = text(headers, LOCATION).and_then(|to| Some(Url::parse(&to).ok()?.origin().ascii_serialization()));
        return Speaker::Elsewhere { to };
    }
    let body = String::from_utf8_lossy(body);
    let begin = body.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    if begin.starts_with("<!doctype") || begin.starts_with("<html") {
        Speaker::WebPage { title: title(&body) }
    } else {
        Speaker::Other
    }
}

/// The title of a page, on one line and not too long.
fn title(page: &str) -> Option<String> {
    const LONGEST: usize = 80;
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title>")? + "<title>".len();
    let to = from + lower[from..].find("</title>")?;
    let words: Vec<&str> = page[from..to].split_whitespace().collect();
    Some(words.join(" ").chars().take(LONGEST).collect()).filter(|title: &String| !title.is_empty())
}

/// How a clock that shows `date` differs from this one, by which it was asked and answered at these times.
fn gap(date: &str, sent: SystemTime, received: SystemTime) -> Option<TimeGap> {
    let there = DateTimeParser::new().parse_timestamp(date).ok()?.as_second();
    let here = |time: SystemTime| i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok();
    let (sent, received) = (here(sent)?, here(received)?);
    // Whole seconds are shown, so half a second has gone by on average.
    let ahead = there.checked_mul(1000)?.checked_add(500)?.checked_sub((sent + received) / 2)?;
    let give = received.abs_diff(sent).div_ceil(2000) + 1;
    Some(TimeGap { ahead: ahead.div_euclid(1000), give })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_is_told_by_what_it_says() {
        let none = HeaderMap::new();
        let said = |status, body: &str| speaker(status, &none, body.as_bytes());
        assert_eq!(said(200, r#"{"data":[{"realm":"pam","type":"pam"}]}"#), Speaker::ProxmoxVe);
        assert_eq!(said(200, r#"{"data":null}"#), Speaker::Other);
        assert_eq!(
            said(404, " <!DOCTYPE html><title>\n Not \n here </title>"),
            Speaker::WebPage { title: Some("Not here".to_owned()) }
        );
        assert_eq!(said(200, "<HTML><TITLE></TITLE>"), Speaker::WebPage { title: None });
        assert_eq!(said(301, ""), Speaker::Elsewhere { to: None });
        assert_eq!(said(200, "ü"), Speaker::Other);
    }

    #[test]
    fn the_way_there_and_back_is_taken_into_account() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        let date = "Thu, 01 Jan 1970 00:10:00 GMT";
        assert_eq!(gap(date, at(600_000), at(601_000)), Some(TimeGap { ahead: 0, give: 2 }));
        assert_eq!(gap(date, at(0), at(0)), Some(TimeGap { ahead: 600, give: 1 }));
        assert_eq!(gap(date, at(1_200_500), at(1_200_500)), Some(TimeGap { ahead: -600, give: 1 }));
        assert_eq!(gap("yesterday", at(0), at(0)), None);
    }
}
