//! Why a certificate is not accepted, in words for whoever has to mend it.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::{ServerName, UnixTime};

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Whoever signed it is not trusted here.
    Issuer,
    /// It is an authority's certificate in the place of a server's, which no authority can vouch for.
    Authority,
    /// It is for other names.
    Name {
        /// How the server is called here.
        called: String,
        /// The names that it is for.
        names: Vec<String>,
    },
    /// It is past its end.
    Expired {
        /// The end, if it is known.
        since: Option<Timestamp>,
    },
    /// It is before its beginning.
    Early {
        /// The beginning, if it is known.
        until: Option<Timestamp>,
    },
    /// Whoever shows it does not hold its key.
    Key {
        /// What is wrong with the proof.
        reason: String,
    },
    /// This system has no authorities that could vouch for anything.
    Nobody {
        /// What the system says.
        reason: String,
    },
    /// Something rarer.
    Other {
        /// What.
        reason: String,
    },
}

impl Distrust {
    pub(super) fn of(error: &rustls::Error, name: &ServerName<'_>) -> Distrust {
        let rustls::Error::InvalidCertificate(error) = error else {
            return Distrust::Other { reason: error.to_string() };
        };
        match error {
            // The latter if an authority that is trusted bears the issuer's name, and is another one.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::Issuer,
            CertificateError::NotValidForName => Distrust::Name { called: name.to_str().into(), names: Vec::new() },
            CertificateError::NotValidForNameContext { expected: _, presented } => Distrust::Name {
                called: name.to_str().into(),
                names: presented.iter().map(|name| bare(name)).collect(),
            },
            CertificateError::Expired => Distrust::Expired { since: None },
            CertificateError::ExpiredContext { time: _, not_after } => Distrust::Expired { since: moment(*not_after) },
            CertificateError::NotValidYet => Distrust::Early { until: None },
            CertificateError::NotValidYetContext { time: _, not_before } => {
                Distrust::Early { until: moment(*not_before) }
            }
            // The name of the check inside; rustls has no words for it.
            CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => Distrust::Authority,
            other => Distrust::Other { reason: other.to_string() },
        }
    }
}

/// `DnsName("pve.example.com")` and `IpAddress(127.0.0.1)`, as the verifier lists them, without what surrounds them.
fn bare(presented: &str) -> String {
    let inner = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    inner.trim_matches('"').to_owned()
}

fn moment(time: UnixTime) -> Option<Timestamp> {
    Timestamp::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs())).ok()
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distrust::Issuer => f.write_str("it was not signed by an authority that is trusted here"),
            Distrust::Authority => f.write_str("it is its own authority, so only its fingerprint can vouch for it"),
            Distrust::Name { called, names } if names.is_empty() => write!(f, "it is not for the name `{called}`"),
            Distrust::Name { called, names } => {
                const MOST: usize = 5;
                let shown: Vec<String> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
                let more = if names.len() > MOST { " and others" } else { "" };
                write!(f, "it is for {}{more}, not for `{called}`", shown.join(", "))
            }
            Distrust::Expired { since: Some(since) } => write!(f, "it expired at {since}"),
            Distrust::Expired { since: None } => f.write_str("it has expired"),
            Distrust::Early { until: Some(until) } => write!(f, "it is not valid before {until}"),
            Distrust::Early { until: None } => f.write_str("it is not valid yet"),
            Distrust::Key { reason } => write!(f, "whoever shows it cannot prove that it is his ({reason})"),
            Distrust::Nobody { reason } | Distrust::Other { reason } => f.write_str(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_surrounds_them() {
        for (presented, shown) in [
            (r#"DnsName("pve.example.com")"#, "pve.example.com"),
            ("IpAddress(127.0.0.1)", "127.0.0.1"),
            ("odd", "odd"),
        ] {
            assert_eq!(bare(presented), shown);
        }
    }

    #[test]
    fn a_date_that_no_calendar_has_is_left_out() {
        assert_eq!(moment(UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX))), None);
    }
}
