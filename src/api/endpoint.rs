//! Where a cluster's API is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use reqwest::Url;

/// The address of one cluster's API: scheme, host and port, never a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    /// As in a URL, so an IPv6 address stands in brackets.
    host: String,
    port: u16,
}

/// The one name of this very machine.
const LOCALHOST: &str = "localhost";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// To this very machine alone.
    Http,
    Https,
}

/// Why a text is no endpoint; what was written is not repeated where it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing was written.
    #[error("the endpoint is empty")]
    Empty,
    /// No URL at all.
    #[error("the endpoint is not a URL: {reason}")]
    NotAUrl {
        /// Why not.
        reason: String,
    },
    /// `user:password@` before the host.
    #[error("the endpoint holds a user name or password")]
    UserInfo,
    /// Neither http nor https.
    #[error("the endpoint's scheme is `{scheme}`, not https")]
    Scheme {
        /// What it is instead.
        scheme: String,
    },
    /// http to another machine.
    #[error("plain http to `{host}` would show the credential to the network")]
    PlainHttp {
        /// The other machine.
        host: String,
    },
    /// http to this machine beside https.
    #[error("`{one}` and `{other}` cannot be nodes of one cluster: only one of them is encrypted")]
    Mixed {
        /// One of them.
        one: String,
        /// The other.
        other: String,
    },
    /// Something after the port.
    #[error("the endpoint ends after its port, without `{rest}`")]
    Rest {
        /// What follows the port, up to the `?` or `#`.
        rest: String,
    },
}

impl EndpointError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            EndpointError::Empty | EndpointError::NotAUrl { .. } | EndpointError::Rest { .. } => {
                "write it like https://pve.example.com:8006"
            }
            EndpointError::UserInfo => {
                "give the credential apart from the endpoint, for instance in PROXMOX_VE_API_TOKEN"
            }
            EndpointError::Mixed { .. } => "name the nodes of one cluster; a sandbox stands alone",
            EndpointError::Scheme { .. } | EndpointError::PlainHttp { .. } => {
                "use https; plain http is for 127.0.0.0/8, [::1] and localhost alone"
            }
        }
    }
}

impl Endpoint {
    const PORT: u16 = 8006;
    const API: &'static str = "/api2/json";

    /// The host without port, an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The host as a URL has it, an IPv6 address in brackets.
    pub(super) fn authority_host(&self) -> &str {
        &self.host
    }

    /// The port, which always has a number.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether what is sent there is encrypted; if not, it does not leave this machine.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// What to call it in print: the host alone where scheme and port go without saying.
    #[must_use]
    pub fn name(&self) -> String {
        if self.is_encrypted() && self.port == Endpoint::PORT { self.host().to_owned() } else { self.to_string() }
    }

    /// Whether it is this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host().parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == LOCALHOST,
        }
    }

    /// Where it is without asking anybody, if it is called `localhost`: plain http goes there, whatever a resolver says.
    pub(super) fn known_addresses(&self) -> Option<[SocketAddr; 2]> {
        let at = |address: IpAddr| SocketAddr::new(address, self.port);
        (self.host == LOCALHOST).then(|| [at(Ipv4Addr::LOCALHOST.into()), at(Ipv6Addr::LOCALHOST.into())])
    }

    /// The URL of `encoded`, a path below `/api2/json` that is percent-encoded already.
    pub(super) fn url(&self, encoded: &str) -> String {
        format!("{self}{}{encoded}", Endpoint::API)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads a URL or a mere host; the scheme is https and the port 8006 unless they are written.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        let text = match text.parse::<Ipv6Addr>() {
            Ok(address) => format!("https://[{address}]"),
            Err(_) if text.contains("://") => text.to_owned(),
            Err(_) => format!("https://{text}"),
        };
        let url = Url::parse(&text).map_err(|error| EndpointError::NotAUrl { reason: error.to_string() })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(EndpointError::Scheme { scheme: other.to_owned() }),
        };
        if !matches!(url.path(), "/" | Endpoint::API | "/api2/json/")
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(EndpointError::Rest { rest: after_port(&text).to_owned() });
        }
        // `Url` drops a port that is its scheme's own, so an explicit 443 is looked for in the text.
        let port = url.port().or(written_port(&text)).unwrap_or(match scheme {
            Scheme::Https => Endpoint::PORT,
            Scheme::Http => 80,
        });
        let endpoint = Endpoint { scheme, host: url.host_str().unwrap_or_default().to_owned(), port };
        if scheme == Scheme::Http && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp { host: endpoint.host });
        }
        Ok(endpoint)
    }
}

/// What stands between `://` and the first `/`, `?` or `#`, and what comes from there on.
fn divide(url: &str) -> (&str, &str) {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    (&url[start..end], &url[end..])
}

fn written_port(url: &str) -> Option<u16> {
    divide(url).0.rsplit_once(':')?.1.parse().ok()
}

/// The path; of a query or fragment only that there is one.
fn after_port(url: &str) -> &str {
    divide(url).1.split_inclusive(['?', '#']).next().unwrap_or_default()
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_in_one_form() {
        for (written, shown) in [
            ("pve.example.com", "https://pve.example.com:8006"),
            ("PVE.example.com:8007", "https://pve.example.com:8007"),
            ("https://pve.example.com", "https://pve.example.com:8006"),
            ("https://pve.example.com:8006/", "https://pve.example.com:8006"),
            ("https://pve.example.com:443/api2/json", "https://pve.example.com:443"),
            ("https://pve.example.com/api2/json/", "https://pve.example.com:8006"),
            (" 192.0.2.7 ", "https://192.0.2.7:8006"),
            ("2001:db8::7", "https://[2001:db8::7]:8006"),
            ("[2001:db8::7]:443", "https://[2001:db8::7]:443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9", "http://127.9.9.9:80"),
            ("http://[::1]:1", "http://[::1]:1"),
            ("http://localhost:8006", "http://localhost:8006"),
        ] {
            assert_eq!(
                written.parse::<Endpoint>().map(|endpoint| endpoint.to_string()),
                Ok(shown.to_owned()),
                "{written}"
            );
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for host in ["192.0.2.7", "pve.example.com", "localhost.example.com", "128.0.0.1", "[2001:db8::1]"] {
            let error = format!("http://{host}:8006").parse::<Endpoint>().unwrap_err();
            assert_eq!(error, EndpointError::PlainHttp { host: host.to_owned() });
        }
    }

    #[test]
    fn no_resolver_says_where_this_machine_is() {
        for text in ["http://localhost:8080", "http://LOCALHOST:8080", "https://localhost:8080"] {
            let addresses = text.parse::<Endpoint>().unwrap().known_addresses().unwrap();
            assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 8080), "{text}");
        }
        for text in ["127.0.0.1", "pve.example.com"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().known_addresses(), None);
        }
        // Whatever a resolver makes of these, nothing goes there in plain text.
        for host in ["localhost.", "x.localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost.localdomain"] {
            assert!(format!("http://{host}:1").parse::<Endpoint>().is_err(), "{host}");
        }
    }

    #[test]
    fn a_credential_in_the_url_is_refused_and_not_repeated() {
        for text in ["https://root:hunter2@pve:8006", "hunter2@pve", "https://hunter2@pve/x?y", "ftp://a:hunter2@pve"] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert_eq!(error, EndpointError::UserInfo);
            assert!(!format!("{error} {error:?} {}", error.help()).contains("hunter2"));
        }
    }

    #[test]
    fn nothing_follows_the_port() {
        for (text, rest) in [
            ("https://pve:8006/#v1:0:18", "/#"),
            ("pve/pve2", "/pve2"),
            ("https://pve/?token=hunter2", "/?"),
            ("https://pve/api2/json/access", "/api2/json/access"),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(EndpointError::Rest { rest: rest.to_owned() }));
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        assert_eq!("".parse::<Endpoint>(), Err(EndpointError::Empty));
        assert_eq!("ssh://pve".parse::<Endpoint>(), Err(EndpointError::Scheme { scheme: "ssh".to_owned() }));
        for text in ["https://", "https://a b", "pve:99999", "https://pve:port"] {
            assert!(matches!(text.parse::<Endpoint>(), Err(EndpointError::NotAUrl { .. })), "{text}");
        }
    }
}
