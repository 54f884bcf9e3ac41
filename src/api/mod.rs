//! HTTP to one cluster: its endpoints and what goes over the wire.
//!
//! Knows requests, answers and which failures leave what undecided. Does not know about states, plans or files.

mod answer;
mod attempts;
mod certificate;
mod client;
mod credential;
mod distrust;
mod endpoint;
mod endpoints;
mod error;
mod failure;
mod fingerprint;
mod greeting;
mod handshake;
mod help;
mod login;
mod loose;
mod page;
mod patience;
mod reach;
mod read;
mod refusal;
mod request;
mod route;
mod second_factor;
mod session;
mod ticket;
mod trust;
mod verifier;
pub mod wire;
mod write;

pub use certificate::Certificate;
pub use client::Client;
pub use credential::{ApiToken, Credential, CredentialError};
pub use distrust::Distrust;
pub use endpoint::{Endpoint, EndpointError};
pub use endpoints::Endpoints;
pub use error::{ApiError, Obstacle};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use greeting::{Greeting, Speaker, TimeGap, greet};
pub use handshake::{Handshake, Judgement, TlsFault, shake_hands};
pub use login::{Login, ProofKind};
pub use patience::Patience;
pub use reach::{Proxy, Unconnected, Way, connect};
pub use refusal::LoginError;
pub use request::{Method, Request};
pub use second_factor::{Challenge, Code, CodeError, CodeKind, Codes};
pub use trust::{Trust, TrustError};
pub use write::{AclChange, AclEdit, TokenFields, UserFields};
