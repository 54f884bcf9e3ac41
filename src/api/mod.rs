//! HTTP to one cluster: its endpoints and what goes over the wire.
//!
//! Knows requests, answers and which failures leave what undecided. Does not know about states, plans or files.

mod answer;
mod certificate;
mod client;
mod credential;
mod endpoint;
mod error;
mod failure;
mod greeting;
mod handshake;
mod help;
mod loose;
mod reach;
mod read;
mod request;
mod session;
mod trust;
pub mod wire;
mod write;

pub use certificate::Certificate;
pub use client::Client;
pub use credential::{Credential, CredentialError};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{ApiError, Obstacle};
pub use greeting::{Greeting, Speaker, TimeGap, greet};
pub use handshake::{Handshake, Judgement, TlsFault, shake_hands};
pub use reach::{Proxy, Unconnected, Way, connect};
pub use request::{Method, Request};
pub use trust::{Fingerprint, FingerprintError, Trust, TrustError};
pub use write::{AclChange, AclEdit, TokenFields, UserFields};
