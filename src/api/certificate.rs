//! What a certificate says of itself, as far as people ask for it: which it is, whose, and until when.
//!
//! Judges nothing. A certificate comes from whoever answers, so what cannot be read is left out.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::CertificateDer;

use super::fingerprint::Fingerprint;

/// The certificate that a server shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What it is pinned by.
    pub fingerprint: Fingerprint,
    /// The second at which its time is over, since 1970; none if it does not say.
    pub ends: Option<u64>,
    /// The first of the host names that it is for.
    pub names: Vec<String>,
}

impl Certificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Certificate {
        let body = || tbs(der);
        Certificate {
            fingerprint: Fingerprint::of(der),
            ends: body().and_then(ends),
            names: body().and_then(names).unwrap_or_default(),
        }
    }
}

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
const OCTETS: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
const TIME: u8 = 0x18;
/// The explicit version and the explicit extensions (RFC 5280, 4.1).
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// A DNS name and an address among the alternative names (RFC 5280, 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;
/// Nobody reads more names than these.
const MOST_NAMES: usize = 50;
/// 2.5.29.17
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The first value of some DER: its tag, what is in it, and what follows.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let add = |sum: usize, digit: &u8| sum.checked_mul(256)?.checked_add(usize::from(*digit));
        (digits.iter().try_fold(0, add)?, rest)
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((tag, inside, rest))
}

/// The values one after the other.
fn values(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, inside, rest) = value(der)?;
        der = rest;
        Some((tag, inside))
    })
}

/// What is in the first value if it is tagged so.
fn inside(der: &[u8], wanted: u8) -> Option<&[u8]> {
    value(der).filter(|(tag, _, _)| *tag == wanted).map(|(_, inside, _)| inside)
}

/// The signed part: version, serial, algorithm, issuer, validity, subject, key, extensions.
fn tbs(certificate: &[u8]) -> Option<&[u8]> {
    inside(inside(certificate, SEQUENCE)?, SEQUENCE)
}

fn ends(tbs: &[u8]) -> Option<u64> {
    let (_, validity) = values(tbs).filter(|(tag, _)| *tag != VERSION).nth(3)?;
    let (tag, until) = values(validity).nth(1)?;
    let text = std::str::from_utf8(until).ok()?;
    let time: DateTime = match tag {
        // Two digits mean 1950 to 2049 (RFC 5280, 4.1.2.5.1).
        UTC_TIME => {
            let century = if text.get(..2)?.parse::<u8>().ok()? < 50 { "20" } else { "19" };
            DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?
        }
        TIME => DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?,
        _ => return None,
    };
    u64::try_from(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second()).ok()
}

fn names(tbs: &[u8]) -> Option<Vec<String>> {
    let (_, extensions) = values(tbs).find(|(tag, _)| *tag == EXTENSIONS)?;
    let (_, extension) = values(inside(extensions, SEQUENCE)?)
        .find(|(_, extension)| inside(extension, OBJECT) == Some(ALTERNATIVE_NAMES))?;
    let (_, names) = values(extension).find(|(tag, _)| *tag == OCTETS)?;
    let name = |(tag, name): (u8, &[u8])| match tag {
        DNS_NAME => Some(String::from_utf8_lossy(name).into_owned()),
        ADDRESS => match name.len() {
            4 => <[u8; 4]>::try_from(name).ok().map(|bytes| std::net::Ipv4Addr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(name).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        },
        _ => None,
    };
    Some(values(inside(names, SEQUENCE)?).filter_map(name).take(MOST_NAMES).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(not_after: (i32, u8, u8), names: &[&str]) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_after = rcgen::date_time_ymd(not_after.0, not_after.1, not_after.2);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_end_and_the_names_are_found() {
        for (day, seconds) in
            [((2030, 1, 1), 1_893_456_000), ((2100, 1, 1), 4_102_444_800), ((1999, 12, 31), 946_598_400)]
        {
            let found = Certificate::read(&certificate(day, &["pve.example.com", "192.0.2.7", "2001:db8::7"]));
            assert_eq!(found.ends, Some(seconds));
            assert_eq!(found.names, ["pve.example.com", "192.0.2.7", "2001:db8::7"]);
        }
    }

    proptest::proptest! {
        /// Whoever answers may show anything.
        #[test]
        fn garbage_says_nothing(bytes: Vec<u8>, at: usize, patch: Vec<u8>) {
            Certificate::read(&CertificateDer::from(bytes));
            let mut der = certificate((2030, 1, 1), &["pve.example.com"]).to_vec();
            let at = at % der.len();
            der.splice(at..(at + patch.len()).min(der.len()), patch);
            let read = Certificate::read(&CertificateDer::from(der));
            assert!(read.names.len() <= MOST_NAMES);
        }
    }

    #[test]
    fn many_names_are_not_all_repeated() {
        let names: Vec<String> = (0..1000).map(|at| format!("{at}.example.com")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(Certificate::read(&certificate((2030, 1, 1), &names)).names, names[..MOST_NAMES]);
    }

    /// Whatever is cut off or turned over, it is read or left out.
    #[test]
    fn a_broken_certificate_says_less() {
        let whole = certificate((2030, 1, 1), &["pve.example.com"]);
        for at in 0..whole.len() {
            Certificate::read(&CertificateDer::from(&whole[..at]));
            let mut turned = whole.to_vec();
            turned[at] ^= 0xff;
            Certificate::read(&CertificateDer::from(turned));
        }
        assert_eq!(Certificate::read(&CertificateDer::from(&whole[..3])).ends, None);
    }
}
