//! From here to an endpoint.

use std::net::SocketAddr;

use super::check::{Check, Road, Subject};
use super::now;
use super::patient::Origin;
use crate::api::{
    ApiError, Certificate, Endpoint, Greeting, Handshake, Judgement, Speaker, TimeGap, TlsFault, Trust, Unconnected,
    Way, connect, greet, shake_hands,
};

/// Where an endpoint is.
#[derive(Clone, Debug)]
pub struct Address {
    /// Who named it.
    pub origin: Origin,
    /// Whom is connected to.
    pub way: Way,
    /// Its addresses; or what the system says instead.
    pub addresses: Result<Vec<SocketAddr>, String>,
}

/// Whether anybody listens.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Whom was connected to.
    pub way: Way,
    /// The address that is good.
    pub stands: Option<SocketAddr>,
    /// Those that were tried before it.
    pub failed: Vec<(SocketAddr, Unconnected)>,
}

/// Whether TLS is spoken.
#[derive(Clone, Debug)]
pub enum Tls {
    /// It is, in this version.
    Spoken(String),
    /// Nobody expects it: it is plain http to this machine.
    Plain,
    /// Nobody can see it from here: it is behind a proxy that speaks something else than plain HTTP.
    Hidden,
    /// It is not.
    Failed(TlsFault),
}

/// Whether it is the right server.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// By what it is known.
    pub trust: Trust,
    /// What it shows.
    pub certificate: Certificate,
    /// Whether it is the right one.
    pub judgement: Judgement,
    /// When, in seconds since 1970.
    pub now: u64,
}

/// Who answers.
#[derive(Clone, Debug)]
pub enum Api {
    /// Somebody.
    Answered(Greeting),
    /// Nobody.
    Failed(ApiError),
}

/// How the server's clock differs; none if it does not say what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Clock(pub Option<TimeGap>);

/// Goes as far as the way is open.
pub(super) async fn walk(endpoint: &Endpoint, origin: &Origin, trust: &Trust) -> Road {
    let mut checks = Vec::new();
    steps(endpoint, *origin, trust, &mut checks).await;
    let reached = checks.last().map(Check::subject);
    let all = [Subject::Address, Subject::Connection, Subject::Tls, Subject::Trust, Subject::Api, Subject::Clock];
    // Where nothing is encrypted or seen, there is nobody to trust or not.
    checks.extend(all.into_iter().filter(|subject| Some(*subject) > reached).map(Check::Unreached));
    Road { endpoint: endpoint.clone(), checks }
}

/// Adds what was found until something is bad.
async fn steps(endpoint: &Endpoint, origin: Origin, trust: &Trust, checks: &mut Vec<Check>) {
    let way = Way::to(endpoint);
    let addresses = way.addresses(endpoint).await;
    checks.push(Check::Address(Address { origin, way: way.clone(), addresses: addresses.clone() }));
    let Ok(addresses) = addresses else { return };

    let (mut stands, mut failed) = (None, Vec::new());
    for address in addresses {
        match connect(address).await {
            Ok(_) => {
                stands = Some(address);
                break;
            }
            Err(error) => failed.push((address, error)),
        }
    }
    checks.push(Check::Connection(Connection { way: way.clone(), stands, failed }));
    let Some(address) = stands else { return };

    let is_hidden = matches!(&way, Way::Proxy(proxy) if !proxy.is_transparent());
    if !endpoint.is_encrypted() {
        checks.push(Check::Tls(Tls::Plain));
    } else if is_hidden {
        checks.push(Check::Tls(Tls::Hidden));
    } else {
        match shake_hands(&way, address, endpoint, trust).await {
            Err(fault) => {
                checks.push(Check::Tls(Tls::Failed(fault)));
                return;
            }
            Ok(Handshake { version, certificate, judgement }) => {
                checks.push(Check::Tls(Tls::Spoken(version)));
                let is_trusted = judgement == Judgement::Trusted;
                checks.push(Check::Trust(Trusted { trust: trust.clone(), certificate, judgement, now: now() }));
                if !is_trusted {
                    return;
                }
            }
        }
    }

    match greet(endpoint, trust).await {
        Err(error) => checks.push(Check::Api(Api::Failed(error))),
        Ok(greeting) => {
            let (is_right, gap) = (greeting.speaker == Speaker::ProxmoxVe, greeting.gap);
            checks.push(Check::Api(Api::Answered(greeting)));
            if is_right {
                checks.push(Check::Clock(Clock(gap)));
            }
        }
    }
}
