//! HTTP to one cluster: its endpoints and what goes over the wire.
//!
//! Knows requests, answers and which failures leave what undecided. Does not know about states, plans or files.

mod answer;
mod client;
mod credential;
mod endpoint;
mod error;
mod failure;
mod help;
mod login;
mod loose;
mod read;
mod refusal;
mod request;
mod second_factor;
mod session;
mod ticket;
mod trust;
pub mod wire;
mod write;

pub use client::Client;
pub use credential::{ApiToken, Credential, CredentialError};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{ApiError, Obstacle};
pub use login::{Login, ProofKind};
pub use refusal::LoginError;
pub use request::{Method, Request};
pub use second_factor::{Challenge, Code, CodeError, CodeKind, Codes};
pub use trust::{Fingerprint, FingerprintError, Trust, TrustError};
pub use write::{AclChange, AclEdit, TokenFields, UserFields};
