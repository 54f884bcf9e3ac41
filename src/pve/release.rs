//! Releases of Proxmox VE, as far as their number decides what is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A release by its first two numbers, as in `GET /version`'s `release`: `9.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release {
    major: u16,
    minor: u16,
}

impl Release {
    /// The release that this program was measured against.
    pub const MEASURED: Release = Release::new(9, 2);

    /// The first one that renews the secret of a token in place (api-facts.md, "What changed between releases"). A node
    /// of it whose package libpve-access-control is older refuses the request, and nothing has changed then.
    const RENEWS_IN_PLACE: Release = Release::new(9, 1);

    /// Release `major.minor`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Release {
        Release { major, minor }
    }

    /// Whether a token keeps its grants when its secret is renewed; else it has to be deleted and made anew.
    #[must_use]
    pub fn renews_in_place(self) -> bool {
        self >= Release::RENEWS_IN_PLACE
    }
}

/// A text that names no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a release; one looks like 9.2")]
pub struct ReleaseError {
    text: String,
}

impl FromStr for Release {
    type Err = ReleaseError;

    /// Also reads longer version numbers, of which the first two count: `9.2.11`, `9.1-2`.
    fn from_str(text: &str) -> Result<Self, ReleaseError> {
        let mut numbers = text.split(['.', '-', '~', '+']).map(str::parse::<u16>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Release::new(major, minor)),
            (Some(Ok(major)), None) => Ok(Release::new(major, 0)),
            _ => Err(ReleaseError { text: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Release {
    type Error = ReleaseError;

    fn try_from(text: String) -> Result<Self, ReleaseError> {
        text.parse()
    }
}

impl From<Release> for String {
    fn from(release: Release) -> String {
        release.to_string()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_servers_and_people_write() {
        for (text, release) in
            [("9.2", (9, 2)), ("9.2.11", (9, 2)), ("8.4-1", (8, 4)), ("9", (9, 0)), ("10.0~beta1", (10, 0))]
        {
            assert_eq!(text.parse(), Ok(Release::new(release.0, release.1)));
        }
        for bad in ["", "nine", "9.x", "v9"] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }
}
