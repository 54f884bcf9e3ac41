//! What was looked at, and what was found.

use super::account::{Credential, Identity, Sight};
use super::held::Holdings;
use super::needs::Needs;
use super::road::{Address, Api, Clock, Connection, Tls, Trusted};
use super::verdict::Verdict;
use crate::api::Endpoint;
use crate::pve::Release;

/// Everything that was looked at.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The way to each endpoint, in the order in which they are tried; any of them does.
    pub roads: Vec<Road>,
    /// What the cluster says, over the first of them that is open.
    pub checks: Vec<Check>,
}

/// The way to one endpoint.
#[derive(Clone, Debug)]
pub struct Road {
    /// Where it leads.
    pub endpoint: Endpoint,
    /// From here to there.
    pub checks: Vec<Check>,
}

/// One thing that was looked at; a later one is only reached if those before it let it.
#[derive(Clone, Debug)]
pub enum Check {
    /// Where the endpoint is.
    Address(Address),
    /// Whether anybody listens there.
    Connection(Connection),
    /// Whether TLS is spoken there.
    Tls(Tls),
    /// Whether it is the right server.
    Trust(Trusted),
    /// Whether it is Proxmox VE.
    Api(Api),
    /// How its clock differs from this one.
    Clock(Clock),
    /// Whether the credential is accepted.
    Credential(Credential),
    /// What release it is.
    Release(Release),
    /// Whom the server takes the credential for.
    Identity(Identity),
    /// What the credential sees of what is there.
    Sight(Sight),
    /// What the credential may do, and where.
    Holdings(Holdings),
    /// What the files need of the credential.
    Needs(Needs),
    /// Something went wrong before.
    Unreached(Subject),
    /// There are no files to ask about.
    LeftOut(Subject),
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is called what the check of its name is about")]
pub enum Subject {
    Address,
    Connection,
    Tls,
    Trust,
    Api,
    Clock,
    Credential,
    Release,
    Identity,
    Sight,
    Holdings,
    Needs,
}

impl Check {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Check::Address(_) => Subject::Address,
            Check::Connection(_) => Subject::Connection,
            Check::Tls(_) => Subject::Tls,
            Check::Trust(_) => Subject::Trust,
            Check::Api(_) => Subject::Api,
            Check::Clock(_) => Subject::Clock,
            Check::Credential(_) => Subject::Credential,
            Check::Release(_) => Subject::Release,
            Check::Identity(_) => Subject::Identity,
            Check::Sight(_) => Subject::Sight,
            Check::Holdings(_) => Subject::Holdings,
            Check::Needs(_) => Subject::Needs,
            Check::Unreached(subject) | Check::LeftOut(subject) => *subject,
        }
    }
}

impl Road {
    /// Whether Proxmox VE was found at its end.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.checks.iter().any(|check| check.subject() == Subject::Api && check.verdict() == Verdict::Good)
    }
}
