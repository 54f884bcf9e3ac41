//! The several addresses of one cluster.

use std::str::FromStr;

use super::endpoint::{Endpoint, EndpointError};

/// One cluster's nodes, any of which will do; the first one gives the cluster its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    first: Endpoint,
    /// Different from it and from each other.
    others: Vec<Endpoint>,
}

impl Endpoints {
    /// As `first` and `others` are tried; what is there already is left out.
    ///
    /// # Errors
    /// If some are encrypted and others are not: whether what answers is a sandbox must not depend on who answers.
    pub fn new(first: Endpoint, others: impl IntoIterator<Item = Endpoint>) -> Result<Endpoints, EndpointError> {
        let mut endpoints = Endpoints { first, others: Vec::new() };
        for other in others {
            if other.is_encrypted() != endpoints.first.is_encrypted() {
                let (one, other) = (endpoints.first.to_string(), other.to_string());
                return Err(EndpointError::Mixed { one, other });
            }
            if !endpoints.iter().any(|endpoint| *endpoint == other) {
                endpoints.others.push(other);
            }
        }
        Ok(endpoints)
    }

    /// The one that names the cluster, and is tried first.
    #[must_use]
    pub fn first(&self) -> &Endpoint {
        &self.first
    }

    /// All of them, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Endpoint> for Endpoints {
    fn from(first: Endpoint) -> Endpoints {
        Endpoints { first, others: Vec::new() }
    }
}

impl FromStr for Endpoints {
    type Err = EndpointError;

    /// Reads one or several, with commas between them.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (first, others) = text.split_once(',').map_or((text, None), |(first, others)| (first, Some(others)));
        let others = others.into_iter().flat_map(|others| others.split(',')).map(str::parse);
        Endpoints::new(first.parse()?, others.collect::<Result<Vec<_>, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_node_stands_there_once() {
        let endpoints: Endpoints = "pve1, https://PVE2:8006/,pve1:8006,https://pve2".parse().unwrap();
        let shown: Vec<String> = endpoints.iter().map(Endpoint::to_string).collect();
        assert_eq!(shown, ["https://pve1:8006", "https://pve2:8006"]);
        assert_eq!(endpoints.first().name(), "pve1");
    }

    #[test]
    fn one_that_is_none_spoils_the_list() {
        assert_eq!("pve1,,pve2".parse::<Endpoints>(), Err(EndpointError::Empty));
        assert_eq!("pve1,".parse::<Endpoints>(), Err(EndpointError::Empty));
        assert_eq!("".parse::<Endpoints>(), Err(EndpointError::Empty));
        assert_eq!("pve1,root@pve2".parse::<Endpoints>(), Err(EndpointError::UserInfo));
        let plain = EndpointError::PlainHttp { host: "pve2".to_owned() };
        assert_eq!("http://127.0.0.1,http://pve2".parse::<Endpoints>(), Err(plain));
        assert!(matches!("pve1,http://127.0.0.1".parse::<Endpoints>(), Err(EndpointError::Mixed { .. })));
    }
}
